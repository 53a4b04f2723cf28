import type { Clock } from '../base/clock.ts'

/** Failures in a row that open the circuit, and how long it stays open before one request may try. */
const OPEN_AFTER = 5
const OPEN_MS = 10_000

/**
 * Stops asking somebody who fails. Closed: everything is tried. Open, after several failures in a row: nothing is, for a
 * while. Then one attempt decides, and nobody else tries until it has.
 */
export class CircuitBreaker {
  readonly #clock: Clock
  #failures = 0
  #openedAtMs = 0
  #isTrying = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isOpen(): boolean {
    return this.#failures >= OPEN_AFTER && (this.#isTrying || this.#sinceOpenedMs() < OPEN_MS)
  }

  /** Whether to try now; who is told so has to. */
  mayTry(): boolean {
    if (this.isOpen) return false
    this.#isTrying = this.#failures >= OPEN_AFTER
    return true
  }

  /** Counts how an attempt ends. `isFailure` says which errors are the other side's fault. */
  async watch<T>(attempt: Promise<T>, isFailure: (error: unknown) => boolean): Promise<T> {
    try {
      const value = await attempt
      this.#failures = 0
      return value
    } catch (error) {
      if (!isFailure(error)) this.#failures = 0
      else if (++this.#failures >= OPEN_AFTER) this.#openedAtMs = this.#clock.nowMs()
      throw error
    } finally {
      this.#isTrying = false
    }
  }

  /** A clock that was set back must not keep it open for long. */
  #sinceOpenedMs(): number {
    return Math.abs(this.#clock.nowMs() - this.#openedAtMs)
  }
}
