import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'

export const OAUTHBEARER = 'OAUTHBEARER'

/** What the client sends after the error challenge: one kvsep (RFC 7628 section 3.2.3). */
export const DUMMY_RESPONSE = Buffer.from([0x01])

const KVSEP = '\x01'
const SCHEME = 'bearer '
/** RFC 7628 section 3.1: `key = 1*(ALPHA)`. */
const KEY = /^[A-Za-z]+$/
/** RFC 7628 section 3.1: `value = *(VCHAR / SP / HTAB / CR / LF)`. */
const VALUE = /^[\x21-\x7e \t\r\n]*$/
/** RFC 6750 section 2.1: b64token. PostgreSQL 18 takes one that is nothing but `=`, and so does this. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]*=*$/

/** What an initial response asks for. */
export interface InitialResponse {
  /** Undefined: the client asks which issuer and scopes it needs, or sent what no token can be. */
  readonly token: Secret | undefined
  /** Why there is no token although the client sent something: for the log. Such a client is refused as one with a bad token. */
  readonly malformed?: string
}

/** What a server says of a token it refused, and of where to get one (RFC 7628 section 3.2.2). */
export interface ErrorChallenge {
  /** `invalid_token` is the only one after which libpq 18 logs in again. */
  readonly status: string
  readonly scope: string | undefined
  readonly discoveryUrl: string | undefined
}

/**
 * The client's first OAUTHBEARER message, as libpq 18 writes it; without a token, the request for discovery.
 *
 * @see RFC 7628 section 3.1 and 4.3
 */
export function encodeInitialResponse(token: Secret | undefined): Buffer {
  const auth = token === undefined ? '' : `Bearer ${token.reveal()}`
  return Buffer.from(`n,,${KVSEP}auth=${auth}${KVSEP}${KVSEP}`, 'latin1')
}

/**
 * Reads the client's first OAUTHBEARER message: accepts and refuses what PostgreSQL 18's `auth-oauth.c` does.
 *
 * @throws BAD_SASL where the message is malformed, AUTHZID_REFUSED where it names an authorization identity.
 */
export function decodeInitialResponse(bytes: Buffer): InitialResponse {
  if (bytes.length === 0) malformed('the message is empty')
  if (bytes.includes(0)) malformed('message length does not match input length')
  const text = bytes.toString('latin1')

  const flag = text[0] ?? ''
  if (flag === 'p') malformed('channel binding data, which OAUTHBEARER does not define')
  if (flag !== 'n' && flag !== 'y') malformed(`unexpected channel-binding flag ${printable(flag)}`)
  if (text[1] !== ',') malformed(`comma expected, but found ${printable(text[1])}`)
  if (text[2] === 'a') fail('AUTHZID_REFUSED', { detail: 'the client sent an authorization identity' })
  if (text[2] !== ',') malformed(`unexpected attribute ${printable(text[2])}`)
  if (text[3] !== KVSEP) malformed(`key-value separator expected, but found ${printable(text[3])}`)

  const auth = readAuthValue(text, 4)
  if (auth === '') return { token: undefined }
  return readBearer(auth)
}

/** Reads the pairs up to their end; anything behind it, or no `auth` among them, is malformed. */
function readAuthValue(text: string, from: number): string {
  let auth: string | undefined
  let at = from
  while (at < text.length) {
    const end = text.indexOf(KVSEP, at)
    if (end < 0) malformed('unterminated key/value pair')
    if (end === at) {
      if (auth === undefined) malformed('message does not contain an auth value')
      if (end + 1 !== text.length) malformed('additional data after the final terminator')
      return auth
    }
    const pair = text.slice(at, end)
    const equals = pair.indexOf('=')
    if (equals < 0) malformed('key without a value')
    const key = pair.slice(0, equals)
    const value = pair.slice(equals + 1)
    if (!KEY.test(key)) malformed(key === '' ? 'empty key name' : 'invalid key name')
    if (!VALUE.test(value)) malformed('invalid value')
    if (key === 'auth') {
      if (auth !== undefined) malformed('multiple auth values')
      auth = value
    }
    at = end + 1
  }
  return malformed('message did not contain a final terminator')
}

/** The scheme is compared without case (RFC 7628 section 4); nothing of a bad header is quoted anywhere. */
function readBearer(auth: string): InitialResponse {
  if (auth.slice(0, SCHEME.length).toLowerCase() !== SCHEME) {
    return { token: undefined, malformed: 'the authentication scheme is not Bearer' }
  }
  const token = auth.slice(SCHEME.length).replace(/^ +/, '')
  if (token === '') return { token: undefined, malformed: 'the bearer token is empty' }
  if (!B64TOKEN.test(token))
    return { token: undefined, malformed: 'the bearer token has characters that none can have' }
  return { token: new Secret(token) }
}

/** The challenge that answers a refused token, or the request for discovery. */
export function encodeErrorChallenge({ status, scope, discoveryUrl }: ErrorChallenge): Buffer {
  return Buffer.from(JSON.stringify({ status, 'openid-configuration': discoveryUrl, scope }), 'utf8')
}

/**
 * Reads the server's error challenge with libpq 18's strictness: an object, its fields strings, a status there.
 *
 * @throws BAD_SASL where it is anything else.
 */
export function decodeErrorChallenge(bytes: Buffer): ErrorChallenge {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    malformed('the error challenge is not JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    malformed('the error challenge is not a JSON object')
  }
  const fields = parsed as Record<string, unknown>
  const status = stringField(fields, 'status')
  if (status === undefined) malformed('the error challenge has no status')
  return {
    status,
    scope: stringField(fields, 'scope'),
    discoveryUrl: stringField(fields, 'openid-configuration'),
  }
}

function stringField(fields: Record<string, unknown>, name: string): string | undefined {
  const value = fields[name]
  if (value !== undefined && typeof value !== 'string') malformed(`field "${name}" of the error challenge is no string`)
  return value
}

function malformed(detail: string): never {
  fail('BAD_SASL', { detail })
}

function printable(character: string | undefined): string {
  if (character === undefined) return 'the end'
  const code = character.charCodeAt(0)
  return code >= 0x21 && code <= 0x7e ? `"${character}"` : `0x${code.toString(16).padStart(2, '0')}`
}
