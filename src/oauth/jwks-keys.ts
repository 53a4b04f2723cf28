import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { type CompactVerifyGetKey, createLocalJWKSet, type JWK } from 'jose'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import type { Log } from '../base/log.ts'

/** After this a fetch in the background renews the keys; what is there serves meanwhile. */
const FRESH_MS = 5 * 60_000
/** How long keys serve while the issuer is down. Past it tokens are refused: a key may have been withdrawn since. */
const STALE_MS = 4 * 3_600_000
/**
 * Tokens that name unknown keys make fetches: at most this many at once, one more each interval. So a rotation is
 * seen at the first token of the new key, and a flood of invented keys costs the issuer six requests a minute.
 */
const FORCED_FETCHES = 3
const FORCED_FETCH_INTERVAL_MS = 10_000
/** Keys in a set; a real one has a handful. */
const MAX_KEYS = 100
const KEY_TYPES = ['RSA', 'EC', 'OKP']
/** RFC 7518 section 3.3. */
const MIN_RSA_BITS = 2048

/** One state of an issuer's keys; as long as they stay the same it is the same function. */
export type KeyResolver = CompactVerifyGetKey

export interface JwksKeysOptions {
  readonly issuer: string
  /** Gets the key set; throws where the issuer cannot be reached or its answer is not valid. */
  readonly fetchKeySet: () => Promise<unknown>
  /** How long keys serve before they are looked for again; less than the default for a file. */
  readonly freshMs?: number
  readonly clock: Clock
  readonly log: Log
}

/** An issuer's keys: fetched once for all that wait, renewed as they age or as a token names one that is not there. */
export class JwksKeys {
  readonly #options: JwksKeysOptions
  #resolve: KeyResolver | undefined
  #text = ''
  #fetchedAtMs = 0
  #pending: Promise<KeyResolver> | undefined
  #forcedLeft = FORCED_FETCHES
  #forcedAtMs = 0
  #failedAtMs = Number.NEGATIVE_INFINITY

  constructor(options: JwksKeysOptions) {
    this.#options = options
  }

  /** Whether there are keys that serve now, without asking anybody. */
  get areReady(): boolean {
    return this.#resolve !== undefined && this.#ageMs() < STALE_MS
  }

  /** @throws ISSUER_UNREACHABLE or ISSUER_INVALID where there are no keys, or none that are young enough. */
  async current(): Promise<KeyResolver> {
    if (this.#resolve !== undefined && this.#ageMs() < STALE_MS) {
      this.#renewIfDue()
      return this.#resolve
    }
    if (this.#pending === undefined && !this.#mayForce()) {
      fail('ISSUER_UNREACHABLE', { detail: `no keys of ${this.#options.issuer}, and the next attempt is not due yet` })
    }
    return this.#fetch()
  }

  /** Keys fetched after those of `known` were found wanting; the same where it is too soon to ask again. */
  async newer(known: KeyResolver): Promise<KeyResolver> {
    if (this.#resolve !== undefined && this.#resolve !== known) return this.#resolve
    if (this.#pending === undefined && !this.#mayForce()) return known
    try {
      return await this.#fetch()
    } catch {
      return known
    }
  }

  /** Whether what these keys vouched for still counts: none of them was changed or withdrawn since. */
  stillVouches(known: KeyResolver): boolean {
    if (this.#ageMs() >= STALE_MS) return false
    this.#renewIfDue()
    return this.#resolve === known
  }

  #renewIfDue(): void {
    const { clock, freshMs = FRESH_MS } = this.#options
    if (this.#ageMs() < freshMs || clock.nowMs() - this.#failedAtMs < FORCED_FETCH_INTERVAL_MS) return
    this.#fetch().catch(() => {})
  }

  /** A clock that was set back makes keys older, not younger. */
  #ageMs(): number {
    return Math.abs(this.#options.clock.nowMs() - this.#fetchedAtMs)
  }

  #mayForce(): boolean {
    const nowMs = this.#options.clock.nowMs()
    const earned = Math.floor((nowMs - this.#forcedAtMs) / FORCED_FETCH_INTERVAL_MS)
    if (earned !== 0) {
      this.#forcedLeft = Math.min(FORCED_FETCHES, this.#forcedLeft + Math.max(earned, 0))
      this.#forcedAtMs = nowMs
    }
    if (this.#forcedLeft === 0) return false
    this.#forcedLeft--
    return true
  }

  #fetch(): Promise<KeyResolver> {
    this.#pending ??= this.#fetchNow().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  async #fetchNow(): Promise<KeyResolver> {
    const { issuer, fetchKeySet, clock, log } = this.#options
    try {
      const keys = usableKeys(await fetchKeySet(), issuer, log)
      const text = JSON.stringify(keys)
      if (this.#resolve === undefined || text !== this.#text) {
        this.#resolve = createLocalJWKSet({ keys })
        this.#text = text
        log.info({ issuer, kids: keys.map(({ kid }) => kid) }, 'keys of the issuer are new')
      }
      this.#fetchedAtMs = clock.nowMs()
      return this.#resolve
    } catch (thrown) {
      this.#failedAtMs = clock.nowMs()
      const error = asPgoauthError(thrown, 'ISSUER_INVALID')
      const state = this.#resolve === undefined ? 'there are none yet' : 'those fetched before serve on'
      log.warn({ issuer, reason: error.message }, `keys of the issuer could not be fetched; ${state}`)
      throw error
    }
  }
}

/** What of a key set can check a signature. One key that cannot does not take the others with it. */
function usableKeys(document: unknown, issuer: string, log: Log): JWK[] {
  const keys = (document as { keys?: unknown } | null)?.keys
  if (!Array.isArray(keys)) fail('ISSUER_INVALID', { detail: `the key set of ${issuer} has no keys` })
  if (keys.length > MAX_KEYS) fail('ISSUER_INVALID', { detail: `the key set of ${issuer} has ${keys.length} keys` })
  const usable = keys.filter((key) => {
    const mistake = keyMistake(key)
    if (mistake !== undefined) log.warn({ issuer, kid: key?.kid, reason: mistake }, 'a key of the issuer is left out')
    return mistake === undefined
  })
  if (usable.length === 0) fail('ISSUER_INVALID', { detail: `the key set of ${issuer} has no usable public key` })
  return usable
}

/** A private or shared key in the set is a leak at the issuer: whoever read it can sign. */
function keyMistake(key: JWK | null): string | undefined {
  if (!KEY_TYPES.includes(String(key?.kty))) return 'not a public key of a known kind'
  if (key?.d !== undefined) return 'a private key'
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
    const bits = asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS
    return bits < MIN_RSA_BITS ? `an RSA key of ${bits} bits` : undefined
  } catch {
    return 'not a valid key'
  }
}
