import { type CryptoKey, compactVerify } from 'jose'
import { JOSEError } from 'jose/errors'
import type { JwksKeys, KeyResolver } from './jwks-keys.ts'
import { hasRepeatedName, parseObject } from './verify-json.ts'
import { shown, wrong } from './verify-rules.ts'

type Part = Readonly<Record<string, unknown>>

/** Believed in nothing yet. */
export interface UnverifiedJwt {
  readonly token: string
  readonly header: Part
  readonly claims: Part
  /** Both as they came. */
  readonly texts: readonly string[]
}

/** The keys that vouched for a signature, or what is wrong with it. */
export type Signed =
  | { readonly ok: true; readonly keySet: KeyResolver }
  | { readonly ok: false; readonly reason: string }

/** Three parts in base64url (RFC 7515 section 7.1). The last is empty where nothing was signed. */
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/
/** Header members that carry a key or say where one is: no key of a token's own choosing is ever looked at. */
const OWN_KEY = ['jwk', 'jku', 'x5u']
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Header and claims of a JWT in compact form; a text: why it is none. */
export function readJwt(token: string): UnverifiedJwt | string {
  if (!COMPACT_JWS.test(token)) return wrong('not a JWT')
  const parts = token.split('.')
  // Else one token has several texts, and what is remembered about one does not count for the others.
  if (!parts.every(isCanonical)) return wrong('its base64url has loose ends')
  const texts = parts.slice(0, 2).map(decodeText)
  const [header, claims] = texts.map((text) => (text === undefined ? undefined : parseObject(text)))
  if (header === undefined || claims === undefined) {
    return wrong('header or claims are not one JSON object in UTF-8')
  }
  return { token, header, claims, texts: texts as string[] }
}

function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

function decodeText(part: string): string | undefined {
  try {
    return strictUtf8.decode(Buffer.from(part, 'base64url'))
  } catch {
    return undefined
  }
}

/**
 * Checks the signature by a key of the issuer's and an algorithm of the allowlist. A key that is not there is looked
 * for once more at the issuer, as often as `keys` allows.
 *
 * @throws ISSUER_UNREACHABLE or ISSUER_INVALID where there are no keys to check with.
 */
export async function checkSignature(
  jwt: UnverifiedJwt,
  keys: JwksKeys,
  algorithms: readonly string[],
): Promise<Signed> {
  const mistake = headerMistake(jwt.header, algorithms)
  if (mistake !== undefined) return { ok: false, reason: mistake }
  let keySet = await keys.current()
  let failure = await signatureMistake(jwt, keySet, algorithms)
  if (failure?.mayBeRotation) {
    const newer = await keys.newer(keySet)
    if (newer !== keySet) {
      keySet = newer
      failure = await signatureMistake(jwt, keySet, algorithms)
    }
  }
  // Names are looked through once somebody stands for the text: it takes longer than all the rest.
  const reason = failure === undefined ? repeatedNameMistake(jwt) : failure.reason
  return reason === undefined ? { ok: true, keySet } : { ok: false, reason }
}

/** Another reader of the same token might take the other one of two. */
function repeatedNameMistake({ texts }: UnverifiedJwt): string | undefined {
  return texts.some(hasRepeatedName) ? wrong('header or claims have a name twice') : undefined
}

/** RFC 8725 sections 3.1 and 3.10: the header chooses neither algorithm nor key beyond what the issuer has. */
function headerMistake(header: Part, algorithms: readonly string[]): string | undefined {
  const { alg, kid, crit } = header
  if (typeof alg !== 'string' || !algorithms.includes(alg)) return wrong(`alg ${shown(alg)} is not allowed`)
  const own = OWN_KEY.find((name) => header[name] !== undefined)
  if (own !== undefined) return wrong(`the header brings a key of its own (${own})`)
  // No extension is understood here (RFC 7515 section 4.1.11), b64 of RFC 7797 neither: nor does that go without crit.
  if (crit !== undefined) return wrong('the header has crit')
  if (header.b64 !== undefined) return wrong('the header has b64')
  return kid !== undefined && typeof kid !== 'string' ? wrong('kid is no text') : undefined
}

interface SignatureMistake {
  readonly reason: string
  /** Newer keys might make it good. */
  readonly mayBeRotation: boolean
}

async function signatureMistake(
  { token, header: { kid } }: UnverifiedJwt,
  keySet: KeyResolver,
  algorithms: readonly string[],
): Promise<SignatureMistake | undefined> {
  try {
    await verifyWithAny(token, keySet, algorithms)
    return undefined
  } catch (error) {
    if (error instanceof JOSEError && error.code === 'ERR_JWKS_NO_MATCHING_KEY') {
      return { reason: wrong(`the issuer has no key for it (kid ${shown(kid)})`), mayBeRotation: true }
    }
    // What is thrown beside JOSEErrors is about a key that does not do for the algorithm.
    const why = error instanceof JOSEError ? error.code : (error as Error).message
    return { reason: wrong(`the signature does not hold (${why})`), mayBeRotation: kid === undefined }
  }
}

/** Without a kid several keys may fit: each is tried. */
async function verifyWithAny(token: string, keySet: KeyResolver, algorithms: readonly string[]): Promise<void> {
  const options = { algorithms: [...algorithms] }
  try {
    await compactVerify(token, keySet, options)
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
