import { ACCEPTED, EC, forge, ISSUER, jwtCase, NOW_SECONDS, type TokenCase, textCase } from './hostile-tokens.ts'
import { signTexts } from './token-forge.ts'

const plain = { header: { typ: 'JWT' }, rules: { typ: 'any' } as const }

/** A number that JSON.stringify would not write. */
function withText(name: string, number: string): string {
  const [, claims = ''] = forge({ [name]: 'X' }).split('.')
  const text = Buffer.from(claims, 'base64url').toString().replace('"X"', number)
  return signTexts('{"alg":"ES256","typ":"at+jwt","kid":"ec-1"}', text, EC)
}

const answer = ACCEPTED.find(({ name }) => name === 'an answer of RFC 7662')?.answer
const answerCase = (name: string, refused: RegExp, more: Record<string, unknown>): TokenCase => ({
  name: `an answer: ${name}`,
  refused,
  answer: { ...answer, ...more },
})

/** Claims of the right names and the wrong kinds, and tokens that are good for something else. */
export const HOSTILE_CLAIMS: readonly TokenCase[] = [
  textCase('exp 1e400', /exp null is no date|exp .* is no date/, () => withText('exp', '1e400')),
  textCase('exp -0.0', /expired/, () => withText('exp', '-0.0')),
  textCase('exp 1e15', /is no date/, () => withText('exp', '1e15')),
  jwtCase('exp true', /exp true is no date/, { exp: true }),
  jwtCase('exp in a list', /is no date/, { exp: [NOW_SECONDS + 300] }),
  jwtCase('exp an object', /is no date/, { exp: { value: NOW_SECONDS + 300 } }),
  jwtCase('exp as a date in text', /is no date/, { exp: '2030-01-01T00:00:00Z' }),
  jwtCase('an nbf in the year 9000', /not valid yet/, { nbf: 221_845_392_000 }),
  textCase('nbf 1e400', /is no date/, () => withText('nbf', '1e400')),
  jwtCase('nbf as a number in text', /is no date/, { nbf: String(NOW_SECONDS - 10) }),
  jwtCase('the client’s id as aud, as an ID token has it', /does not name this proxy/, { aud: 'pgoauth' }),
  jwtCase('the issuer as aud', /does not name this proxy/, { aud: ISSUER }),
  jwtCase('aud in an object in a list', /neither text nor/, { aud: [{ value: 'postgres://prod' }] }),
  jwtCase('aud with a space behind it', /does not name this proxy/, { aud: 'postgres://prod ' }),
  jwtCase('aud with a slash behind it', /does not name this proxy/, { aud: 'postgres://prod/' }),
  jwtCase('aud null in a list', /neither text nor/, { aud: [null] }),
  jwtCase('iss as an object', /is not a configured issuer/, { iss: { url: ISSUER } }),
  jwtCase('iss with a space behind it', /is not a configured issuer/, { iss: `${ISSUER} ` }),
  jwtCase('iss over http', /is not a configured issuer/, { iss: ISSUER.replace('https', 'http') }),
  jwtCase('iss with its port', /is not a configured issuer/, { iss: `${ISSUER}:443` }),
  jwtCase('sub in a list', /sub is missing/, { sub: ['ada'] }),
  jwtCase('sub null', /sub is missing/, { sub: null }),
  jwtCase('sub an object', /sub is missing/, { sub: { id: 'ada' } }),
  jwtCase('an escape character in sub', /control characters/, { sub: 'ada\u001b[31m' }),
  jwtCase('a C1 control in sub', /control characters/, { sub: 'ada\u0085' }),
  jwtCase('scope a number', /scope is neither text nor/, { scope: 7 }),
  jwtCase('scope null', /scope is neither text nor/, { scope: null }),
  jwtCase('scope a list with a list in it', /scope is neither text nor/, { scope: [['orders:read']] }),
  jwtCase('scp null beside scope', /scp is neither text nor/, { scp: null }),
  jwtCase('scp that says more than scope', /both there and differ/, { scp: 'orders:read db:admin' }),
  jwtCase('scp that says less than scope', /both there and differ/, { scp: [] }),
  jwtCase('bound to a certificate and to a token endpoint’s key', /proof that is not supported/, {
    cnf: { 'x5t#S256': 'A'.repeat(43), kid: 'x' },
  }),
  jwtCase('bound to a thumbprint in base64 with padding', /no usable x5t/, {
    cnf: { 'x5t#S256': `${'A'.repeat(43)}=` },
  }),
  jwtCase('bound to a thumbprint that is a number', /no usable x5t/, { cnf: { 'x5t#S256': 1 } }),
  jwtCase('claims that are elsewhere, empty', /group overage/, { _claim_names: {} }),
  jwtCase('hasgroups false, which no issuer writes', /group overage/, { hasgroups: false }),
  jwtCase('an ID token with an empty nonce', /it carries nonce/, { nonce: '' }, plain),
  jwtCase('an ID token with nonce null', /it carries nonce/, { nonce: null }, plain),
  jwtCase('typ of an ID token’s own', /typ "id_token" is not/, {}, { ...plain, header: { typ: 'id_token' } }),
  jwtCase(
    'typ of a client’s assertion',
    /is not that of an access token/,
    {},
    {
      ...plain,
      header: { typ: 'client-authentication+jwt' },
    },
  ),
  jwtCase('typ of a security event', /is not that/, {}, { ...plain, header: { typ: 'secevent+jwt' } }),
  jwtCase(
    'typ of a signed introspection answer',
    /is not that/,
    {},
    {
      ...plain,
      header: { typ: 'token-introspection+jwt' },
    },
  ),
  jwtCase('typ empty', /is not that/, {}, { ...plain, header: { typ: '' } }),
  jwtCase('typ at+jwt with a parameter', /is not that/, {}, { header: { typ: 'at+jwt; charset=utf-8' } }),
  jwtCase('typ with application/ twice', /is not that/, {}, { header: { typ: 'application/application/at+jwt' } }),
  jwtCase('a security event token’s events, empty', /logout or security event/, { events: {} }),
  answerCase('active 1', /not active/, { active: 1 }),
  answerCase('active in a list', /not active/, { active: [true] }),
  answerCase('with exp as text', /is no date/, { exp: String(NOW_SECONDS + 300) }),
  answerCase('with exp null', /is no date/, { exp: null }),
  answerCase('token_type ID', /ID or refresh token/, { token_type: 'ID' }),
  answerCase('token_type id_token', /ID or refresh token/, { token_type: 'id_token' }),
  answerCase('token_type that ends in refresh', /ID or refresh token/, { token_type: 'Bearer refresh_token' }),
  answerCase('token_type no text', /ID or refresh token/, { token_type: ['Bearer'] }),
  answerCase('the client’s id as aud', /does not name this proxy/, { aud: 'pgoauth' }),
  answerCase('iss null', /is not the issuer/, { iss: null }),
  answerCase('iss with a slash behind it', /is not the issuer/, { iss: `${ISSUER}/` }),
  answerCase('not valid yet', /not valid yet/, { nbf: NOW_SECONDS + 3_600 }),
  answerCase('with a nonce', /describes an ID token/, { nonce: 'n' }),
]
