import { type CompactVerifyGetKey, createLocalJWKSet, type JSONWebKeySet } from 'jose'
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

export interface JwksKeysOptions {
  readonly issuer: string
  /** Gets the key set; throws where the issuer cannot be reached or its answer is not valid. */
  readonly fetchKeySet: () => Promise<unknown>
  readonly clock: Clock
  readonly log: Log
}

/** An issuer's keys: fetched once for all that wait, renewed as they age or as a token names one that is not there. */
export class JwksKeys {
  readonly #options: JwksKeysOptions
  #resolve: CompactVerifyGetKey | undefined
  #fetchedAtMs = 0
  #pending: Promise<CompactVerifyGetKey> | undefined
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
  async current(): Promise<CompactVerifyGetKey> {
    const ageMs = this.#ageMs()
    if (this.#resolve !== undefined && ageMs < FRESH_MS) return this.#resolve
    if (this.#resolve !== undefined && ageMs < STALE_MS) {
      if (this.#options.clock.nowMs() - this.#failedAtMs >= FORCED_FETCH_INTERVAL_MS) this.#fetch().catch(() => {})
      return this.#resolve
    }
    if (this.#pending === undefined && !this.#mayForce()) {
      fail('ISSUER_UNREACHABLE', { detail: `no keys of ${this.#options.issuer}, and the next attempt is not due yet` })
    }
    return this.#fetch()
  }

  /** Keys fetched after those of `known` were found wanting; the same where it is too soon to ask again. */
  async newer(known: CompactVerifyGetKey): Promise<CompactVerifyGetKey> {
    if (this.#resolve !== undefined && this.#resolve !== known) return this.#resolve
    if (this.#pending === undefined && !this.#mayForce()) return known
    try {
      return await this.#fetch()
    } catch {
      return known
    }
  }

  #ageMs(): number {
    return this.#options.clock.nowMs() - this.#fetchedAtMs
  }

  #mayForce(): boolean {
    const nowMs = this.#options.clock.nowMs()
    const earned = Math.floor((nowMs - this.#forcedAtMs) / FORCED_FETCH_INTERVAL_MS)
    if (earned > 0) {
      this.#forcedLeft = Math.min(FORCED_FETCHES, this.#forcedLeft + earned)
      this.#forcedAtMs = nowMs
    }
    if (this.#forcedLeft === 0) return false
    this.#forcedLeft--
    return true
  }

  #fetch(): Promise<CompactVerifyGetKey> {
    this.#pending ??= this.#fetchNow().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  async #fetchNow(): Promise<CompactVerifyGetKey> {
    const { issuer, fetchKeySet, clock, log } = this.#options
    try {
      const resolve = createLocalJWKSet(usableKeys(await fetchKeySet(), issuer))
      this.#resolve = resolve
      this.#fetchedAtMs = clock.nowMs()
      return resolve
    } catch (thrown) {
      this.#failedAtMs = clock.nowMs()
      const error = asPgoauthError(thrown, 'ISSUER_INVALID')
      const state = this.#resolve === undefined ? 'there are none yet' : 'those fetched before serve on'
      log.warn({ issuer, reason: error.message }, `keys of the issuer could not be fetched; ${state}`)
      throw error
    }
  }
}

/** Public keys of asymmetric kinds alone. A private key in the set is a leak at the issuer, and none of ours to use. */
function usableKeys(document: unknown, issuer: string): JSONWebKeySet {
  const keys = (document as { keys?: unknown } | null)?.keys
  if (!Array.isArray(keys)) fail('ISSUER_INVALID', { detail: `the key set of ${issuer} has no keys` })
  if (keys.length > MAX_KEYS) fail('ISSUER_INVALID', { detail: `the key set of ${issuer} has ${keys.length} keys` })
  const usable = keys.filter((key) => KEY_TYPES.includes(key?.kty) && key.d === undefined)
  if (usable.length === 0) fail('ISSUER_INVALID', { detail: `the key set of ${issuer} has no public key in it` })
  return { keys: usable }
}
