/** So much of a turn of the event loop goes to the bursts of all sessions together. */
const TURN_MS = 4

/**
 * Shares the event loop out among sessions that send many messages at once: what stands behind the first few of a chunk
 * is worked on some milliseconds a turn, whoever's it is, and what is left over waits for a later turn, in order.
 *
 * Without it a megabyte of small messages, which is read in one go, would keep everybody else waiting until it is done.
 */
export class BurstTurns {
  #spentMs = 0
  #isScheduled = false
  #waiting: { readonly action: () => void; readonly ms: number }[] = []

  /** No more of this turn is left for bursts. */
  get isOver(): boolean {
    return this.#spentMs >= TURN_MS
  }

  /** Counts so many milliseconds of this turn. */
  spend(ms: number): void {
    // A clock that was set back tells nothing.
    if (ms <= 0) return
    this.#spentMs += ms
    this.#schedule()
  }

  /** Calls `action` in a later turn, behind those that wait already; it counts as so many milliseconds beside what it spends. */
  wait(action: () => void, ms = 0): void {
    this.#waiting.push({ action, ms })
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#isScheduled = false
    this.#spentMs = 0
    const due = this.#waiting
    this.#waiting = []
    let at = 0
    for (; at < due.length && !this.isOver; at++) {
      const { action, ms } = due[at] as (typeof due)[number]
      this.#spentMs += ms
      action()
    }
    if (at < due.length) this.#waiting = [...due.slice(at), ...this.#waiting]
    if (this.#waiting.length > 0) this.#schedule()
  }
}

/** Of this process, which has one event loop. */
export const bursts = new BurstTurns()
