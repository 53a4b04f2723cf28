import { type Clock, nowSeconds } from '../base/clock.ts'
import { printable } from '../base/printable.ts'
import type { Profile } from '../config/profiles.ts'
import { decodeClaims } from '../oauth/jwt-claims.ts'
import type { ErrorChallenge } from '../sasl/oauthbearer.ts'
import type { AccessToken } from '../tokens/token-source.ts'

/** Clocks that differ by more than this are worth telling a person about. */
const CLOCK_TOLERANCE_SECONDS = 30

/**
 * What a refused token itself can tell, a line each: issuer, audience, expiry, clock, scopes asked for and granted,
 * beside what the remote side said it wants. For the person whose token it is; never the token, never a name.
 */
export function tokenFacts(
  { token, expiresAtSeconds, scopes }: AccessToken,
  profile: Pick<Profile, 'issuer' | 'scopes' | 'resource' | 'audience'>,
  challenge: ErrorChallenge | undefined,
  clock: Clock,
): string[] {
  const claims = decodeClaims(token.reveal())
  const now = nowSeconds(clock)
  const facts: string[] = []
  if (!claims) facts.push('the token is opaque: only its issuer can say what is in it')

  const issuer = text(claims?.iss)
  if (issuer) facts.push(`issuer: ${issuer}${issuer === profile.issuer ? '' : ` (the profile's is ${profile.issuer})`}`)
  const audience = list(claims?.aud)
  if (claims) {
    const asked = [...profile.resource, ...(profile.audience ? [profile.audience] : [])]
    const wanted = asked.length > 0 ? ` (asked for: ${asked.join(', ')})` : ' (the profile asks for none: see resource)'
    facts.push(`audience: ${audience.length > 0 ? audience.join(', ') : 'none'}${wanted}`)
  }
  const expires = typeof claims?.exp === 'number' ? claims.exp : expiresAtSeconds
  if (expires !== undefined) facts.push(`expires: ${isoTime(expires)}, ${distance(expires - now)}`)
  const issued = typeof claims?.iat === 'number' ? claims.iat : undefined
  if (issued !== undefined && issued > now + CLOCK_TOLERANCE_SECONDS) {
    facts.push(`clock: it was issued ${issued - now} s in the future: this machine's clock is behind`)
  }
  const granted = scopes ?? grantedScopes(claims)
  facts.push(`scopes asked for: ${profile.scopes.join(' ') || 'none'}`)
  facts.push(
    `scopes granted: ${granted === undefined ? 'not said' : granted.map((scope) => printable(scope)).join(' ') || 'none'}`,
  )
  if (challenge?.scope) facts.push(`scopes the remote side names: ${printable(challenge.scope)}`)
  if (challenge?.discoveryUrl && profile.issuer && !isDocumentOf(profile.issuer, challenge.discoveryUrl)) {
    facts.push(`the remote side trusts another issuer: ${printable(challenge.discoveryUrl)}`)
  }
  return facts
}

/**
 * Whether a discovery document is that issuer's: `issuer/.well-known/…`, or with the path behind it (RFC 8414
 * section 3.1, OpenID Connect Discovery 1.0 section 4).
 */
function isDocumentOf(issuer: string, discoveryUrl: string): boolean {
  if (!URL.canParse(issuer) || !URL.canParse(discoveryUrl)) return false
  const [own, offered] = [new URL(issuer), new URL(discoveryUrl)]
  if (own.origin !== offered.origin) return false
  const path = own.pathname.replace(/\/$/, '')
  const inserted = offered.pathname.replace(/^\/\.well-known\/[^/]+/, '')
  return offered.pathname.startsWith(`${path}/.well-known/`) || inserted === path
}

function grantedScopes(claims: Record<string, unknown> | undefined): string[] | undefined {
  const value = claims?.scope ?? claims?.scp
  if (typeof value === 'string') return value.split(' ').filter(Boolean)
  return Array.isArray(value) ? list(value) : undefined
}

function list(value: unknown): string[] {
  const values = Array.isArray(value) ? value : [value]
  return values.filter((one) => typeof one === 'string').map((one) => printable(one))
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? printable(value) : undefined
}

function isoTime(seconds: number): string {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? `at ${seconds}` : time.toISOString()
}

function distance(seconds: number): string {
  return seconds >= 0 ? `in ${seconds} s` : `${-seconds} s ago`
}
