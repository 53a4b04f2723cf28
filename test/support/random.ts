/**
 * Seeded pseudo-random numbers for tests (mulberry32): the same seed gives the same run, so a failure that
 * prints its seed can be had again.
 */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A float from 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.alloc(count)
    for (let at = 0; at < count; at++) bytes[at] = this.below(256)
    return bytes
  }
}

/** The seed of this run: `PGOAUTH_TEST_SEED`, or a new one; print it with every failure. */
export function testSeed(): number {
  return Number(process.env.PGOAUTH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
}
