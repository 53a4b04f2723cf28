import { ATTACKER, EC, forge, ISSUER, NOW_SECONDS, OTHER, OTHER_ISSUER } from './hostile-tokens.ts'
import type { ForgeKey } from './token-forge.ts'

type Json = Record<string, unknown>

export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** One logout token, and the reason for which it has to be refused; undefined: it has to be accepted. */
export interface LogoutCase {
  readonly name: string
  readonly token: () => string
  readonly refused?: RegExp
}

export function forgeLogout(claims: Json = {}, header: Json = {}, key: ForgeKey = EC): string {
  const logout = {
    aud: 'pgoauth',
    iat: NOW_SECONDS - 1,
    exp: NOW_SECONDS + 120,
    jti: 'l-1',
    sub: 'ada',
    sid: 's-1',
    events: { [LOGOUT_EVENT]: {} },
    scope: undefined,
    client_id: undefined,
  }
  return forge({ ...logout, ...claims }, { typ: 'logout+jwt', ...header }, key)
}

const bad = (name: string, refused: RegExp, claims: Json, header: Json = {}, key: ForgeKey = EC): LogoutCase => ({
  name,
  refused,
  token: () => forgeLogout(claims, header, key),
})
const good = (name: string, claims: Json, header: Json = {}): LogoutCase => ({
  name,
  token: () => forgeLogout(claims, header),
})

export const LOGOUTS: readonly LogoutCase[] = [
  good('a logout of one session of somebody', {}),
  good('a logout of all sessions of somebody', { sid: undefined }),
  good('a logout of one session of whoever it is', { sub: undefined }),
  good('typ JWT, as before the specification was final', {}, { typ: 'JWT' }),
  good('no typ', {}, { typ: undefined }),
  { name: 'an access token', refused: /aud|typ/, token: () => forge() },
  bad('an access token for the client', /typ "at\+jwt" is not/, {}, { typ: 'at+jwt' }),
  bad('an ID token', /no back-channel logout event/, { events: undefined }, { typ: 'JWT' }),
  bad('another event', /no back-channel logout event/, { events: { 'urn:other': {} } }),
  bad('events in a list', /no back-channel logout event/, { events: [LOGOUT_EVENT] }),
  bad('an event that is no object', /no back-channel logout event/, { events: { [LOGOUT_EVENT]: true } }),
  bad('an event that is a list', /no back-channel logout event/, { events: { [LOGOUT_EVENT]: [] } }),
  bad('a nonce', /carries a nonce/, { nonce: 'n' }),
  bad('neither sub nor sid', /neither sub nor sid/, { sub: undefined, sid: undefined }),
  bad('a sub that is no text', /sub is no text/, { sub: 7 }),
  bad('a sid that is no text', /sid is no text/, { sid: ['s-1'] }),
  bad('an empty sid', /sid is no text/, { sid: '' }),
  bad('no jti', /jti is missing/, { jti: undefined }),
  bad('no iat', /iat is missing/, { iat: undefined }),
  bad('issued in the future', /in the future/, { iat: NOW_SECONDS + 31 }),
  bad('no exp', /exp is missing/, { exp: undefined }),
  bad('expired', /expired/, { exp: NOW_SECONDS - 31 }),
  bad('no aud', /aud is missing/, { aud: undefined }),
  bad('the audience of access tokens', /does not name this proxy/, { aud: 'postgres://prod' }),
  bad('another client', /does not name this proxy/, { aud: 'other' }),
  bad('another issuer', /is not a configured issuer/, { iss: 'https://evil.example' }),
  bad('another issuer’s key', /no key for it/, {}, {}, OTHER),
  bad('this issuer’s key for another’s people', /no key for it/, { iss: OTHER_ISSUER }),
  bad('an attacker’s key', /does not hold/, {}, {}, ATTACKER),
  bad('alg none', /alg "none"/, {}, { alg: 'none' }),
  bad('crit', /has crit/, {}, { crit: ['x'] }),
  { name: 'no JWT', refused: /not a JWT/, token: () => 'logout' },
]

export { ISSUER, NOW_SECONDS, OTHER_ISSUER }
