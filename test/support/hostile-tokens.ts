import type { Channel, IssuerRules } from '../../src/oauth/verify-rules.ts'
import {
  base64url,
  type ForgeKey,
  newForgeKey,
  publicJwk,
  signInput,
  signTexts,
  signWithPublicText,
} from './token-forge.ts'

/** The moment at which every case is judged. */
export const NOW_SECONDS = Date.UTC(2026, 0, 1) / 1000

export const EC = newForgeKey('ES256', 'ec-1')
export const RSA = newForgeKey('RS256', 'rsa-1')
export const ED = newForgeKey('EdDSA', 'ed-1')
/** Of the other issuer, whose word counts for its own people only. */
export const OTHER = newForgeKey('ES256', 'other-1')
export const ATTACKER = newForgeKey('ES256', 'ec-1')
const ATTACKER_RSA = newForgeKey('RS256', 'rsa-1')

export const ISSUER = 'https://id.example.com'
export const OTHER_ISSUER = 'https://other.example.com/realms/a'

export const RULES: IssuerRules = {
  issuer: ISSUER,
  audience: ['postgres://prod', 'postgres://alias'],
  algorithms: ['RS256', 'ES256', 'EdDSA'],
  typ: 'at+jwt',
  clockToleranceMs: 30_000,
  requiredScopes: [],
  scopesClaim: 'auto',
  scopePrefix: '',
  scopesAllowed: ['*'],
  grantScopes: [],
}

type Json = Record<string, unknown>

/** One token, or one introspection answer, and what has to come of it. */
export interface TokenCase {
  readonly name: string
  readonly token?: () => string
  /** In place of a token: what the issuer said about one. */
  readonly answer?: Json
  readonly rules?: Partial<IssuerRules>
  readonly channel?: Channel
  /** In place of the issuer's own key set. */
  readonly jwks?: readonly Json[]
  /** The reason in the log, where it is to be refused. */
  readonly refused?: RegExp
  /** The session's scopes, where it is to be accepted. */
  readonly scopes?: readonly string[]
}

const CLAIMS: Json = {
  iss: ISSUER,
  sub: 'ada',
  aud: 'postgres://prod',
  client_id: 'pgoauth',
  scope: 'orders:read',
  iat: NOW_SECONDS - 10,
  exp: NOW_SECONDS + 300,
  jti: 'j-1',
}
const HEADER: Json = { alg: 'ES256', typ: 'at+jwt', kid: 'ec-1' }

/** A good token but for these: undefined takes a member away. */
export function forge(claims: Json = {}, header: Json = {}, key: ForgeKey = EC): string {
  return signTexts(
    JSON.stringify({ ...HEADER, alg: key.alg, kid: key.kid, ...header }),
    JSON.stringify({ ...CLAIMS, ...claims }),
    key,
  )
}

const anyTyp: Partial<IssuerRules> = { typ: 'any' }
const thumbprint = Buffer.alloc(32, 7)

export function jwtCase(
  name: string,
  refused: RegExp,
  claims: Json,
  more: { header?: Json; key?: ForgeKey; rules?: Partial<IssuerRules>; channel?: Channel } = {},
): TokenCase {
  const { header, key, ...rest } = more
  return { name, refused, token: () => forge(claims, header, key), ...rest }
}

export function textCase(name: string, refused: RegExp, token: () => string): TokenCase {
  return { name, refused, token }
}

const header = (more: Json = {}) => JSON.stringify({ ...HEADER, ...more })
const payload = (more: Json = {}) => JSON.stringify({ ...CLAIMS, ...more })
const pem = () => EC.publicKey.export({ type: 'spki', format: 'pem' })
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

/** The last character of a 64-byte signature holds two bits that mean nothing. */
function withLooseEnd(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) + 1]
}

const NOT_JWT = /^not a JWT, and no issuer with introspection/

