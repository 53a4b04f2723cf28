import { existsSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, resolve } from 'node:path'
import { fail } from '../base/errors.ts'

/** Accounts that every Unix has and that own nothing of worth; the first that exists is taken. */
const NAMES = ['nobody', 'postgres', 'daemon']

/**
 * The user that runs PostgreSQL where we are root, as which it refuses to run; undefined where we are not.
 *
 * @throws DEMO_FAILED when root finds none of the usual accounts.
 */
export function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of NAMES) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) }
  }
  return fail('DEMO_FAILED', {
    detail: `PostgreSQL does not run as root, and no account named ${NAMES.join(', ')} exists`,
    fix: 'run it as another user',
  })
}

/** Where temporary directories go: one that the unprivileged user can reach, since TMPDIR may be root's own. */
export function temporaryBase(): string {
  if (process.getuid?.() !== 0) return tmpdir()
  return [tmpdir(), '/tmp', '/var/tmp'].find((path) => existsSync(path) && isReachableByOthers(path)) ?? tmpdir()
}

/** Whether every folder on the way to a path, and the path itself, may be entered or run by any user. */
export function isReachableByOthers(path: string): boolean {
  for (let at = resolve(path); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}
