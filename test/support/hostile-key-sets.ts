import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { EC, forge, jwtCase, RSA, type TokenCase, textCase } from './hostile-tokens.ts'
import { base64url, type ForgeKey, publicJwk, signInput, signTexts } from './token-forge.ts'

type Json = Record<string, unknown>

/** Named by no kind of key that signs here: made for one case. */
const SHORT_RSA: ForgeKey = { alg: 'RS256', kid: 'rsa-1', ...generateKeyPairSync('rsa', { modulusLength: 1024 }) }
const P384: ForgeKey = { alg: 'ES256', kid: 'ec-1', ...generateKeyPairSync('ec', { namedCurve: 'P-384' }) }
const K256: ForgeKey = { alg: 'ES256', kid: 'ec-1', ...generateKeyPairSync('ec', { namedCurve: 'secp256k1' }) }
const allRsa = { algorithms: ['RS256', 'PS256', 'ES256'] }
const ecWith = (more: Json): readonly Json[] => [{ ...publicJwk(EC), ...more }]
const rsaWith = (more: Json): readonly Json[] => [{ ...publicJwk(RSA), ...more }]

/** RSASSA-PSS over a token of the RSA key. */
function pss(): string {
  const [, claims] = forge({}, {}, RSA).split('.')
  const input = `${base64url(JSON.stringify({ alg: 'PS256', typ: 'at+jwt', kid: 'rsa-1' }))}.${claims}`
  const key = { key: RSA.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return `${input}.${base64url(sign('sha256', Buffer.from(input), key))}`
}

/** A good token with another signature over the same input. */
function resigned(signature: (input: string, before: Buffer) => Buffer): string {
  const [head, claims, last = ''] = forge().split('.')
  const input = `${head}.${claims}`
  return `${input}.${base64url(signature(input, Buffer.from(last, 'base64url')))}`
}

function octKey(): { jwks: readonly Json[]; token: string } {
  const secret = Buffer.alloc(32, 9)
  const [, claims] = forge().split('.')
  const input = `${base64url(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: 'shared' }))}.${claims}`
  const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  return { jwks: [{ kty: 'oct', kid: 'shared', k: base64url(secret), alg: 'HS256' }, publicJwk(EC)], token }
}

const withKeys = (one: TokenCase, jwks: readonly Json[], rules?: TokenCase['rules']): TokenCase => ({
  ...one,
  jwks,
  ...(rules && { rules }),
})

/** Keys that an issuer has for something else, or should not have, and tokens that ask for them. */
export const HOSTILE_KEY_SETS: readonly TokenCase[] = [
  withKeys(jwtCase('a key that is there to encrypt (use)', /no key for it/, {}), ecWith({ use: 'enc' })),
  withKeys(jwtCase('a key that may not verify (key_ops)', /no key for it/, {}), ecWith({ key_ops: ['encrypt'] })),
  withKeys(jwtCase('a key that may only sign (key_ops)', /no key for it/, {}), ecWith({ key_ops: ['sign'] })),
  withKeys(jwtCase('a key of another algorithm by its own word', /no key for it/, {}), ecWith({ alg: 'ES384' })),
  withKeys(textCase('RSA-PSS with a key for PKCS #1', /no key for it/, pss), rsaWith({}), allRsa),
  withKeys(
    jwtCase('PKCS #1 with a key for RSA-PSS', /no key for it/, {}, { key: RSA }),
    rsaWith({ alg: 'PS256' }),
    allRsa,
  ),
  withKeys(
    textCase('a shared key in the key set', /alg "HS256"/, () => octKey().token),
    octKey().jwks,
  ),
  withKeys(
    textCase('a shared key in the key set, were HMAC allowed', /does not hold/, () => octKey().token),
    octKey().jwks,
    { algorithms: ['HS256'] },
  ),
  withKeys(jwtCase('an RSA key of 1,024 bits', /no key for it/, {}, { key: SHORT_RSA }), [
    publicJwk(SHORT_RSA),
    publicJwk(EC),
  ]),
  withKeys(jwtCase('a P-384 key under ES256', /no key for it/, {}, { key: P384 }), [
    { ...publicJwk(P384), alg: undefined },
  ]),
  withKeys(jwtCase('a secp256k1 key under ES256', /no key for it/, {}, { key: K256 }), [
    { ...publicJwk(K256), alg: undefined },
  ]),
  withKeys(
    jwtCase('a key set with the private half', /could not be checked: .*no usable public key/, {}),
    ecWith({ d: EC.privateKey.export({ format: 'jwk' }).d }),
  ),
  withKeys(jwtCase('an empty key set', /could not be checked: .*no usable public key/, {}), []),
  withKeys(
    jwtCase('a key set of a hundred and one', /could not be checked: .*has 101 keys/, {}),
    Array.from({ length: 101 }, (_, at) => ({ ...publicJwk(EC), kid: `k${at}` })),
  ),
  withKeys(jwtCase('a point that is not on the curve', /could not be checked/, {}), ecWith({ x: publicJwk(EC).y })),
]

/** What an ECDSA or compact form can be bent into. */
export const HOSTILE_FORMS: readonly TokenCase[] = [
  textCase('a signature of zeros', /does not hold/, () => resigned(() => Buffer.alloc(64))),
  textCase('a signature in DER', /does not hold/, () =>
    resigned((input) => sign('sha256', Buffer.from(input), EC.privateKey)),
  ),
  textCase('a signature with a byte more', /does not hold/, () =>
    resigned((_, before) => Buffer.concat([before, Buffer.alloc(1)])),
  ),
  textCase('half a signature', /does not hold/, () => resigned((_, before) => before.subarray(0, 32))),
  textCase('a payload that is not there (detached)', /^not a JWT/, () => {
    const [head, , signature] = forge().split('.')
    return `${head}..${signature}`
  }),
  textCase('the JSON serialization', /holds what no bearer token does/, () => {
    const [head, claims, signature] = forge().split('.')
    return JSON.stringify({ payload: claims, signatures: [{ protected: head, signature }] })
  }),
  textCase('the JSON serialization with two signatures, in base64url', /^not a JWT/, () => {
    const [head, claims, signature] = forge().split('.')
    const one = { protected: head, signature }
    return base64url(JSON.stringify({ payload: claims, signatures: [one, one] }))
  }),
  textCase('a JWT in a JWT', /one JSON object/, () =>
    signTexts(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'ec-1', cty: 'JWT' }), forge(), EC),
  ),
  jwtCase('b64 without crit', /has b64/, {}, { header: { b64: false } }),
  textCase('a payload that was not encoded, and b64 says so', /^not a JWT|loose ends|one JSON object/, () =>
    signInput(
      `${base64url('{"alg":"ES256","typ":"at+jwt","kid":"ec-1","b64":false,"crit":["b64"]}')}.{"sub":"ada"}`,
      EC,
    ).replace(/[{}":]/g, '_'),
  ),
  textCase('base64 in place of base64url', /^not a JWT|holds what/, () => forge().replace('.', '+/.')),
  textCase('a header in UTF-16', /one JSON object/, () => {
    const [, claims] = forge().split('.')
    return signInput(`${base64url(Buffer.from('{"alg":"ES256","typ":"at+jwt"}', 'utf16le'))}.${claims}`, EC)
  }),
  textCase('a header behind a byte order mark', /one JSON object/, () => {
    const [, claims] = forge().split('.')
    return signInput(`${base64url('\ufeff{"alg":"ES256","typ":"at+jwt","kid":"ec-1"}')}.${claims}`, EC)
  }),
  textCase('a header with a comment', /one JSON object/, () => {
    const [, claims] = forge().split('.')
    return signInput(`${base64url('{"alg":"ES256"/**/,"typ":"at+jwt","kid":"ec-1"}')}.${claims}`, EC)
  }),
  textCase('iss twice, once with an escape in its name', /a name twice/, () =>
    signTexts(
      '{"alg":"ES256","typ":"at+jwt","kid":"ec-1"}',
      Buffer.from(forge().split('.')[1] ?? '', 'base64url')
        .toString()
        .replace('{', '{"\\u0069ss":"https://evil.example",'),
      EC,
    ),
  ),
  textCase('kid twice, the second with an escape', /a name twice/, () => {
    const [, claims] = forge().split('.')
    return signInput(`${base64url('{"alg":"ES256","typ":"at+jwt","kid":"ec-1","\\u006bid":"ec-1"}')}.${claims}`, EC)
  }),
]
