import type { Clock } from '../base/clock.ts'
import { PgoauthError } from '../base/errors.ts'

export interface LeaseRequest<S> {
  /** Connections of one key are alike: the role, and whatever else cannot be changed once connected. */
  readonly key: string
  /** Who asks: issuer and subject. */
  readonly identity: string
  /** Called once for each time it is asked, inside `request` itself where a connection is idle. */
  onLease(server: S): void
  onRefused(error: PgoauthError): void
}

/** One that asked and was not served yet. */
export class Waiter<S> {
  readonly request: LeaseRequest<S>
  readonly key: string
  readonly identity: string
  readonly sinceMs: number
  readonly untilMs: number
  /** It was not served at once. */
  hasWaited = false

  constructor(request: LeaseRequest<S>, sinceMs: number, untilMs: number) {
    this.request = request
    this.key = request.key
    this.identity = request.identity
    this.sinceMs = sinceMs
    this.untilMs = untilMs
  }
}

export interface WaitersOptions {
  readonly clock: Clock
  readonly waitMs: () => number
  /** Called as each wait ends, those in vain among them; never for one that was served at once. */
  readonly onWaited: (ms: number) => void
  /** Some were refused because their time was over. */
  readonly onExpired: () => void
}

/** Who waits for a server connection, in the order of asking, each for as long as it may. */
export class LeaseWaiters<S> {
  readonly #options: WaitersOptions
  readonly #waiters = new Set<Waiter<S>>()
  #stopWatch: (() => void) | undefined

  constructor(options: WaitersOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#waiters.size
  }

  [Symbol.iterator](): Iterator<Waiter<S>> {
    return this.#waiters.values()
  }

  has(waiter: Waiter<S>): boolean {
    return this.#waiters.has(waiter)
  }

  add(request: LeaseRequest<S>): Waiter<S> {
    const { clock, waitMs } = this.#options
    const sinceMs = clock.nowMs()
    const waiter = new Waiter(request, sinceMs, sinceMs + waitMs())
    this.#waiters.add(waiter)
    return waiter
  }

  /** It was not served at once: its wait is counted, and comes to an end. */
  stay(waiter: Waiter<S>): void {
    waiter.hasWaited = true
    this.#watch()
  }

  /** Takes it out; false where it is no more. */
  leave(waiter: Waiter<S>): boolean {
    if (!this.#waiters.delete(waiter)) return false
    const { clock, onWaited } = this.#options
    if (waiter.hasWaited) onWaited(Math.max(0, clock.nowMs() - waiter.sinceMs))
    return true
  }

  refuse(waiter: Waiter<S>, error: PgoauthError): void {
    if (this.leave(waiter)) waiter.request.onRefused(error)
  }

  refuseAll(error: PgoauthError): void {
    this.#stopWatch?.()
    for (const waiter of this.#waiters) this.refuse(waiter, error)
  }

  /** One timer, for the one that came first: all wait equally long. */
  #watch(): void {
    if (this.#stopWatch !== undefined) return
    const [first] = this.#waiters
    if (first === undefined) return
    const { clock, waitMs, onExpired } = this.#options
    this.#stopWatch = clock.after(Math.max(0, first.untilMs - clock.nowMs()), () => {
      this.#stopWatch = undefined
      const now = clock.nowMs()
      for (const waiter of this.#waiters) {
        if (waiter.untilMs > now) break
        this.refuse(waiter, new PgoauthError('POOL_EXHAUSTED', { detail: `waited ${waitMs()} ms` }))
      }
      onExpired()
      this.#watch()
    })
  }
}
