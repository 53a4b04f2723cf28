import type { IncomingMessage } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type Logout, verifyLogoutToken } from '../oauth/logout-token.ts'
import type { Generation } from './generation.ts'
import { type HttpAnswer, json, readBody, text } from './http-listener.ts'

export interface LogoutParts {
  readonly generation: () => Generation
  /** Ends what the logout names; how many sessions that were. */
  readonly revocations: { logOut(logout: Logout): number | Promise<number> }
  readonly clock: Clock
  readonly log: Log
}

/**
 * Takes back-channel logouts: a POST of a form with `logout_token`, at whatever path the issuer was told. What it names
 * ends, and cannot come back with the tokens it had.
 *
 * @see OpenID Connect Back-Channel Logout 1.0 sections 2.5 and 2.8
 */
export async function answerLogout(request: IncomingMessage, parts: LogoutParts): Promise<HttpAnswer> {
  if (request.method !== 'POST') return text(405, 'POST only')
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) return text(415, 'a form is expected')
  const body = await readBody(request)
  if (body === undefined) return text(413, 'too long')
  const tokens = new URLSearchParams(body).getAll('logout_token')
  if (tokens.length !== 1) return refusedLogout('one logout_token is expected')
  return takeLogout(tokens[0] ?? '', parts)
}

async function takeLogout(token: string, { generation, revocations, clock, log }: LogoutParts): Promise<HttpAnswer> {
  const { logoutIssuers, config } = generation()
  try {
    const clientIds = config.logout?.clientIds ?? []
    const verdict = await verifyLogoutToken(token, { issuers: logoutIssuers, clientIds, nowMs: clock.nowMs() })
    if (!verdict.ok) {
      log.info({ reason: verdict.reason }, 'a logout was refused')
      return refusedLogout('the logout token was refused')
    }
    const ended = await revocations.logOut(verdict.logout)
    const { issuer, subject, sid } = verdict.logout
    log.info({ issuer, subject, sid, sessions: ended }, 'logged out by the issuer')
    return text(200, 'ok')
  } catch (thrown) {
    // The issuer sends it again.
    log.warn({ reason: asPgoauthError(thrown).message }, 'a logout could not be checked')
    return text(503, 'try again')
  }
}

function refusedLogout(description: string): HttpAnswer {
  return json(400, { error: 'invalid_request', error_description: description })
}
