import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import { IdleServers, type QueuedServer } from './idle-servers.ts'
import { KeyCounts } from './key-counts.ts'
import {
  type BoundedQueue,
  type BoundsFactory,
  type LeaseBounds,
  type LeaseDemand,
  ownBounds,
  type Want,
} from './lease-bounds.ts'
import { type LeaseRequest, LeaseWaiters } from './lease-waiters.ts'

/** What the queue needs to know of a server connection. */
export interface Poolable {
  readonly openedAtMs: number
  close(): void
}

/** Of one database, over all of its roles. */
export interface LeaseLimits {
  /** Server connections at most, those being opened and reset among them. */
  readonly size: number
  /** How many of them one person may hold at once. */
  readonly serversPerIdentity: number
  /** Idle connections kept open beyond `idleMs`, for each role once it was used. */
  readonly minIdle: number
  readonly idleMs: number
  readonly maxAgeMs: number
  /** How long a lease may be waited for; then POOL_EXHAUSTED. */
  readonly waitMs: number
}

/**
 * Shares one database's server connections out: in the order of asking, a waiter stepping aside only while its own
 * person holds a full share. A full pool gives up an idle connection of another role for the waiter whose turn it is.
 *
 * Connections go in and out of it as they are: whoever gives one back has cleaned it first (reset.ts).
 */
export class LeaseQueue<S extends Poolable> implements BoundedQueue {
  limits: LeaseLimits
  readonly bounds: LeaseBounds
  readonly #clock: Clock
  readonly #open: (key: string) => Promise<S>
  readonly #servers = new Map<S, QueuedServer<S>>()
  readonly #idle = new IdleServers<S>()
  readonly #opening = new KeyCounts()
  readonly #waiters: LeaseWaiters<S>
  readonly #held = new KeyCounts()
  #stopUpkeep: (() => void) | undefined
  #closed = false
  #dispatching = false
  #dispatchAgain = false

