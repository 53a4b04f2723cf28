import type { JwksKeys } from './jwks-keys.ts'
import { audienceMistake, isDate, mediaType, timeMistake } from './verify-claims.ts'
import { type Refused, refused, shown, wrong } from './verify-rules.ts'
import { checkSignature, readJwt, type UnverifiedJwt } from './verify-signature.ts'

/** What an issuer says is over. At least one of subject and session id is there. */
export interface Logout {
  readonly issuer: string
  readonly subject: string | undefined
  /** The session at the issuer (`sid`). */
  readonly sid: string | undefined
  readonly issuedAtSeconds: number
}

/** An issuer whose logout tokens are taken. */
export interface LogoutIssuer {
  readonly issuer: string
  readonly algorithms: readonly string[]
  readonly clockToleranceMs: number
  readonly keys: JwksKeys
}

export interface LogoutRules {
  readonly issuers: readonly LogoutIssuer[]
  /** The clients whose logout concerns us: a logout token's `aud` is a client, never the proxy. */
  readonly clientIds: readonly string[]
  readonly nowMs: number
}

export type LogoutVerdict = { readonly ok: true; readonly logout: Logout } | Refused

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** A `jti` and a `sid` are short; what is not is no reason to remember it. */
const MAX_TEXT = 1024

/**
 * Checks a logout token as OpenID Connect Back-Channel Logout 1.0 section 2.6 says. It remembers nothing: an old token
 * sent again says again what it said, and what was issued after it stays good.
 *
 * @throws ISSUER_UNREACHABLE or ISSUER_INVALID where there are no keys to check with.
 */
export async function verifyLogoutToken(token: string, rules: LogoutRules): Promise<LogoutVerdict> {
  const jwt = readJwt(token)
  if (typeof jwt === 'string') return refused(jwt)
  const issuer = rules.issuers.find((one) => one.issuer === jwt.claims.iss)
  if (issuer === undefined) return refused(wrong(`iss ${shown(jwt.claims.iss)} is not a configured issuer`))
  const signed = await checkSignature(jwt, issuer.keys, issuer.algorithms)
  if (!signed.ok) return refused(signed.reason)
  const mistake = logoutMistake(jwt, issuer, rules)
  return mistake === undefined ? { ok: true, logout: toLogout(jwt, issuer) } : refused(mistake)
}

function logoutMistake(
  { header, claims }: UnverifiedJwt,
  { clockToleranceMs }: LogoutIssuer,
  { clientIds, nowMs }: LogoutRules,
): string | undefined {
  return (
    audienceMistake(claims, clientIds) ??
    timeMistake(claims, clockToleranceMs, nowMs) ??
    issuedAtMistake(claims, nowMs + clockToleranceMs) ??
    kindMistake(header, claims) ??
    whoMistake(claims)
  )
}

type Part = UnverifiedJwt['claims']

/** What is to come cannot be over: it would keep somebody out for as long as the issuer's clock is wrong. */
function issuedAtMistake({ iat }: Part, latestMs: number): string | undefined {
  if (!isDate(iat)) return wrong('iat is missing or no date')
  return iat * 1000 > latestMs ? wrong('issued in the future (iat)') : undefined
}

/** Sections 2.4 and 4.1: no other token of the issuer's may pass for one of these. */
function kindMistake(header: Part, claims: Part): string | undefined {
  const typ = mediaType(header.typ)
  const isTyped = header.typ === undefined || typ === 'logout+jwt' || typ === 'jwt'
  if (!isTyped) return wrong(`typ ${shown(header.typ)} is not that of a logout token`)
  if (!isObject(claims.events) || !isObject(claims.events[EVENT])) return wrong('no back-channel logout event')
  if (claims.nonce !== undefined) return wrong('it carries a nonce')
  return isText(claims.jti) ? undefined : wrong('jti is missing')
}

function whoMistake({ sub, sid }: Part): string | undefined {
  if (sub === undefined && sid === undefined) return wrong('neither sub nor sid')
  if (sub !== undefined && !isText(sub)) return wrong('sub is no text')
  return sid !== undefined && !isText(sid) ? wrong('sid is no text') : undefined
}

function toLogout({ claims }: UnverifiedJwt, { issuer }: LogoutIssuer): Logout {
  return {
    issuer,
    subject: claims.sub as string | undefined,
    sid: claims.sid as string | undefined,
    issuedAtSeconds: claims.iat as number,
  }
}

function isObject(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT
}
