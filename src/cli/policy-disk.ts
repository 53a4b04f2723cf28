import { readdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { PolicyFiles } from '../policy/policy-file.ts'

/** Policy files as they lie on disk; `include` patterns are relative to the file that has them, and never mean itself. */
export const policyDisk: PolicyFiles = {
  readText: (path) => readFileSync(path, 'utf8'),
  expand: (pattern, from) => expandPattern(resolve(dirname(from), pattern)).filter((path) => path !== resolve(from)),
}

/** `*` stands for anything but a slash, in any part of the path. */
function expandPattern(pattern: string): string[] {
  let paths = ['/']
  for (const part of pattern.split('/').filter((one) => one !== '')) {
    paths = paths.flatMap((path) => (part.includes('*') ? matchesIn(path, part) : [resolve(path, part)]))
  }
  return paths.sort()
}

function matchesIn(directory: string, part: string): string[] {
  const escaped = part.split('*').map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  const expression = new RegExp(`^${escaped.join('[^/]*')}$`)
  try {
    return readdirSync(directory)
      .filter((name) => expression.test(name))
      .map((name) => resolve(directory, name))
  } catch {
    return []
  }
}
