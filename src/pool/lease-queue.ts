import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import {
  type BoundedQueue,
  type BoundsFactory,
  type LeaseBounds,
  type LeaseDemand,
  ownBounds,
  type Want,
} from './lease-bounds.ts'

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

export interface LeaseRequest<S> {
  /** Connections of one key are alike: the role, and whatever else cannot be changed once connected. */
  readonly key: string
  /** Who asks: issuer and subject. */
  readonly identity: string
  /** Called once, inside `request` itself where a connection is idle. */
  onLease(server: S): void
  onRefused(error: PgoauthError): void
}

interface Entry {
  readonly key: string
  /** Undefined while idle. */
  identity: string | undefined
  idleSinceMs: number
}

class Waiter<S> {
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
  readonly #onWaited: (ms: number) => void
  readonly #entries = new Map<S, Entry>()
  /** Idle connections by key, the last one returned last: it is lent first, so that the others grow old. */
  readonly #idle = new Map<string, S[]>()
  readonly #opening = new Map<string, number>()
  readonly #waiters = new Set<Waiter<S>>()
  readonly #held = new Map<string, number>()
  #stopWatch: (() => void) | undefined
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
    this.#onWaited = options.onWaited ?? (() => {})
  }

  /** Asks for a connection; the function given back takes the request out of the queue again. */
  request(request: LeaseRequest<S>): () => void {
    if (this.#closed) {
      request.onRefused(new PgoauthError('SHUTDOWN'))
      return NOTHING
    }
    if (this.#waiters.size === 0 && this.#mayHoldMore(request.identity, 0)) {
      const server = this.#takeIdle(request.key)
      if (server !== undefined) {
        this.#lend(server, request)
        return NOTHING
      }
    }
    const sinceMs = this.#clock.nowMs()
    const waiter = new Waiter(request, sinceMs, sinceMs + this.limits.waitMs)
    this.#waiters.add(waiter)
    this.#dispatch()
    if (this.#waiters.has(waiter)) {
      waiter.hasWaited = true
      this.#watch()
    }
    return () => {
      if (this.#leave(waiter)) this.#dispatch()
    }
  }

  /** Takes a clean connection back; one that grew too old is closed instead. */
  giveBack(server: S): void {
    const entry = this.#entries.get(server)
    if (entry?.identity === undefined) return
    this.#release(entry)
    const now = this.#clock.nowMs()
    if (this.#closed || now - server.openedAtMs >= this.limits.maxAgeMs || !this.bounds.keepsServer()) {
      this.#entries.delete(server)
      server.close()
    } else {
      entry.idleSinceMs = now
      push(this.#idle, entry.key, server)
    }
    this.#dispatch()
    this.#upkeepLater()
  }

  /** Forgets a connection that was lost or is not fit to be lent again; the caller closes it. */
  remove(server: S): void {
    const entry = this.#entries.get(server)
    if (entry === undefined) return
    this.#entries.delete(server)
    if (entry.identity === undefined) take(this.#idle, entry.key, server)
    this.#release(entry)
    this.#dispatch()
    this.#upkeepLater()
  }

  /** Ends idle connections now and leased ones as they come back; whoever waits is refused. */
  close(): void {
    this.#closed = true
    this.#stopWatch?.()
    this.#stopUpkeep?.()
    for (const waiter of this.#waiters) this.#refuse(waiter, new PgoauthError('SHUTDOWN'))
    for (const servers of this.#idle.values()) for (const server of [...servers]) this.#evict(server)
    this.bounds.settle(false)
  }

  /** Closes idle connections that are due, and opens what `minIdle` wants. */
  upkeep(): void {
    const now = this.#clock.nowMs()
    for (const servers of this.#idle.values()) {
      for (const server of [...servers]) {
        const entry = this.#entries.get(server)
        if (entry === undefined) continue
        const tooOld = now - server.openedAtMs >= this.limits.maxAgeMs
        const unused = now - entry.idleSinceMs >= this.limits.idleMs && servers.length > this.limits.minIdle
        if (tooOld || unused) this.#evict(server)
      }
    }
    this.#warm()
    this.bounds.settle(true)
    this.#upkeepLater()
  }

  get servers(): number {
    return this.#entries.size + this.#openingCount()
  }

  get waiting(): number {
    return this.#waiters.size
  }

  heldBy(identity: string): number {
    return this.#held.get(identity) ?? 0
  }

  waitingSinceMs(identity?: string): number | undefined {
    for (const waiter of this.#waiters) {
      if (identity === undefined || waiter.identity === identity) return waiter.sinceMs
    }
    return undefined
  }

  /** The waiters that a dispatch now would leave, by what they lack; in the order of asking, as it goes. */
  demand(): LeaseDemand {
    const spare = new Map(this.#opening)
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
      for (const [key, idle] of this.#idle) {
        warm += Math.max(0, this.limits.minIdle - idle.length - (this.#opening.get(key) ?? 0))
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
    const idle = [...this.#idle.values()].reduce((sum, servers) => sum + servers.length, 0)
    const opening = this.#openingCount()
    return { idle, leased: this.#entries.size - idle, opening, waiting: this.#waiters.size }
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
      const server = this.#takeIdle(waiter.key)
      if (server !== undefined) {
        this.#leave(waiter)
        this.#lend(server, waiter.request)
        continue
      }
      planned ??= new Map()
      planned.set(waiter.identity, share + 1)
      spare ??= new Map(this.#opening)
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

  #lend(server: S, request: LeaseRequest<S>): void {
    const entry = this.#entries.get(server) as Entry
    entry.identity = request.identity
    this.#held.set(request.identity, (this.#held.get(request.identity) ?? 0) + 1)
    request.onLease(server)
  }

  #release(entry: Entry): void {
    if (entry.identity === undefined) return
    const left = (this.#held.get(entry.identity) ?? 1) - 1
    if (left > 0) this.#held.set(entry.identity, left)
    else this.#held.delete(entry.identity)
    const { identity } = entry
    entry.identity = undefined
    this.bounds.released(identity)
  }

  #openOne(key: string): void {
    this.#opening.set(key, (this.#opening.get(key) ?? 0) + 1)
    this.#open(key)
      .then(
        (server) => {
          this.#opened(key)
          this.#entries.set(server, { key, identity: undefined, idleSinceMs: this.#clock.nowMs() })
          push(this.#idle, key, server)
          if (this.#closed) this.#evict(server)
        },
        (thrown: unknown) => {
          this.#opened(key)
          const error = asPgoauthError(thrown, 'SERVER_UNREACHABLE')
          // Whoever else waits for this key has an attempt of its own on the way, or gets one now.
          const first = [...this.#waiters].find((one) => one.key === key && this.#mayHoldMore(one.identity, 0))
          if (first !== undefined) this.#refuse(first, error)
        },
      )
      .then(() => {
        this.#dispatch()
        this.#upkeepLater()
      })
  }

  #opened(key: string): void {
    const left = (this.#opening.get(key) ?? 1) - 1
    if (left > 0) this.#opening.set(key, left)
    else this.#opening.delete(key)
  }

  #mayHoldMore(identity: string, planned: number): boolean {
    return (this.#held.get(identity) ?? 0) + planned < this.bounds.shareOf(identity)
  }

  /** Nothing is idle, and nothing more may be opened: whoever waits goes on waiting. */
  #hasNothing(): boolean {
    for (const servers of this.#idle.values()) if (servers.length > 0) return false
    return this.#isFull()
  }

  #isFull(): boolean {
    return this.#entries.size + this.#openingCount() >= this.bounds.servers
  }

  #openingCount(): number {
    let count = 0
    for (const opening of this.#opening.values()) count += opening
    return count
  }

  #takeIdle(key: string): S | undefined {
    return this.#idle.get(key)?.pop()
  }

  #evictLongestIdle(sinceBeforeMs = Number.POSITIVE_INFINITY): boolean {
    let oldest: S | undefined
    let sinceMs = Number.POSITIVE_INFINITY
    for (const [first] of this.#idle.values()) {
      const entry = first && this.#entries.get(first)
      if (entry !== undefined && entry.idleSinceMs < sinceMs) {
        oldest = first
        sinceMs = entry.idleSinceMs
      }
    }
    if (oldest === undefined || sinceMs > sinceBeforeMs) return false
    this.#evict(oldest)
    return true
  }

  #evict(server: S): void {
    const entry = this.#entries.get(server)
    if (entry === undefined) return
    this.#entries.delete(server)
    take(this.#idle, entry.key, server)
    server.close()
  }

  #warm(): void {
    if (this.#waiters.size > 0) return
    for (const [key, servers] of this.#idle) {
      const coming = servers.length + (this.#opening.get(key) ?? 0)
      for (let count = coming; count < this.limits.minIdle && !this.#isFull(); count++) this.#openOne(key)
    }
  }

  #refuse(waiter: Waiter<S>, error: PgoauthError): void {
    if (this.#leave(waiter)) waiter.request.onRefused(error)
  }

  #leave(waiter: Waiter<S>): boolean {
    if (!this.#waiters.delete(waiter)) return false
    if (waiter.hasWaited) this.#onWaited(Math.max(0, this.#clock.nowMs() - waiter.sinceMs))
    return true
  }

  /** One timer, for the waiter that came first: all wait equally long. */
  #watch(): void {
    if (this.#stopWatch !== undefined) return
    const [first] = this.#waiters
    if (first === undefined) return
    this.#stopWatch = this.#clock.after(Math.max(0, first.untilMs - this.#clock.nowMs()), () => {
      this.#stopWatch = undefined
      const now = this.#clock.nowMs()
      for (const waiter of this.#waiters) {
        if (waiter.untilMs > now) break
        this.#refuse(waiter, new PgoauthError('POOL_EXHAUSTED', { detail: `waited ${this.limits.waitMs} ms` }))
      }
      this.bounds.settle(false)
      this.#watch()
    })
  }

  #upkeepLater(): void {
    if (this.#closed || this.#stopUpkeep !== undefined || this.#entries.size === 0) return
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

function push<S>(lists: Map<string, S[]>, key: string, one: S): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [one])
  else list.push(one)
}

function take<S>(lists: Map<string, S[]>, key: string, one: S): void {
  const list = lists.get(key)
  const at = list?.indexOf(one) ?? -1
  if (at >= 0) list?.splice(at, 1)
}
