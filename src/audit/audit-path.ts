import { existsSync } from 'node:fs'
import { parse, resolve } from 'node:path'

/** As many as a proxy has workers at most. */
const MAX_WORKERS = 64

/** The file of one worker (from 1): the first has the name as it is configured, `audit.jsonl`, the second `audit.2.jsonl`. */
export function auditPathOf(path: string, worker: number): string {
  if (worker === 1) return path
  const { dir, name, ext } = parse(path)
  return `${dir === '' ? '' : `${dir.replace(/\/$/, '')}/`}${name}.${worker}${ext}`
}

/** These files and, of each, those that further workers wrote beside it, without repeats. */
export function withWorkersFiles(paths: readonly string[]): string[] {
  const seen = new Set<string>()
  return paths
    .flatMap((path) => Array.from({ length: MAX_WORKERS }, (_, at) => auditPathOf(path, at + 1)))
    .filter((path, at) => {
      const whole = resolve(path)
      // What was named is read, or is an error, whether it is there or not.
      const isNamed = at % MAX_WORKERS === 0
      if (seen.has(whole) || !(isNamed || existsSync(path))) return false
      seen.add(whole)
      return true
    })
}
