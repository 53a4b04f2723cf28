import type { Clock } from '../base/clock.ts'
import type { BoundedQueue, LeaseBounds, Want } from '../pool/lease-bounds.ts'
import { isSameWant, NOTHING_WANTED, OwnPot, type PotName, type PotOffice } from './own-pot.ts'
import type { PotWant, Press } from './worker-pot.ts'

export interface WorkerBoundsOptions {
  readonly queue: BoundedQueue
  /** The pot of server connections; those of its identities' shares are named after it. */
  readonly servers: PotName
  readonly share: { readonly capacity: number; readonly fairShare: number }
  readonly fairServers: number
  /** In transaction pooling leases are short: who waits is served by the worker's own rather than over a new connection. */
  readonly isTransaction: boolean
  readonly office: PotOffice
  readonly clock: Clock
  readonly onIdentityPot: (pot: string, own: OwnPot | undefined) => void
}

/** In transaction pooling, how much longer others must have waited before a connection goes to them. */
const PATIENCE_MS = 100
/**
 * In transaction pooling a worker keeps what it does not use for so long before others have it, up to its fair share: or
 * its next transaction would have to get it back.
 */
const KEEP_MS = 200
/** A worker that wants permits all the time says so again no more often. */
const WANT_MS = 10
/** More are asked for once these came. */
const MAX_WANT = 16
/** An identity's permits are kept for its next lease for two of these. */
const SWEEP_MS = 2_000

/**
 * The bounds of one database's queue in one worker of several: it may have what it holds permits for, and asks for more
 * as clients wait. A permit is held for each server connection from before it is opened until after it was closed; one
 * of an identity's share for each connection lent to it, and kept a while for the next.
 *
 * Nothing of it happens for each lease, as long as the permits suffice.
 */
export class WorkerBounds implements LeaseBounds {
  readonly fairServers: number
  readonly #options: WorkerBoundsOptions
  readonly #queue: BoundedQueue
  readonly #servers: OwnPot
  readonly #shares = new Map<string, OwnPot>()
  /** Pots of which something is wanted. */
  readonly #wanting = new Set<OwnPot>()
  /** Server connections, those being opened or closed among them. */
  #live = 0
  /** Permits that go back once their connections are closed on both sides. */
  #promised = 0
  /** Pots that others press for. */
  readonly #pressed = new Set<OwnPot>()
  #isScheduled = false
  #isTellingSoon = false
  #isSweeping = false
  #isLooking = false

  constructor(options: WorkerBoundsOptions) {
    this.#options = options
    this.#queue = options.queue
    this.fairServers = options.fairServers
    this.#servers = new OwnPot(options.servers, undefined, this)
  }

  get serverPot(): OwnPot {
    return this.#servers
  }

  get servers(): number {
    return this.#servers.granted - Math.max(this.#promised, this.#ending)
  }

  get closing(): number {
    return Math.max(0, this.#ending - this.#promised)
  }

  /** Connections that have left the queue and are still there. */
  get #ending(): number {
    return this.#live - this.#queue.servers
  }

  shareOf(identity: string): number {
    return this.#shares.get(identity)?.granted ?? 0
  }

  keepsServer(): boolean {
    const pot = this.#servers
    if (pot.press === undefined || !this.#gives(pot, pot.press, this.#queue.waitingSinceMs())) return true
    this.#giveServers(1)
    return false
  }

  opening(): void {
    this.#live++
  }

  ended(): void {
    this.#live--
    this.#keepPromise()
    if (this.#queue.waiting > 0) this.#queue.boundsChanged()
    this.settle(false)
  }

  released(identity: string): void {
    const pot = this.#shares.get(identity)
    if (pot?.press === undefined) return
    if (this.#gives(pot, pot.press, this.#queue.waitingSinceMs(identity))) this.#giveBack(pot, 1)
  }

  settle(isUpkeep: boolean): void {
    if (this.#isScheduled || this.#isTellingSoon) return
    const isAtRest = this.#queue.waiting === 0 && this.#wanting.size === 0 && this.servers === this.#queue.servers
    if (isAtRest && !isUpkeep) return
    if (this.#wanting.size === 0 || !this.#options.isTransaction) {
      this.#tellSoon()
      return
    }
    this.#isScheduled = true
    this.#options.clock.after(WANT_MS, () => {
      this.#isScheduled = false
      this.#tell()
    })
  }

  #tellSoon(): void {
    if (this.#isTellingSoon) return
    this.#isTellingSoon = true
    setImmediate(() => {
      this.#isTellingSoon = false
      this.#tell()
    })
  }

  granted(): void {
    this.#queue.boundsChanged()
    // Who got a share may lack a server connection now: that is said at once.
    this.#tellSoon()
  }

  /** Gives at once what nothing is done with. */
  pressed(pot: OwnPot): void {
    if (pot.press === undefined) this.#pressed.delete(pot)
    else this.#pressed.add(pot)
    this.#giveUnused(pot, 0)
    this.settle(false)
    this.#lookLater()
  }

  /** While others press it is looked again and again at what is not used. */
  #lookLater(): void {
    if (this.#isLooking || this.#pressed.size === 0) return
    this.#isLooking = true
    this.#options.clock.after(KEEP_MS, () => {
      this.#isLooking = false
      for (const pot of this.#pressed) this.#giveUnused(pot, KEEP_MS)
      this.#lookLater()
    })
  }

  #giveUnused(pot: OwnPot, forMs: number): void {
    if (pot.identity !== undefined) this.#giveUnusedShare(pot, pot.identity, forMs)
    else {
      while (pot.press && pot.press.count > 0) {
        // What is idle here is of no use to whoever waits here.
        const isMore = this.servers > this.#queue.servers
        if (!isMore && !this.#queue.giveUpIdle(this.#mayKeep(pot) ? KEEP_MS : 0)) return
        this.#giveServers(1)
      }
    }
  }

  #giveUnusedShare(pot: OwnPot, identity: string, forMs: number): void {
    const own = this.#queue.waitingSinceMs(identity)
    while (pot.press && pot.press.count > 0 && pot.granted > this.#queue.heldBy(identity)) {
      const isSpare = own === undefined && forMs >= KEEP_MS
      if (!isSpare && !this.#gives(pot, pot.press, own)) return
      this.#giveBack(pot, 1)
    }
  }

  #mayKeep(pot: OwnPot): boolean {
    return this.#options.isTransaction && this.#kept(pot) <= pot.name.fairShare
  }

