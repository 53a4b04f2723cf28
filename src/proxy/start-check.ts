import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Generation } from './generation.ts'
import type { SessionRegistry } from './session-registry.ts'

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

/**
 * Looks at the servers that a new configuration names otherwise than the one before. One that must not be used under it
 * (a scope gives code on a login of several roles, say) ends the sessions that are there under the old one.
 */
export async function checkReloadedServers(
  { databases }: Generation,
  previous: Generation,
  { sessions, log }: { sessions: SessionRegistry; log: Log },
): Promise<void> {
  const changed = [...databases].filter(([name, { pool }]) => previous.databases.get(name)?.pool !== pool)
  const checks = changed.map(async ([name, { pool }]) => {
    try {
      await pool.check()
    } catch (thrown) {
      const { code, detail, message } = asPgoauthError(thrown)
      log.error({ database: name, reason: message }, 'the database cannot be used as it is configured now')
      if (code !== 'SERVER_UNFIT') return
      for (const session of sessions) {
        if (session.describe().database === name)
          session.end(new PgoauthError('SESSION_ENDED', { detail: detail ?? code }), 'now')
      }
    }
  })
  await Promise.all(checks)
}
