import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Generation } from './generation.ts'

/** A server that has not answered by then is taken for one that cannot be reached. */
const START_CHECK_MS = 3_000

/**
 * Looks at the server of each database before anybody is let in: one that must not be used keeps the proxy from
 * starting, one that cannot be reached may come back.
 *
 * @throws SERVER_UNFIT
 */
export async function checkServers({ databases }: Generation, clock: Clock, log: Log): Promise<void> {
  const stop = new AbortController()
  const late = clock.sleep(START_CHECK_MS, stop.signal).catch(() => {})
  const checks = [...databases].map(async ([name, { pool }]) => {
    try {
      await Promise.race([pool.check(), late])
    } catch (thrown) {
      const error = asPgoauthError(thrown)
      if (error.code === 'SERVER_UNFIT') {
        const detail = `database "${name}": ${error.detail}`
        throw new PgoauthError('SERVER_UNFIT', { detail, ...(error.fix && { fix: error.fix }), cause: error })
      }
      log.warn({ database: name, reason: error.message }, 'the database cannot be used now')
    }
  })
  try {
    await Promise.all(checks)
  } finally {
    stop.abort()
  }
}
