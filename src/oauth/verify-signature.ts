import { type CryptoKey, compactVerify } from 'jose'
import { JOSEError } from 'jose/errors'
import type { JwksKeys } from './jwks-keys.ts'
import { parseUniqueObject } from './verify-json.ts'
import { type IssuerRules, refused } from './verify-rules.ts'

/** PostgreSQL's bound on a SASL message bounds what can arrive; a password message is bounded to the same. */
export const MAX_TOKEN_LENGTH = 65_535

const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/
/** Header members that carry or name a key: no key of a token's own choosing is ever looked at. */
const OWN_KEY = ['jwk', 'jku', 'x5u']

export interface UnverifiedJwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

export type Signed = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/** Header and claims of what looks like a signed JWT, believed in nothing yet; undefined: it is none. */
export function peekJwt(token: string): UnverifiedJwt | undefined {
  if (token.length > MAX_TOKEN_LENGTH || !COMPACT_JWS.test(token)) return undefined
  const [header, claims] = token.split('.')
  const parsed = [header, claims].map((part) => decodeObject(part ?? ''))
  return parsed[0] && parsed[1] ? { header: parsed[0], claims: parsed[1] } : undefined
}

/** Whether the text has the form of a JWS at all: such a token is never sent to introspection as opaque. */
export function looksLikeJwt(token: string): boolean {
  return COMPACT_JWS.test(token)
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

function decodeObject(part: string): Record<string, unknown> | undefined {
  try {
    return parseUniqueObject(strictUtf8.decode(Buffer.from(part, 'base64url')))
  } catch {
    return undefined
  }
}

/**
 * Checks the signature by a key of the issuer's and an algorithm of the allowlist. A key that is not known is looked
 * for once more at the issuer, as often as `keys` allows.
 */
export async function checkSignature(
  token: string,
  { header }: UnverifiedJwt,
  keys: JwksKeys,
  rules: IssuerRules,
): Promise<Signed> {
  if (typeof header.alg !== 'string' || !rules.algorithms.includes(header.alg)) {
    return refused(`alg ${JSON.stringify(header.alg)?.slice(0, 40)} is not allowed`)
  }
  const own = OWN_KEY.find((name) => header[name] !== undefined)
  if (own !== undefined) return refused(`the header brings its own key (${own})`)
  if (header.kid !== undefined && typeof header.kid !== 'string') return refused('kid is no text')

  let resolve = await keys.current()
  for (let attempt = 0; ; attempt++) {
    try {
      await verifyWithAny(token, resolve, rules.algorithms)
      return { ok: true }
    } catch (error) {
      if (!(error instanceof JOSEError)) throw error
      if (attempt > 0 || error.code !== 'ERR_JWKS_NO_MATCHING_KEY') return refused(`signature: ${error.code}`)
      const newer = await keys.newer(resolve)
      if (newer === resolve)
        return refused(`no key of the issuer matches (kid ${JSON.stringify(header.kid ?? null).slice(0, 80)})`)
      resolve = newer
    }
  }
}

/** Without a kid several keys may fit: each is tried. */
async function verifyWithAny(token: string, resolve: KeyResolver, algorithms: readonly string[]): Promise<void> {
  const options = { algorithms: [...algorithms] }
  try {
    await compactVerify(token, resolve, options)
  } catch (error) {
    if (!(error instanceof JOSEError) || error.code !== 'ERR_JWKS_MULTIPLE_MATCHING_KEYS') throw error
    let last: unknown = error
    for await (const key of error as unknown as AsyncIterable<CryptoKey>) {
      try {
        await compactVerify(token, key, options)
        return
      } catch (failure) {
        last = failure
      }
    }
    throw last
  }
}

type KeyResolver = Awaited<ReturnType<JwksKeys['current']>>