const form: TokenCase[] = [
  textCase('no dot at all', NOT_JWT, () => 'opaque'),
  textCase('two parts', NOT_JWT, () => forge().split('.').slice(0, 2).join('.')),
  textCase('four parts', NOT_JWT, () => `${forge()}.AAAA`),
  textCase('five parts, as an encrypted token has', NOT_JWT, () => 'e30.AA.AA.AA.AA'),
  textCase('a space before it', /holds what no bearer token does/, () => ` ${forge()}`),
  textCase('a line break after it', /holds what no bearer token does/, () => `${forge()}\n`),
  textCase('the scheme still before it', /holds what no bearer token does/, () => `Bearer ${forge()}`),
  textCase('a NUL after it', /holds what no bearer token does/, () => `${forge()}\0`),
  textCase('nothing', /holds what no bearer token does/, () => ''),
  textCase('longer than a SASL message', /too long/, () => forge({ padding: 'x'.repeat(60_000) })),
  textCase('padding after base64url', /holds what no bearer token does/, () => forge().replace('.', '=.')),
  textCase('a signature with loose bits at its end', /loose ends/, () => withLooseEnd(forge())),
  textCase('claims that are no JSON', /one JSON object/, () => signTexts(header(), '{', EC)),
  textCase('claims in a list', /one JSON object/, () => signTexts(header(), `[${payload()}]`, EC)),
  textCase('claims that are null', /one JSON object/, () => signTexts(header(), 'null', EC)),
  textCase('claims before more text', /one JSON object/, () => signTexts(header(), `${payload()}{}`, EC)),
  textCase('claims behind a byte order mark', /one JSON object/, () => signTexts(header(), `\ufeff${payload()}`, EC)),
  textCase('a header that is a text', /one JSON object/, () => signTexts('"ES256"', payload(), EC)),
  textCase('claims that are not UTF-8', /one JSON object/, () => {
    const bytes = Buffer.from(payload({ sub: 'ad~' }))
    bytes[bytes.indexOf('~')] = 0xff
    return signInput(`${base64url(header())}.${base64url(bytes)}`, EC)
  }),
  textCase('iss twice', /a name twice/, () => signTexts(header(), payload().replace('{', '{"iss":"https://x",'), EC)),
  textCase('aud twice, once with an escape in its name', /a name twice/, () =>
    signTexts(header(), payload().replace('{', '{"\\u0061ud":"postgres://x",'), EC),
  ),
  textCase('a name twice far within', /a name twice/, () =>
    signTexts(header(), payload().replace('{', '{"a":[{"b":{"c":1,"c":2}}],'), EC),
  ),
  textCase('alg twice', /a name twice/, () => signTexts(header().replace('{', '{"alg":"none",'), payload(), EC)),
  textCase('claims nested 20,000 deep', /does not hold|iss/, () =>
    signTexts(header(), `{"iss":${nested(20_000)}}`, ATTACKER),
  ),
]

const algorithm: TokenCase[] = [
  textCase(
    'alg none and no signature',
    /alg "none"/,
    () => `${base64url(header({ alg: 'none' }))}.${base64url(payload())}.`,
  ),
  textCase(
    'alg nOnE and no signature',
    /alg "nOnE"/,
    () => `${base64url(header({ alg: 'nOnE' }))}.${base64url(payload())}.`,
  ),
  textCase('alg none over a good signature', /alg "none"/, () => forge({}, { alg: 'none' })),
  textCase('alg ES256 and no signature', /does not hold/, () => `${forge().split('.').slice(0, 2).join('.')}.`),
  textCase('HMAC with the public key in PEM', /alg "HS256"/, () =>
    signWithPublicText(header({ alg: 'HS256' }), payload(), pem()),
  ),
  textCase('HMAC with the public key as JWK', /alg "HS256"/, () =>
    signWithPublicText(header({ alg: 'HS256' }), payload(), JSON.stringify(publicJwk(EC))),
  ),
  textCase('HMAC with the public key in DER', /alg "HS512"/, () =>
    signWithPublicText(header({ alg: 'HS512' }), payload(), EC.publicKey.export({ type: 'spki', format: 'der' })),
  ),
  textCase('HMAC with nothing', /alg "HS256"/, () => signWithPublicText(header({ alg: 'HS256' }), payload(), '')),
  jwtCase(
    'a good algorithm that is not on the list',
    /alg "RS256" is not allowed/,
    {},
    { key: RSA, rules: { algorithms: ['ES256'] } },
  ),
  jwtCase('no alg', /alg nothing/, {}, { header: { alg: undefined } }),
  jwtCase('alg in a list', /alg a list/, {}, { header: { alg: ['ES256'] } }),
  jwtCase('alg in lower case', /alg "es256"/, {}, { header: { alg: 'es256' } }),
  jwtCase('alg of another kind of key than kid names', /no key for it/, {}, { header: { alg: 'RS256' } }),
]

