import type { Clock } from '../base/clock.ts'

const FIRST_MS = 1_000
const LONGEST_MS = 60_000

/** Spaces out refreshes that fail while the token at hand is still good: 1 s, 2 s, 4 s … 60 s, each with jitter. */
export class RefreshBackoff {
  readonly #clock: Clock
  #failures = 0
  #untilMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get waits(): boolean {
    return this.#clock.nowMs() < this.#untilMs
  }

  failed(): void {
    const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 16)
    this.#untilMs = this.#clock.nowMs() + longest * (0.5 + Math.random() / 2)
  }
}
