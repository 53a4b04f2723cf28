import type { Clock } from '../../src/base/clock.ts'

interface Timer {
  readonly atMs: number
  readonly action: () => void
}

/** A clock that stands still until it is told to go on. Starts at 2026-01-01 unless told otherwise. */
export class FakeClock implements Clock {
  #nowMs: number
  readonly #timers = new Set<Timer>()

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const stop = this.after(ms, resolve)
      signal?.addEventListener('abort', () => {
        stop()
        reject(signal.reason)
      })
    })
  }

  after(ms: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** How many timers and sleeps wait. */
  get waiting(): number {
    return this.#timers.size
  }

  /** Lets time pass. Each timer runs at its own moment, earliest first, and what it sets off is let happen before the next. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (let due = this.#nextDue(endMs); due; due = this.#nextDue(endMs)) {
      this.#timers.delete(due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.action()
      await settle()
    }
    this.#nowMs = endMs
  }

  /** Lets the machine sleep: the time is later, and no timer has run. They run with the next advance. */
  suspend(ms: number): void {
    this.#nowMs += ms
  }

  #nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (next === undefined || timer.atMs < next.atMs)) next = timer
    }
    return next
  }
}

/** Lets promises and already finished I/O have their turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