const keys: TokenCase[] = [
  jwtCase('another key under the issuer’s kid', /does not hold/, {}, { key: ATTACKER }),
  jwtCase('another RSA key under the issuer’s kid', /does not hold/, {}, { key: ATTACKER_RSA }),
  jwtCase('another key without a kid', /does not hold/, {}, { key: ATTACKER, header: { kid: undefined } }),
  jwtCase(
    'a kid that the issuer does not have',
    /no key for it \(kid "invented"\)/,
    {},
    { header: { kid: 'invented' } },
  ),
  jwtCase('a kid that is a path', /no key for it/, {}, { header: { kid: '../../../../dev/null' } }),
  jwtCase('a kid that is SQL', /no key for it/, {}, { header: { kid: "x' UNION SELECT 'key" } }),
  jwtCase('a kid that every object has', /no key for it/, {}, { header: { kid: '__proto__' } }),
  jwtCase('an empty kid', /no key for it/, {}, { header: { kid: '' } }),
  jwtCase('a kid that is a number', /kid is no text/, {}, { header: { kid: 1 } }),
  jwtCase('a kid that is null', /kid is no text/, {}, { header: { kid: null } }),
  jwtCase('a kid in a list', /kid is no text/, {}, { header: { kid: ['ec-1'] } }),
  jwtCase('its own key in jwk', /key of its own \(jwk\)/, {}, { key: ATTACKER, header: { jwk: publicJwk(ATTACKER) } }),
  jwtCase('a jwk beside a good signature', /key of its own \(jwk\)/, {}, { header: { jwk: publicJwk(EC) } }),
  jwtCase(
    'a key set of its own in jku',
    /key of its own \(jku\)/,
    {},
    { header: { jku: 'https://evil.example/jwks' } },
  ),
  jwtCase(
    'a certificate of its own in x5u',
    /key of its own \(x5u\)/,
    {},
    { header: { x5u: 'https://evil.example/c' } },
  ),
  jwtCase('a certificate of its own in x5c', /does not hold/, {}, { key: ATTACKER, header: { x5c: ['AAAA'] } }),
  jwtCase('crit with something unknown', /has crit/, {}, { header: { crit: ['urn:x'], 'urn:x': 1 } }),
  jwtCase('an empty crit', /has crit/, {}, { header: { crit: [] } }),
  jwtCase('crit with b64, and the payload as it is', /has crit/, {}, { header: { crit: ['b64'], b64: false } }),
  textCase('one claim changed after signing', /does not hold/, () => {
    const [head, , signature] = forge().split('.')
    return `${head}.${base64url(payload({ sub: 'grace' }))}.${signature}`
  }),
  textCase('the header changed after signing', /does not hold/, () => {
    const [, claims, signature] = forge().split('.')
    return `${base64url(header({ x: 1 }))}.${claims}.${signature}`
  }),
  textCase('the signature of another token', /does not hold/, () => {
    const [head, claims] = forge().split('.')
    return `${head}.${claims}.${forge({ sub: 'grace' }).split('.')[2]}`
  }),
  jwtCase('the other issuer’s key for this one’s people', /no key for it/, {}, { key: OTHER }),
  jwtCase('the other issuer’s key without its kid', /does not hold/, {}, { key: OTHER, header: { kid: undefined } }),
]

