/** A worker that served so long and then died was well: its successor is started at once. */
const WELL_MS = 10_000
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000
/** So many in a row that died before they served, over all places: whatever keeps them from it does not go away. */
const MAX_FAILED_STARTS = 5
/** So many in a row in one place that died soon after they began to serve. */
const MAX_SOON_DEAD = 10

export interface WorkerDeath {
  readonly slot: number
  /** How long it served; undefined: it never did. */
  readonly servedMs: number | undefined
}

/** When dead workers are replaced. Pure: somebody else waits. */
export class WorkerRestarts {
  readonly #soonDead = new Map<number, number>()
  #failedStarts = 0

  /** A worker serves. */
  served(): void {
    this.#failedStarts = 0
  }

  /** How long to wait before its place is taken, in milliseconds; undefined: it is a loop, give up. */
  died({ slot, servedMs }: WorkerDeath): number | undefined {
    if (servedMs === undefined) this.#failedStarts++
    const isWell = servedMs !== undefined && servedMs >= WELL_MS
    const inARow = isWell ? 0 : (this.#soonDead.get(slot) ?? 0) + 1
    this.#soonDead.set(slot, inARow)
    if (this.#failedStarts >= MAX_FAILED_STARTS || inARow >= MAX_SOON_DEAD) return undefined
    return inARow === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (inARow - 1), LONGEST_DELAY_MS)
  }
}
