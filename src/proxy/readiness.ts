import type { Clock } from '../base/clock.ts'
import { asPgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { VerifiedIssuer } from '../oauth/verify-token.ts'
import type { Generation } from './generation.ts'

export interface Readiness {
  readonly isReady: boolean
  /** How many of how many, without names: probes are open to whoever reaches them. */
  readonly issuers: readonly [ready: number, all: number]
  readonly databases: readonly [ready: number, all: number]
}

/** A look costs a query and perhaps a key fetch; those who look often share one. */
const KEPT_MS = 2_000

/** Whether somebody could log in now: keys of every issuer, and at least one usable server for each database. */
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

  async #ask({ issuers, databases }: Generation): Promise<Readiness> {
    const [issuersReady, databasesReady] = await Promise.all([
      this.#count(issuers.map((issuer) => [`issuer ${issuer.issuer}`, issuerReady(issuer)])),
      this.#count([...databases].map(([name, { pool }]) => [`database ${name}`, pool.check()])),
    ])
    return {
      isReady: issuersReady === issuers.length && databasesReady === databases.size,
      issuers: [issuersReady, issuers.length],
      databases: [databasesReady, databases.size],
    }
  }

  /** Says what is missing when that changes, not each time somebody looks. */
  async #count(parts: readonly (readonly [name: string, check: Promise<unknown>])[]): Promise<number> {
    let ready = 0
    for (const [name, check] of parts) {
      const reason = await check.then(
        () => '',
        (error: unknown) => asPgoauthError(error).message,
      )
      if (reason === '') ready++
      if ((this.#complaints.get(name) ?? '') !== reason) {
        if (reason === '') this.#log.info({ part: name }, 'ready again')
        else this.#log.warn({ part: name, reason }, 'not ready')
      }
      this.#complaints.set(name, reason)
    }
    return ready
  }
}

async function issuerReady(issuer: VerifiedIssuer): Promise<void> {
  if (issuer.tokens === 'jwt') await issuer.keys.current()
  else if (issuer.client.isOpen) throw new Error('introspection is paused after failures')
}