const issuerAndAudience: TokenCase[] = [
  jwtCase('no iss', /iss nothing is not a configured issuer/, { iss: undefined }),
  jwtCase('an iss that nobody configured', /iss "https:\/\/evil.example" is not/, { iss: 'https://evil.example' }),
  jwtCase('iss with a slash after it', /is not a configured issuer/, { iss: `${ISSUER}/` }),
  jwtCase('iss in other case', /is not a configured issuer/, { iss: 'https://ID.example.com' }),
  jwtCase('iss in a list', /is not a configured issuer/, { iss: [ISSUER] }),
  jwtCase('iss of the other issuer', /no key for it/, { iss: OTHER_ISSUER }),
  jwtCase('no aud', /aud is missing/, { aud: undefined }),
  jwtCase('aud of another service', /does not name this proxy/, { aud: 'https://api.example.com' }),
  jwtCase('aud that begins like ours', /does not name this proxy/, { aud: 'postgres://prod.evil' }),
  jwtCase('aud that ours begins like', /does not name this proxy/, { aud: 'postgres://' }),
  jwtCase('aud in other case', /does not name this proxy/, { aud: 'POSTGRES://prod' }),
  jwtCase('two aud in one text', /does not name this proxy/, { aud: 'postgres://prod postgres://alias' }),
  jwtCase('an empty list of aud', /does not name this proxy/, { aud: [] }),
  jwtCase('aud null', /neither text nor/, { aud: null }),
  jwtCase('aud an object', /neither text nor/, { aud: { 'postgres://prod': true } }),
  jwtCase('aud in a list in a list', /neither text nor/, { aud: [['postgres://prod']] }),
  jwtCase('a number beside the right aud', /neither text nor/, { aud: ['postgres://prod', 1] }),
]

const times: TokenCase[] = [
  jwtCase('no exp', /exp is missing/, { exp: undefined }),
  jwtCase('exp null', /exp null is no date/, { exp: null }),
  jwtCase('exp as text', /exp "\d+" is no date/, { exp: String(NOW_SECONDS + 300) }),
  jwtCase('exp in milliseconds', /is no date/, { exp: (NOW_SECONDS + 300) * 1000 }),
  jwtCase('exp before 1970', /is no date/, { exp: -1 }),
  textCase('exp beyond all numbers', /is no date/, () =>
    signTexts(header(), payload({ exp: 'X' }).replace('"X"', '1e999'), EC),
  ),
  jwtCase('exp long ago', /expired/, { exp: NOW_SECONDS - 3600 }),
  jwtCase('exp exactly the tolerance ago', /expired/, { exp: NOW_SECONDS - 30 }),
  jwtCase('exp now, without tolerance', /expired/, { exp: NOW_SECONDS }, { rules: { clockToleranceMs: 0 } }),
  jwtCase('nbf a second past the tolerance', /not valid yet/, { nbf: NOW_SECONDS + 31 }),
  jwtCase('nbf as text', /nbf "tomorrow" is no date/, { nbf: 'tomorrow' }),
  jwtCase('nbf null', /nbf null is no date/, { nbf: null }),
]

