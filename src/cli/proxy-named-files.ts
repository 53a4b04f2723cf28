import { accessSync, constants } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Mistake, YamlDocument } from '../base/yaml-document.ts'

/** Keys of proxy.yaml that name a file which is read. */
const FILE_KEYS = new Set([
  'cert',
  'key',
  'ca',
  'client_ca',
  'token_file',
  'jwks_file',
  'client_secret_file',
  'private_key_file',
  'password_file',
  'policy',
  'key_file',
])
/** `audit.key_file` is made by whoever opens the audit, where it is not there. */
const MADE_BY_US = ['audit.key_file']

/** Each file that the configuration names and that cannot be read, with the place where it is named. */
export function unreadableFiles(document: YamlDocument<unknown>): Mistake[] {
  const folder = dirname(resolve(document.locate([]).file))
  return [...namedFiles(document.value, [])].flatMap(({ path, name }) => {
    const reason = unreadable(resolve(folder, name))
    if (reason === undefined || MADE_BY_US.includes(path.join('.'))) return []
    return [{ ...document.locate(path), message: `${path.join('.')}: cannot read ${name} (${reason})` }]
  })
}

export function isReadable(file: string): boolean {
  return unreadable(file) === undefined
}

function unreadable(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error'
  }
}

function* namedFiles(value: unknown, path: readonly string[]): Generator<{ path: readonly string[]; name: string }> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && FILE_KEYS.has(key)) yield { path: [...path, key], name: inner }
    else yield* namedFiles(inner, [...path, key])
  }
}
