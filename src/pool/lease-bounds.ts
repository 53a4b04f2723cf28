import type { LeaseLimits } from './lease-queue.ts'

/** How many wait for the same thing, and since when the first of them. */
export interface Want {
  readonly count: number
  readonly sinceMs: number
}

/** What a queue lacks. */
export interface LeaseDemand {
  /** Waiters that one more server connection each would serve. */
  readonly servers: Want | undefined
  /** Waiters that only their own person's share holds back, by identity. */
  readonly identities: ReadonlyMap<string, Want>
  /** Connections that `minIdle` would have, where nobody waits. */
  readonly warm: number
}

/** A queue, as whoever shares one bound out among several of them sees it. */
export interface BoundedQueue {
  /** Server connections, those being opened among them. */
  readonly servers: number
  readonly waiting: number
  heldBy(identity: string): number
  demand(): LeaseDemand
  /** When the first waiter of this identity, or of any, began to wait; undefined where none does. */
  waitingSinceMs(identity?: string): number | undefined
  /** Looks again at who can be served: the bounds have changed. */
  boundsChanged(): void
  /** Closes the connection that was idle longest, for another queue's sake. False: none was idle for so long. */
  giveUpIdle(idleForMs: number): boolean
}

/**
 * What bounds a queue from outside: the configuration alone or, where several processes are one proxy, also what the
 * others have.
 */
export interface LeaseBounds {
  /** Server connections that the queue may have now. */
  readonly servers: number
  /** Connections that are being closed, and whose place a waiter here is going to have. */
  readonly closing: number
  /** What of all server connections is this queue's, where all of them are wanted everywhere. */
  readonly fairServers: number
  /** How many of them this identity may hold here now. */
  shareOf(identity: string): number
  /** Whether a connection that came back clean is to stay. False: it is wanted elsewhere; close it. */
  keepsServer(): boolean
  /** This identity holds one less. */
  released(identity: string): void
  /** Called after each change in the queue. `isUpkeep`: idle connections may be too few. */
  settle(isUpkeep: boolean): void
  /** A connection is about to be opened; `ended` follows, once, when it is closed on both sides or did not come about. */
  opening(): void
  ended(): void
}

export type BoundsFactory = (queue: BoundedQueue, limits: LeaseLimits) => LeaseBounds

/** One queue has it all. */
export const ownBounds: BoundsFactory = (_queue, { size, serversPerIdentity }) => ({
  servers: size,
  closing: 0,
  fairServers: size,
  shareOf: () => serversPerIdentity,
  keepsServer: () => true,
  released() {},
  settle() {},
  opening() {},
  ended() {},
})
