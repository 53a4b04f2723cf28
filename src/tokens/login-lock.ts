import { mkdir, readFile, readlink, rmdir, stat, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fail } from '../base/errors.ts'

/**
 * Longer than any refresh takes; the lock's holder renews it every half of this, so that only one that died or was
 * suspended loses it.
 */
const STALE_MS = 10_000
const GUARD_STALE_MS = 5_000
const LONGEST_WAIT_MS = 60_000

/** A lock that is held. */
export interface HeldLock {
  /** False once another process may have taken the lock over (this one was suspended): write with care. */
  readonly intact: boolean
}

/**
 * Runs `action` while no other process of this machine runs one under the same name.
 *
 * The lock is proper-lockfile's directory. Beside it stands a file that says who holds it, so that one whose
 * process is gone is cleared at once rather than after it went stale.
 *
 * @throws STORE_UNAVAILABLE when it cannot be had within a minute.
 */
export async function withLock<T>(directory: string, name: string, action: (lock: HeldLock) => Promise<T>): Promise<T> {
  const { lock } = await import('proper-lockfile')
  const folder = join(directory, 'locks')
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    fail('STORE_UNAVAILABLE', {
      detail: `${folder} cannot be made (${error.code})`,
      fix: 'set XDG_STATE_HOME',
      cause: error,
    })
  })
  const path = join(folder, name.replace(/[^A-Za-z0-9._-]/g, '_'))
  const state = { intact: true }
  const release = await acquire(path, () => {
    state.intact = false
  })
  try {
    return await action(state)
  } finally {
    if (state.intact) {
      await unlink(ownerFile(path)).catch(() => {})
      await release().catch(() => {})
    }
  }

  async function acquire(file: string, onCompromised: () => void): Promise<() => Promise<void>> {
    const options = { realpath: false, lockfilePath: `${file}.lock`, stale: STALE_MS, onCompromised }
    const started = performance.now()
    const isAbandoned = watchForLife(`${file}.lock`)
    for (let attempt = 1; ; attempt++) {
      try {
        const release = await lock(file, options)
        await writeOwner(file)
        return release
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        const waitedMs = performance.now() - started
        if (code !== 'ELOCKED' || waitedMs > LONGEST_WAIT_MS) {
          const [why, fix] =
            code === 'ELOCKED'
              ? [`${await nameOfOwner(file)} has held it for a minute`, 'end that process']
              : [`it cannot be made (${code})`, code === 'ENOSPC' ? 'make room on that disk' : 'set XDG_STATE_HOME']
          fail('STORE_UNAVAILABLE', { detail: `the lock ${file}.lock: ${why}`, fix, cause: error })
        }
        await clearDead(file, isAbandoned)
        // Jitter, so that those who wait do not come back together.
        await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * Math.min(20 * attempt, 150)))
      }
    }
  }

  /** Under a guard of its own: of several who see the same dead owner, one clears it, and none clears a successor. */
  async function clearDead(file: string, isAbandoned: () => Promise<boolean>): Promise<void> {
    const isDead = async () => (await isOwnerDead(file)) || (await isAbandoned())
    if (!(await isDead())) return
    const release = await lock(file, { realpath: false, lockfilePath: `${file}.guard`, stale: GUARD_STALE_MS }).catch(
      () => {},
    )
    if (!release) return
    try {
      if (!(await isDead())) return
      await unlink(ownerFile(file)).catch(() => {})
      await rmdir(`${file}.lock`)
    } catch {
      // Gone already: as good.
    } finally {
      await release().catch(() => {})
    }
  }
}

/**
 * Tells whether nobody has renewed a lock for as long as makes it stale, by a clock that cannot be set: after the wall clock
 * went back, a lock that was left behind has a time in the future, and would never be old.
 */
function watchForLife(lockFile: string): () => Promise<boolean> {
  let seen = ''
  let seenAt = performance.now()
  return async () => {
    const { ino, mtimeMs } = await stat(lockFile).catch(() => ({ ino: 0, mtimeMs: 0 }))
    const now = `${ino} ${mtimeMs}`
    if (now !== seen) [seen, seenAt] = [now, performance.now()]
    return performance.now() - seenAt > STALE_MS
  }
}

/** Who holds a lock: a process, where its number means something, and which making of the lock it holds. */
interface Owner {
  readonly pid: number
  readonly machine: string
  readonly inode: number
}

function ownerFile(file: string): string {
  return `${file}.owner`
}

async function writeOwner(file: string): Promise<void> {
  const { ino: inode } = await stat(`${file}.lock`)
  const owner: Owner = { pid: process.pid, machine: await machineName(), inode }
  await writeFile(ownerFile(file), JSON.stringify(owner), { mode: 0o600 })
}

async function nameOfOwner(file: string): Promise<string> {
  try {
    const { pid } = JSON.parse(await readFile(ownerFile(file), 'utf8')) as Owner
    return `another pgoauth (process ${Number(pid)})`
  } catch {
    return 'another pgoauth'
  }
}

async function isOwnerDead(file: string): Promise<boolean> {
  try {
    const owner = JSON.parse(await readFile(ownerFile(file), 'utf8')) as Owner
    const { ino } = await stat(`${file}.lock`)
    if (owner.inode !== ino || owner.machine !== (await machineName())) return false
    process.kill(owner.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** A process number says nothing on another machine or in another container that shares this home directory. */
async function machineName(): Promise<string> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return `${hostname()} ${namespace}`
}