  constructor(options: {
    limits: LeaseLimits
    bounds?: BoundsFactory | undefined
    clock: Clock
    open: (key: string) => Promise<S>
    /** Called as each wait ends, those in vain among them; never for a lease that was there at once. */
    onWaited?: ((ms: number) => void) | undefined
  }) {
    this.limits = options.limits
    this.bounds = (options.bounds ?? ownBounds)(this, options.limits)
    this.#clock = options.clock
    this.#open = options.open
    this.#waiters = new LeaseWaiters({
      clock: options.clock,
      waitMs: () => this.limits.waitMs,
      onWaited: options.onWaited ?? (() => {}),
      onExpired: () => this.bounds.settle(false),
    })
  }

  /** Asks for a connection; the function given back takes the request out of the queue again. */
  request(request: LeaseRequest<S>): () => void {
    if (this.#closed) {
      request.onRefused(new PgoauthError('SHUTDOWN'))
      return NOTHING
    }
    if (this.#waiters.size === 0 && this.#mayHoldMore(request.identity, 0)) {
      const one = this.#idle.take(request.key)
      if (one !== undefined) {
        this.#lend(one, request)
        return NOTHING
      }
    }
    const waiter = this.#waiters.add(request)
    this.#dispatch()
    if (this.#waiters.has(waiter)) this.#waiters.stay(waiter)
    return () => {
      if (this.#waiters.leave(waiter)) this.#dispatch()
    }
  }

  /** Takes a clean connection back; one that grew too old is closed instead. */
  giveBack(server: S): void {
    const one = this.#servers.get(server)
    if (one?.identity === undefined) return
    this.#release(one)
    const now = this.#clock.nowMs()
    if (this.#closed || now - server.openedAtMs >= this.limits.maxAgeMs || !this.bounds.keepsServer()) {
      this.#servers.delete(server)
      server.close()
    } else {
      one.idleSinceMs = now
      this.#idle.add(one)
    }
    this.#dispatch()
    this.#upkeepLater()
  }

  /** Forgets a connection that was lost or is not fit to be lent again; the caller closes it. */
  remove(server: S): void {
    const one = this.#servers.get(server)
    if (one === undefined) return
    this.#servers.delete(server)
    if (one.identity === undefined) this.#idle.remove(one)
    this.#release(one)
    this.#dispatch()
    this.#upkeepLater()
  }

  /** Ends idle connections now and leased ones as they come back; whoever waits is refused. */
  close(): void {
    this.#closed = true
    this.#stopUpkeep?.()
    this.#waiters.refuseAll(new PgoauthError('SHUTDOWN'))
    for (const idle of this.#idle.lists.values()) for (const one of [...idle]) this.#evict(one)
    this.bounds.settle(false)
  }

  /** Closes idle connections that are due, and opens what `minIdle` wants. */
  upkeep(): void {
    const now = this.#clock.nowMs()
    for (const idle of this.#idle.lists.values()) {
      for (const one of [...idle]) {
        const isTooOld = now - one.server.openedAtMs >= this.limits.maxAgeMs
        const isUnused = now - one.idleSinceMs >= this.limits.idleMs && idle.length > this.limits.minIdle
        if (isTooOld || isUnused) this.#evict(one)
      }
    }
    this.#warm()
    this.bounds.settle(true)
    this.#upkeepLater()
  }

  get servers(): number {
    return this.#servers.size + this.#opening.total
  }

  get waiting(): number {
    return this.#waiters.size
  }

  heldBy(identity: string): number {
    return this.#held.of(identity)
  }

  waitingSinceMs(identity?: string): number | undefined {
    for (const waiter of this.#waiters) {
      if (identity === undefined || waiter.identity === identity) return waiter.sinceMs
    }
    return undefined
  }

  /** The waiters that a dispatch now would leave, by what they lack; in the order of asking, as it goes. */
  demand(): LeaseDemand {
    const spare = this.#opening.copy()
    const planned = new Map<string, number>()
    const identities = new Map<string, Want>()
    let servers: Want | undefined
    for (const { identity, key, sinceMs } of this.#waiters) {
      const share = planned.get(identity) ?? 0
      if (!this.#mayHoldMore(identity, share)) {
        identities.set(identity, oneMore(identities.get(identity), sinceMs))
        continue
      }
      planned.set(identity, share + 1)
      const coming = spare.get(key) ?? 0
      if (coming > 0) spare.set(key, coming - 1)
      else servers = oneMore(servers, sinceMs)
    }
    let warm = 0
    if (this.#waiters.size === 0 && !this.#closed) {
      for (const [key, idle] of this.#idle.lists) {
        warm += Math.max(0, this.limits.minIdle - idle.length - this.#opening.of(key))
      }
    }
    return { servers, identities, warm }
  }

  boundsChanged(): void {
    this.#dispatch()
    if (!this.#closed) this.#warm()
  }

  giveUpIdle(idleForMs: number): boolean {
    return this.#evictLongestIdle(this.#clock.nowMs() - idleForMs)
  }

  /** Counts for metrics. */
  get counts(): { idle: number; leased: number; opening: number; waiting: number } {
    const idle = this.#idle.count
    return { idle, leased: this.#servers.size - idle, opening: this.#opening.total, waiting: this.#waiters.size }
  }

  /** Serves whoever can be served, in order. A lease granted here may give back or ask at once: then again. */
  #dispatch(): void {
    this.#dispatchAgain = true
    if (this.#dispatching) return
    this.#dispatching = true
    while (this.#dispatchAgain) {
      this.#dispatchAgain = false
      this.#dispatchOnce()
    }
    this.#dispatching = false
    this.bounds.settle(false)
  }

  #dispatchOnce(): void {
    if (this.#waiters.size === 0 || this.#hasNothing()) return
    /** Connections on their way, by key, less those that an earlier waiter counts on; made where somebody is left. */
    let spare: Map<string, number> | undefined
    let planned: Map<string, number> | undefined
    let { closing } = this.bounds
    for (const waiter of this.#waiters) {
      if (this.#hasNothing()) return
      const share = planned?.get(waiter.identity) ?? 0
      if (!this.#mayHoldMore(waiter.identity, share)) continue
      const one = this.#idle.take(waiter.key)
      if (one !== undefined) {
        this.#waiters.leave(waiter)
        this.#lend(one, waiter.request)
        continue
      }
      planned ??= new Map()
      planned.set(waiter.identity, share + 1)
      spare ??= this.#opening.copy()
      const coming = spare.get(waiter.key) ?? 0
      if (coming > 0) {
        spare.set(waiter.key, coming - 1)
        continue
      }
      if (this.#isFull()) {
        if (closing-- > 0 || !this.#evictLongestIdle() || this.#isFull()) continue
      }
      this.#openOne(waiter.key)
    }
  }

  #lend(one: QueuedServer<S>, request: LeaseRequest<S>): void {
    one.identity = request.identity
    this.#held.add(request.identity)
    request.onLease(one.server)
  }

  #release(one: QueuedServer<S>): void {
    const { identity } = one
    if (identity === undefined) return
    this.#held.remove(identity)
    one.identity = undefined
    this.bounds.released(identity)
  }

  #openOne(key: string): void {
    this.#opening.add(key)
    this.#open(key)
      .then(
        (server) => {
          this.#opening.remove(key)
          const one = { server, key, identity: undefined, idleSinceMs: this.#clock.nowMs() }
          this.#servers.set(server, one)
          this.#idle.add(one)
          if (this.#closed) this.#evict(one)
        },
        (thrown: unknown) => {
          this.#opening.remove(key)
          const error = asPgoauthError(thrown, 'SERVER_UNREACHABLE')
          // Whoever else waits for this key has an attempt of its own on the way, or gets one now.
          const first = [...this.#waiters].find((one) => one.key === key && this.#mayHoldMore(one.identity, 0))
          if (first !== undefined) this.#waiters.refuse(first, error)
        },
      )
      .then(() => {
        this.#dispatch()
        this.#upkeepLater()
      })
  }

  #mayHoldMore(identity: string, planned: number): boolean {
    return this.#held.of(identity) + planned < this.bounds.shareOf(identity)
  }

  /** Nothing is idle, and nothing more may be opened: whoever waits goes on waiting. */
  #hasNothing(): boolean {
    return this.#idle.count === 0 && this.#isFull()
  }

  #isFull(): boolean {
    return this.servers >= this.bounds.servers
  }

  #evictLongestIdle(sinceBeforeMs = Number.POSITIVE_INFINITY): boolean {
    const { longest } = this.#idle
    if (longest === undefined || longest.idleSinceMs > sinceBeforeMs) return false
    this.#evict(longest)
    return true
  }

  #evict(one: QueuedServer<S>): void {
    if (!this.#servers.delete(one.server)) return
    this.#idle.remove(one)
    one.server.close()
  }

  #warm(): void {
    if (this.#waiters.size > 0) return
    for (const [key, idle] of this.#idle.lists) {
      const coming = idle.length + this.#opening.of(key)
      for (let count = coming; count < this.limits.minIdle && !this.#isFull(); count++) this.#openOne(key)
    }
  }

  #upkeepLater(): void {
    if (this.#closed || this.#stopUpkeep !== undefined || this.#servers.size === 0) return
    const { idleMs, maxAgeMs } = this.limits
    const everyMs = Math.max(100, Math.min(idleMs, maxAgeMs, 60_000) / 2)
    this.#stopUpkeep = this.#clock.after(everyMs, () => {
      this.#stopUpkeep = undefined
      this.upkeep()
    })
  }
}

/** Where there is nothing to take out of the queue. */
const NOTHING = () => {}

function oneMore(want: Want | undefined, sinceMs: number): Want {
  return { count: (want?.count ?? 0) + 1, sinceMs: want?.sinceMs ?? sinceMs }
}
