/** What a holder asks of a pot; `count` waiters since `sinceMs`, and `warm` permits only where nobody else wants them. */
export interface PotWant {
  readonly count: number
  readonly sinceMs: number
  readonly warm: number
}

/**
 * What a holder is to give back for the others' sake, `count` at most: at once what it does not use, and what comes back
 * to it while it has more than `target`, or where they have waited longer than its own (`sinceMs`, else Infinity).
 */
export interface Press {
  readonly count: number
  readonly target: number
  readonly sinceMs: number
}

/** What is to be told to holders after a change. */
export interface PotMoves {
  readonly grants: ReadonlyMap<string, number>
  /** Undefined: nobody presses any more. */
  readonly presses: ReadonlyMap<string, Press | undefined>
}

export interface PotRules {
  /** Permits in all. */
  readonly capacity: number
  /**
   * What each holder may claim of them at once, whoever waits how long elsewhere; 0: it goes by the order of asking alone.
   */
  readonly fairShare: number
}

interface Holder {
  held: number
  want: PotWant
  press: Press | undefined
}

const NO_WANT: PotWant = { count: 0, sinceMs: Number.POSITIVE_INFINITY, warm: 0 }

/**
 * Permits that several holders share: never more than `capacity` are out. Whoever has less than its fair share is served
 * first, then who waits longest; where none is left, those who have more are pressed for it.
 *
 * Pure: what it says is to be sent is sent by others. A permit counts as out from its grant until it was given back.
 */
export class WorkerPot {
  readonly #rules: PotRules
  readonly #holders = new Map<string, Holder>()

  constructor(rules: PotRules) {
    this.#rules = rules
  }

  /** Nobody has or wants any of it. */
  get isUnused(): boolean {
    return this.#holders.size === 0
  }

  get holders(): readonly string[] {
    return [...this.#holders.keys()]
  }

  get held(): number {
    let held = 0
    for (const holder of this.#holders.values()) held += holder.held
    return held
  }

  heldBy(name: string): number {
    return this.#holders.get(name)?.held ?? 0
  }

  /** Replaces what the holder wanted before. */
  want(name: string, want: PotWant): PotMoves {
    this.#holder(name).want = want
    return this.#settle()
  }

  giveBack(name: string, count: number): PotMoves {
    const holder = this.#holder(name)
    holder.held = Math.max(0, holder.held - count)
    // It has counted the press down, so that it is told anew what is left of it.
    return this.#settle(name)
  }

  /** The holder is gone, and with it all that it held. */
  leave(name: string): PotMoves {
    this.#holders.delete(name)
    return this.#settle()
  }

  #holder(name: string): Holder {
    let holder = this.#holders.get(name)
    if (holder === undefined) {
      holder = { held: 0, want: NO_WANT, press: undefined }
      this.#holders.set(name, holder)
    }
    return holder
  }

  #settle(told?: string): PotMoves {
    const grants = new Map<string, number>()
    for (let free = this.#rules.capacity - this.held; free > 0; free--) {
      const next = this.#next()
      if (next === undefined) break
      const [name, holder] = next
      holder.held++
      const { count, warm } = holder.want
      holder.want = count > 0 ? { ...holder.want, count: count - 1 } : { ...holder.want, warm: warm - 1 }
      grants.set(name, (grants.get(name) ?? 0) + 1)
    }
    const presses = new Map<string, Press | undefined>()
    const targets = this.#targets()
    for (const [name, holder] of this.#holders) {
      const press = this.#pressOn(name, targets)
      if (name === told || !isSame(press, holder.press)) presses.set(name, press)
      holder.press = press
    }
    for (const [name, { held, want, press }] of this.#holders) {
      if (held === 0 && want.count === 0 && want.warm === 0 && press === undefined) this.#holders.delete(name)
    }
    return { grants, presses }
  }

  #next(): [string, Holder] | undefined {
    let next: [string, Holder] | undefined
    for (const entry of this.#holders) {
      if (this.#rank(entry[1]) === undefined) continue
      if (next === undefined || this.#comesBefore(entry[1], next[1])) next = entry
    }
    return next
  }

  /** 0 below its fair share, 1 with somebody waiting, 2 for warmth; undefined: it wants nothing. */
  #rank({ held, want }: Holder): number | undefined {
    if (want.count > 0) return held < this.#rules.fairShare ? 0 : 1
    return want.warm > 0 ? 2 : undefined
  }

  #comesBefore(a: Holder, b: Holder): boolean {
    const [rankA, rankB] = [this.#rank(a) ?? 3, this.#rank(b) ?? 3]
    if (rankA !== rankB) return rankA < rankB
    return a.want.sinceMs < b.want.sinceMs || (a.want.sinceMs === b.want.sinceMs && a.held < b.held)
  }

  /** Down to how many each is to go for those below their fair share: taken one by one from whoever has most. */
  #targets(): Map<string, number> {
    const { fairShare } = this.#rules
    const targets = new Map<string, number>()
    let lacking = 0
    for (const [name, { held, want }] of this.#holders) {
      targets.set(name, held)
      lacking += Math.max(0, Math.min(want.count, fairShare - held))
    }
    for (; lacking > 0; lacking--) {
      let most: string | undefined
      for (const [name, target] of targets) {
        if (target > fairShare && (most === undefined || target > (targets.get(most) ?? 0))) most = name
      }
      if (most === undefined) break
      targets.set(most, (targets.get(most) ?? 0) - 1)
    }
    return targets
  }

  #pressOn(name: string, targets: Map<string, number>): Press | undefined {
    const holder = this.#holders.get(name)
    if (holder === undefined || holder.held === 0) return undefined
    let count = 0
    let sinceMs = Number.POSITIVE_INFINITY
    for (const [other, { want }] of this.#holders) {
      if (other === name || want.count === 0) continue
      count += want.count
      // With fair shares there is no queue over all of them: each serves its own in order.
      if (this.#rules.fairShare === 0) sinceMs = Math.min(sinceMs, want.sinceMs)
    }
    return count === 0 ? undefined : { count, target: targets.get(name) ?? holder.held, sinceMs }
  }
}

function isSame(a: Press | undefined, b: Press | undefined): boolean {
  return a?.count === b?.count && a?.target === b?.target && a?.sinceMs === b?.sinceMs
}

/** What of `total` falls to the worker `slot` (from 1) of `workers`: all shares together are the total, and none is two more than another. */
export function shareOfWorker(total: number, workers: number, slot: number): number {
  return Math.floor(total / workers) + (slot <= total % workers ? 1 : 0)
}
