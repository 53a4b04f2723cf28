import { hash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { BoundedMemory } from './verify-memory.ts'
import type { Checked } from './verify-rules.ts'

/** Weighed by the text of their claims, which real tokens have 1 or 2 KB of: as objects about twice that. */
const GOOD_BOUNDS = { maxEntries: 10_000, maxWeight: 32 * 1024 ** 2 }
/** Apart from the good ones, so that a flood of invented tokens drives none of those out. */
const REFUSED_BOUNDS = { maxEntries: 2_000, maxWeight: 1024 ** 2 }
/** Long enough that a client which hammers costs nothing, short enough that nobody waits for it. */
const REFUSAL_MS = 2_000

/** What a check came to, and how long it may be remembered. */
export interface Answer {
  readonly checked: Checked
  /** 0: not at all. */
  readonly keepMs: number
  /** Whether what the answer rests on is still there; asked each time it is used. */
  readonly stillHolds?: () => boolean
}

interface Entry extends Answer {
  readonly untilMs: number
  readonly weight: number
}

interface Running {
  readonly checked: Promise<Checked>
  /** Something newer was found out meanwhile: this answer is for those that wait for it alone. */
  isOutdated: boolean
}

/**
 * What was found out about tokens, by their SHA-256: no token is kept. Whoever asks while a check is under way waits
 * for that one.
 */
export class VerdictCache {
  readonly #clock: Clock
  readonly #good = new BoundedMemory<Entry>(GOOD_BOUNDS)
  readonly #refused = new BoundedMemory<Entry>(REFUSED_BOUNDS)
  readonly #pending = new Map<string, Running>()
  readonly #renewing = new Map<string, Running>()
  hits = 0
  misses = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `check` runs where nothing is known. */
  get(token: string, check: () => Promise<Answer>): Checked | Promise<Checked> {
    const key = keyOf(token)
    const entry = this.#good.get(key) ?? this.#refused.get(key)
    if (entry && this.#counts(entry)) {
      this.hits++
      return entry.checked
    }
    return this.#once(this.#pending, key, check)
  }

  /** `check` runs, unless one that was asked for here is under way; what it finds replaces what was known. */
  async renew(token: string, check: () => Promise<Answer>): Promise<Checked> {
    const key = keyOf(token)
    const checked = await this.#once(this.#renewing, key, check)
    const older = this.#pending.get(key)
    if (older) older.isOutdated = true
    return checked
  }

  #once(running: Map<string, Running>, key: string, check: () => Promise<Answer>): Promise<Checked> {
    const other = running.get(key)
    if (other) return other.checked
    this.misses++
    const finish = async (): Promise<Checked> => {
      try {
        const answer = await check()
        if (!started.isOutdated) this.#keep(key, answer)
        return answer.checked
      } finally {
        running.delete(key)
      }
    }
    const started: Running = { checked: Promise.resolve().then(finish), isOutdated: false }
    running.set(key, started)
    return started.checked
  }

  #keep(key: string, answer: Answer): void {
    const { checked, keepMs } = answer
    // Nothing is known against a token that could not be checked: what was known of it stands.
    if (!checked.ok && checked.isUnavailable) return
    this.#good.delete(key)
    this.#refused.delete(key)
    const ms = checked.ok ? keepMs : Math.min(keepMs, REFUSAL_MS)
    if (ms <= 0) return
    const weight = weightOf(checked)
    if (weight === undefined) return
    const entry = { ...answer, untilMs: this.#clock.nowMs() + ms, weight }
    if (checked.ok) this.#good.set(key, entry)
    else this.#refused.set(key, entry)
  }

  /** Past `exp` nothing is taken from here: the check itself knows the tolerance. */
  #counts({ checked, untilMs, stillHolds }: Entry): boolean {
    const nowMs = this.#clock.nowMs()
    if (untilMs <= nowMs || (checked.ok && checked.token.identity.expiresAtSeconds * 1000 <= nowMs)) return false
    return stillHolds?.() ?? true
  }
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64')
}

/** Undefined of what nests too deep to be written. */
function weightOf(checked: Checked): number | undefined {
  if (!checked.ok) return checked.reason.length
  try {
    return JSON.stringify(checked.token.identity.claims).length
  } catch {
    return undefined
  }
}
