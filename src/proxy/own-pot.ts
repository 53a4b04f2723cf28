import type { PotWant, Press } from './worker-pot.ts'

/** What a worker says of its pots to the primary. */
export interface PotOffice {
  want(pot: PotName, want: PotWant): void
  giveBack(pot: PotName, count: number): void
}

/** Which pot, who of this worker asks, and what the pot is like where nobody has asked before. */
export interface PotName {
  readonly pot: string
  readonly holder: number
  readonly capacity: number
  readonly fairShare: number
}

/** Who has pots, and is told what the primary says of them. */
export interface PotKeeper {
  granted(): void
  pressed(pot: OwnPot): void
}

export const NOTHING_WANTED: PotWant = { count: 0, sinceMs: Number.POSITIVE_INFINITY, warm: 0 }

/** What one worker has of one pot. */
export class OwnPot {
  readonly name: PotName
  readonly identity: string | undefined
  readonly #keeper: PotKeeper
  granted = 0
  press: Press | undefined
  /** What the primary knows that is wanted; undefined where that changed with a grant. */
  wanted: PotWant | undefined = NOTHING_WANTED
  /** In transaction pooling: since when something is wanted. */
  wantedSinceMs: number | undefined
  /** Looks in a row that found it unused. */
  unusedSweeps = 0

  constructor(name: PotName, identity: string | undefined, keeper: PotKeeper) {
    this.name = name
    this.identity = identity
    this.#keeper = keeper
  }

  grant(count: number): void {
    this.granted += count
    this.wanted = undefined
    this.#keeper.granted()
  }

  pressed(press: Press | undefined): void {
    this.press = press
    this.#keeper.pressed(this)
  }
}

/** Whether the primary would hear nothing new. */
export function isSameWant(a: PotWant, b: PotWant): boolean {
  return a.count === b.count && a.sinceMs === b.sinceMs && a.warm === b.warm
}
