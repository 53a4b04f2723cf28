import type { Clock } from '../base/clock.ts'
import { asPgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { HowMany } from '../config/proxy-config.ts'
import type { VerifiedIssuer } from '../oauth/verify-token.ts'
import type { Generation } from './generation.ts'

/** How many are ready of how many. */
export type Ratio = readonly [ready: number, all: number]

export interface Readiness {
  readonly isReady: boolean
  /** Without names: probes are open to whoever reaches them. Undefined where they do not matter (`none`). */
  readonly issuers: Ratio | undefined
  readonly databases: Ratio | undefined
}

/** A look costs a query and perhaps a key fetch; those who look often share one. */
const KEPT_MS = 2_000
/** Where one is enough, the others are waited for so long once one is there. */
const OTHERS_MS = 250

/**
 * Whether somebody could log in now: keys of every issuer, and at least one usable server for each database; or of any of
 * them, as `probes.ready` says.
 */
export class ReadinessCheck {
  readonly #generation: () => Generation
  readonly #clock: Clock
  readonly #log: Log
  #last: { readonly of: Generation; readonly at: number; readonly result: Promise<Readiness> } | undefined
  readonly #complaints = new Map<string, string>()

  constructor(generation: () => Generation, clock: Clock, log: Log) {
    this.#generation = generation
    this.#clock = clock
    this.#log = log
  }

  look(): Promise<Readiness> {
    const of = this.#generation()
    const at = this.#clock.nowMs()
    if (this.#last === undefined || this.#last.of !== of || at - this.#last.at > KEPT_MS) {
      this.#last = { of, at, result: this.#ask(of) }
    }
    return this.#last.result
  }

  async #ask({ config, issuers, databases }: Generation): Promise<Readiness> {
    const { ready } = config.probes ?? {}
    const [ofIssuers, ofDatabases] = await Promise.all([
      this.#count(
        issuers.map((issuer) => [`issuer ${issuer.issuer}`, issuerReady(issuer)]),
        ready?.issuers,
      ),
      this.#count(
        [...databases].map(([name, { pool }]) => [`database ${name}`, pool.check()]),
        ready?.databases,
      ),
    ])
    const isReady = isEnough(ofIssuers, ready?.issuers) && isEnough(ofDatabases, ready?.databases)
    return { isReady, issuers: ofIssuers, databases: ofDatabases }
  }

  /** One that hangs holds up nobody whom the others are enough for. */
  async #count(parts: readonly Part[], wanted: HowMany = 'all'): Promise<Ratio | undefined> {
    let ready = 0
    const checks = parts.map(async (part) => {
      if (await this.#isReady(part)) ready++
      else throw new Error('not ready')
    })
    const all = Promise.allSettled(checks)
    if (wanted === 'none') return undefined
    if (wanted === 'all') await all
    else
      await Promise.race([
        all,
        Promise.any(checks).then(
          () => this.#clock.sleep(OTHERS_MS),
          () => {},
        ),
      ])
    return [ready, parts.length]
  }

  /** Says what is missing when that changes, not each time somebody looks. */
  async #isReady([name, check]: Part): Promise<boolean> {
    const reason = await check.then(
      () => '',
      (error: unknown) => asPgoauthError(error).message,
    )
    if ((this.#complaints.get(name) ?? '') !== reason) {
      if (reason === '') this.#log.info({ part: name }, 'ready again')
      else this.#log.warn({ part: name, reason }, 'not ready')
    }
    this.#complaints.set(name, reason)
    return reason === ''
  }
}

type Part = readonly [name: string, check: Promise<unknown>]

function isEnough(ratio: Ratio | undefined, wanted: HowMany = 'all'): boolean {
  return ratio === undefined || (wanted === 'any' ? ratio[0] > 0 : ratio[0] === ratio[1])
}

async function issuerReady(issuer: VerifiedIssuer): Promise<void> {
  if (issuer.tokens === 'jwt') await issuer.keys.current()
  else if (issuer.client.isOpen) throw new Error('introspection is paused after failures')
}