const kinds: TokenCase[] = [
  jwtCase('typ JWT where at+jwt is asked for', /typ "JWT" is not that/, {}, { header: { typ: 'JWT' } }),
  jwtCase('no typ where at+jwt is asked for', /typ nothing is not that/, {}, { header: { typ: undefined } }),
  jwtCase('typ of a logout token', /is not that/, {}, { header: { typ: 'logout+jwt' }, rules: anyTyp }),
  jwtCase('typ of a DPoP proof', /is not that/, {}, { header: { typ: 'dpop+jwt' }, rules: anyTyp }),
  jwtCase('typ of a refresh token', /is not that/, {}, { header: { typ: 'rt+jwt' }, rules: anyTyp }),
  jwtCase('typ a number', /is not that/, {}, { header: { typ: 1 }, rules: anyTyp }),
  jwtCase('typ null', /is not that/, {}, { header: { typ: null }, rules: anyTyp }),
  jwtCase(
    'an ID token with a nonce',
    /ID token \(it carries nonce/,
    { nonce: 'n' },
    { header: { typ: 'JWT' }, rules: anyTyp },
  ),
  jwtCase(
    'an ID token with at_hash',
    /ID token \(it carries at_hash/,
    { at_hash: 'h' },
    { header: { typ: undefined }, rules: anyTyp },
  ),
  jwtCase(
    'an ID token with c_hash',
    /ID token \(it carries c_hash/,
    { c_hash: 'h' },
    { header: { typ: 'JWT' }, rules: anyTyp },
  ),
  jwtCase('Keycloak’s ID token', /calls itself/, { typ: 'ID' }, { header: { typ: 'JWT' }, rules: anyTyp }),
  jwtCase('Keycloak’s refresh token', /calls itself/, { typ: 'Refresh' }, { header: { typ: 'JWT' }, rules: anyTyp }),
  jwtCase('Keycloak’s offline token', /calls itself/, { typ: 'Offline' }, { header: { typ: 'JWT' }, rules: anyTyp }),
  jwtCase('Cognito’s ID token', /calls itself/, { token_use: 'id' }, { header: { typ: undefined }, rules: anyTyp }),
  jwtCase(
    'a token_type of refresh',
    /calls itself/,
    { token_type: 'refresh' },
    { header: { typ: 'JWT' }, rules: anyTyp },
  ),
  jwtCase('a kind that is no text', /calls itself/, { token_use: ['access'] }),
  jwtCase('a logout token that says at+jwt', /logout or security event/, {
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  }),
]

const subjects: TokenCase[] = [
  jwtCase('no sub', /sub is missing/, { sub: undefined }),
  jwtCase('an empty sub', /sub is missing/, { sub: '' }),
  jwtCase('sub a number', /sub is missing/, { sub: 7 }),
  jwtCase('a sub of a thousand and more characters', /sub is too long/, { sub: 'a'.repeat(1025) }),
  jwtCase('a line break in sub', /control characters/, { sub: 'ada\nadmin' }),
  jwtCase('a NUL in sub', /control characters/, { sub: 'ada\0' }),
  jwtCase('half a character in sub', /half characters/, { sub: 'ada\ud800' }),
]

const bindings: TokenCase[] = [
  jwtCase('bound to a DPoP key', /proof that is not supported \("jkt"\)/, { cnf: { jkt: 'AAAA' } }),
  jwtCase(
    'bound to a DPoP key and a certificate',
    /not supported \("jkt"\)/,
    { cnf: { 'x5t#S256': thumbprint.toString('base64url'), jkt: 'A' } },
    { channel: { clientCertificateSha256: thumbprint } },
  ),
  jwtCase('bound to a key in it', /not supported \("jwk"\)/, { cnf: { jwk: publicJwk(EC) } }),
  jwtCase('bound to nothing', /no usable x5t/, { cnf: {} }),
  jwtCase('cnf null', /cnf is no object/, { cnf: null }),
  jwtCase('cnf a list', /cnf is no object/, { cnf: [] }),
  jwtCase('cnf a text', /cnf is no object/, { cnf: 'x5t#S256' }),
  jwtCase(
    'bound to a thumbprint that is too short',
    /no usable x5t/,
    { cnf: { 'x5t#S256': 'AAAA' } },
    { channel: { clientCertificateSha256: Buffer.alloc(3) } },
  ),
  jwtCase('bound to a SHA-1 thumbprint', /not supported \("x5t"\)/, { cnf: { x5t: 'AAAA' } }),
  jwtCase('bound to a certificate, over a connection without one', /there is none/, {
    cnf: { 'x5t#S256': thumbprint.toString('base64url') },
  }),
  jwtCase(
    'bound, over a connection with a thumbprint of another length',
    /another client certificate/,
    { cnf: { 'x5t#S256': thumbprint.toString('base64url') } },
    { channel: { clientCertificateSha256: thumbprint.subarray(0, 20) } },
  ),
  jwtCase(
    'bound to another certificate',
    /another client certificate/,
    { cnf: { 'x5t#S256': thumbprint.toString('base64url') } },
    { channel: { clientCertificateSha256: Buffer.alloc(32, 8) } },
  ),
]

const scopeCases: TokenCase[] = [
  jwtCase('Entra’s group overage', /group overage/, {
    _claim_names: { groups: 'src1' },
    _claim_sources: { src1: { endpoint: 'https://graph' } },
  }),
  jwtCase('Entra’s group overage in short', /group overage/, { hasgroups: true }),
  jwtCase('scope an object', /scope is neither text nor/, { scope: { 'orders:read': true } }),
  jwtCase('scp with a number in it', /scp is neither text nor/, { scope: undefined, scp: ['orders:read', 1] }),
  jwtCase('scope and scp that differ', /both there and differ/, { scp: ['orders:write'] }),
  jwtCase('an empty scope beside scp', /both there and differ/, { scope: '', scp: ['orders:read'] }),
  jwtCase(
    'without a scope that is required',
    /required scope connect is missing/,
    {},
    { rules: { requiredScopes: ['connect'] } },
  ),
  jwtCase(
    'with a required scope that the issuer may not confer',
    /required scope orders:read is missing/,
    {},
    { rules: { requiredScopes: ['orders:read'], scopesAllowed: ['low:*'] } },
  ),
]

const ANSWER: Json = { ...CLAIMS, active: true, token_type: 'Bearer' }

function answerCase(name: string, refused: RegExp, more: Json): TokenCase {
  return { name: `an answer: ${name}`, refused, answer: { ...ANSWER, ...more } }
}

const answers: TokenCase[] = [
  answerCase('inactive', /not active/, { active: false }),
  answerCase('active as text', /not active/, { active: 'true' }),
  answerCase('without active', /not active/, { active: undefined }),
  answerCase('of another issuer', /is not the issuer/, { iss: 'https://evil.example' }),
  answerCase('without aud', /aud is missing/, { aud: undefined }),
  answerCase('of another aud', /does not name this proxy/, { aud: 'other' }),
  answerCase('without exp', /exp is missing/, { exp: undefined }),
  answerCase('expired', /expired/, { exp: NOW_SECONDS - 100 }),
  answerCase('without sub', /sub is missing/, { sub: undefined }),
  answerCase('that does not say which kind of token', /may describe a refresh token/, { token_type: undefined }),
  answerCase('of a refresh token', /ID or refresh token/, { token_type: 'refresh_token' }),
  answerCase('of a refresh token by Keycloak', /ID or refresh token/, { typ: 'Refresh' }),
  answerCase('of a refresh token by Hydra', /ID or refresh token/, { token_use: 'refresh_token' }),
  answerCase('of a DPoP token', /ID or refresh token/, { token_type: 'DPoP' }),
  answerCase('of an ID token', /describes an ID token/, { at_hash: 'h' }),
  answerCase('with a cnf that is not supported', /not supported/, { cnf: { jkt: 'A' } }),
]

const ok = (
  name: string,
  scopes: readonly string[],
  claims: Json,
  more: Omit<TokenCase, 'name'> & { header?: Json; key?: ForgeKey } = {},
): TokenCase => {
  const { header: head, key, ...rest } = more
  return { name, scopes, token: () => forge(claims, head, key), ...rest }
}

/** What has to be let in, so that a check that refuses everything is noticed, and what of it counts. */
export const ACCEPTED: readonly TokenCase[] = [
  ok('a token of RFC 9068', ['orders:read'], {}),
  ok('one with an RSA key', ['orders:read'], {}, { key: RSA }),
  ok('one with an Ed25519 key', ['orders:read'], {}, { key: ED }),
  ok('one without kid, where several keys might fit', ['orders:read'], {}, { key: RSA, header: { kid: undefined } }),
  ok('the second audience', ['orders:read'], { aud: 'postgres://alias' }),
  ok('one audience among others', ['orders:read'], { aud: ['https://api', 'postgres://prod'] }),
  ok('typ application/at+jwt', ['orders:read'], {}, { header: { typ: 'application/at+jwt' } }),
  ok('typ AT+JWT', ['orders:read'], {}, { header: { typ: 'AT+JWT' } }),
  ok('typ JWT where any will do', ['orders:read'], {}, { header: { typ: 'JWT' }, rules: anyTyp }),
  ok('no typ where any will do', ['orders:read'], {}, { header: { typ: undefined }, rules: anyTyp }),
  ok('Keycloak’s access token', ['orders:read'], { typ: 'Bearer' }, { header: { typ: 'JWT' }, rules: anyTyp }),
  ok('exp a second within the tolerance', ['orders:read'], { exp: NOW_SECONDS - 29 }),
  ok('exp with a fraction', ['orders:read'], { exp: NOW_SECONDS + 0.5 }),
  ok('nbf exactly at the tolerance', ['orders:read'], { nbf: NOW_SECONDS + 30 }),
  ok(
    'a certificate that fits',
    ['orders:read'],
    { cnf: { 'x5t#S256': thumbprint.toString('base64url') } },
    { channel: { clientCertificateSha256: thumbprint } },
  ),
  ok('a certificate that nobody asked for', ['orders:read'], {}, { channel: { clientCertificateSha256: thumbprint } }),
  ok('scp as a list', ['a', 'b'], { scope: undefined, scp: ['b', 'a', 'b'] }),
  ok('scp as a text', ['a', 'b'], { scope: undefined, scp: 'b a' }),
  ok('scope as a list', ['a', 'b'], { scope: ['b', 'a'] }),
  ok('scope and scp that say the same', ['a', 'b'], { scope: 'a b', scp: ['b', 'a'] }),
  ok('no scope at all', [], { scope: undefined }),
  ok('texts that are no scopes are passed over', ['ok'], { scope: ['ok', 'not ok', 'quo"te', 'back\\slash', ''] }),
  ok(
    'scopes from a path',
    ['admin', 'reader'],
    { realm_access: { roles: ['reader', 'admin'] } },
    { rules: { scopesClaim: 'realm_access.roles' } },
  ),
  ok(
    'scopes from a claim with a dot in its name',
    ['reader'],
    { 'https://example.com/scopes': 'reader' },
    { rules: { scopesClaim: 'https://example.com/scopes' } },
  ),
  ok('nothing from a path that every object has', [], {}, { rules: { scopesClaim: 'constructor.name' } }),
  ok(
    'the prefix is taken off',
    ['orders:read', 'other'],
    { scope: 'api://pg/orders:read other' },
    { rules: { scopePrefix: 'api://pg/' } },
  ),
  ok(
    'what the issuer may not confer falls away',
    ['low:a'],
    { scope: 'low:a db:admin' },
    { rules: { scopesAllowed: ['low:*'] } },
  ),
  ok('a scope is allowed by its whole name', ['a'], { scope: 'a ab' }, { rules: { scopesAllowed: ['a'] } }),
  ok(
    'what the issuer may not confer falls away after the prefix',
    [],
    { scope: 'low:db:admin' },
    { rules: { scopesAllowed: ['low:*'], scopePrefix: 'low:' } },
  ),
  {
    name: 'good claims beside some that are nested 20,000 deep',
    scopes: ['orders:read'],
    token: () => signTexts(header(), payload({ x: 0 }).replace('"x":0', `"x":${nested(20_000)}`), EC),
  },
  ok(
    'a grant by claims',
    ['ci', 'orders:read'],
    { repository: 'acme/app' },
    { rules: { grantScopes: [{ when: { repository: ['acme/app'] }, scopes: ['ci'] }] } },
  ),
  ok(
    'no grant by other claims',
    ['orders:read'],
    { repository: 'evil/app' },
    { rules: { grantScopes: [{ when: { repository: ['acme/app'] }, scopes: ['ci'] }] } },
  ),
  ok(
    'no grant where one of two claims is missing',
    ['orders:read'],
    { repository: 'acme/app' },
    { rules: { grantScopes: [{ when: { repository: ['acme/app'], ref: ['main'] }, scopes: ['ci'] }] } },
  ),
  ok(
    'a grant gives nothing that the issuer may not confer',
    [],
    { repository: 'acme/app' },
    { rules: { scopesAllowed: ['low'], grantScopes: [{ when: { repository: ['acme/app'] }, scopes: ['ci'] }] } },
  ),
  { name: 'an answer of RFC 7662', scopes: ['orders:read'], answer: ANSWER },
  { name: 'an answer without iss', scopes: ['orders:read'], answer: { ...ANSWER, iss: undefined } },
  {
    name: 'an answer that says token_use access_token',
    scopes: ['orders:read'],
    answer: { ...ANSWER, token_type: undefined, token_use: 'access_token' },
  },
]

export const HOSTILE: readonly TokenCase[] = [
  ...form,
  ...algorithm,
  ...keys,
  ...issuerAndAudience,
  ...times,
  ...kinds,
  ...subjects,
  ...bindings,
  ...scopeCases,
  ...answers,
]
