import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Checked } from './verify-rules.ts'

/** About 2 KB each with its claims: 20 MB at the most. */
const MAX_ENTRIES = 10_000
/** Long enough that a client which hammers costs nothing, short enough that nobody waits for it. */
const REFUSAL_MS = 2_000

interface Entry {
  readonly checked: Checked
  readonly untilMs: number
}

/**
 * What was found out about tokens, by their SHA-256: no token is kept. Whoever asks while a check is under way waits
 * for that one.
 */
export class VerdictCache {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #pending = new Map<string, Promise<Checked>>()
  hits = 0
  misses = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `check` runs where nothing is known; `keepMs` says how long its answer holds, 0 where it must not be kept. */
  get(token: string, check: () => Promise<{ checked: Checked; keepMs: number }>): Checked | Promise<Checked> {
    const key = createHash('sha256').update(token).digest('base64')
    const entry = this.#entries.get(key)
    const nowMs = this.#clock.nowMs()
    if (entry && entry.untilMs > nowMs && isStillGood(entry.checked, nowMs)) {
      this.hits++
      return entry.checked
    }
    const pending = this.#pending.get(key)
    if (pending) return pending
    this.misses++
    const started = check()
      .then(({ checked, keepMs }) => {
        this.#keep(key, checked, keepMs)
        return checked
      })
      .finally(() => this.#pending.delete(key))
    this.#pending.set(key, started)
    return started
  }

  #keep(key: string, checked: Checked, keepMs: number): void {
    const ms = checked.ok ? keepMs : Math.min(keepMs, REFUSAL_MS)
    this.#entries.delete(key)
    if (ms <= 0) return
    if (this.#entries.size >= MAX_ENTRIES) {
      // Oldest first: a Map keeps the order of insertion.
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest)
        break
      }
    }
    this.#entries.set(key, { checked, untilMs: this.#clock.nowMs() + ms })
  }
}

/** Past `exp` nothing is taken from here: the check itself knows the tolerance. */
function isStillGood(checked: Checked, nowMs: number): boolean {
  return !checked.ok || checked.token.identity.expiresAtSeconds * 1000 > nowMs
}