  #kept(pot: OwnPot): number {
    return pot === this.#servers ? this.servers : pot.granted
  }

  /** From now on they are not ours to use. */
  #giveServers(count: number): void {
    const pot = this.#servers
    this.#promised += count
    if (pot.press) pot.press = { ...pot.press, count: pot.press.count - count }
    this.#keepPromise()
  }

  #keepPromise(): void {
    const free = Math.min(this.#promised, this.#servers.granted - this.#live)
    if (free <= 0) return
    this.#promised -= free
    this.#servers.granted -= free
    this.#options.office.giveBack(this.#servers.name, free)
  }

  /** Whether what has just come free here goes to the others. */
  #gives(pot: OwnPot, { count, target, sinceMs }: Press, ownSinceMs: number | undefined): boolean {
    if (count <= 0) return false
    if (this.#kept(pot) > target) return true
    if (ownSinceMs === undefined) return !this.#mayKeep(pot)
    return sinceMs + (this.#options.isTransaction ? PATIENCE_MS : 0) < ownSinceMs
  }

  #giveBack(pot: OwnPot, count: number): void {
    pot.granted -= count
    if (pot.press) pot.press = { ...pot.press, count: pot.press.count - count }
    this.#options.office.giveBack(pot.name, count)
  }

  #tell(): void {
    // Idle, though somebody waits here: it is of no use to them.
    if (this.#servers.press) this.#giveUnused(this.#servers, 0)
    const { servers, identities, warm } = this.#queue.demand()
    const surplus = this.servers - this.#queue.servers
    if (surplus > 0 && servers === undefined) this.#giveServers(surplus)
    this.#want(this.#servers, servers, warm)
    for (const pot of [...this.#wanting]) {
      if (pot.identity !== undefined && !identities.has(pot.identity)) this.#want(pot, undefined, 0)
    }
    for (const [identity, want] of identities) this.#want(this.#share(identity), want, 0)
  }

  #want(pot: OwnPot, want: Want | undefined, warm: number): void {
    const next = this.#wantOf(pot, want, warm)
    const isNone = next.count === 0 && next.warm === 0
    if (isNone) this.#wanting.delete(pot)
    else this.#wanting.add(pot)
    const { wanted } = pot
    if (wanted !== undefined && isSameWant(wanted, next)) return
    pot.wanted = next
    this.#options.office.want(pot.name, next)
  }

  #wantOf(pot: OwnPot, want: Want | undefined, warm: number): PotWant {
    if (want === undefined) {
      pot.wantedSinceMs = undefined
      return { ...NOTHING_WANTED, warm: Math.min(warm, MAX_WANT) }
    }
    pot.wantedSinceMs ??= want.sinceMs
    if (!this.#options.isTransaction) return { count: Math.min(want.count, MAX_WANT), sinceMs: want.sinceMs, warm: 0 }
    // Where leases are short the oldest waiter and their number change with every one; nobody needs to know them exactly.
    const roughly = 2 ** Math.ceil(Math.log2(want.count))
    return { count: Math.min(roughly, MAX_WANT), sinceMs: pot.wantedSinceMs, warm: 0 }
  }

  #share(identity: string): OwnPot {
    let pot = this.#shares.get(identity)
    if (pot === undefined) {
      const { servers, share, onIdentityPot } = this.#options
      pot = new OwnPot({ ...servers, ...share, pot: `${servers.pot} ${identity}` }, identity, this)
      this.#shares.set(identity, pot)
      onIdentityPot(pot.name.pot, pot)
      this.#sweepLater()
    }
    return pot
  }

  #sweepLater(): void {
    if (this.#isSweeping || this.#shares.size === 0) return
    this.#isSweeping = true
    this.#options.clock.after(SWEEP_MS, () => {
      this.#isSweeping = false
      for (const [identity, pot] of this.#shares) this.#sweep(identity, pot)
      this.#sweepLater()
    })
  }

  #sweep(identity: string, pot: OwnPot): void {
    const isUsed = this.#queue.heldBy(identity) > 0 || this.#wanting.has(pot)
    pot.unusedSweeps = isUsed ? 0 : pot.unusedSweeps + 1
    if (pot.unusedSweeps < 2) return
    if (pot.granted > 0) this.#giveBack(pot, pot.granted)
    this.#shares.delete(identity)
    this.#pressed.delete(pot)
    this.#options.onIdentityPot(pot.name.pot, undefined)
  }
}
