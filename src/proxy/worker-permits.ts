import type { PotName, PotOffice } from './own-pot.ts'
import { type PotMoves, type PotWant, type Press, WorkerPot } from './worker-pot.ts'

/** How a worker is told of what it was granted. */
export interface PermitHolder {
  readonly id: number
  grant(pot: string, holder: number, count: number): void
  press(pot: string, holder: number, press: Press | undefined): void
}

/**
 * The primary's books of all pots: one of server connections for each database, one for each identity's share of them.
 * A pot is there while somebody has or wants some of it.
 */
export class WorkerPermits {
  readonly #pots = new Map<string, WorkerPot>()
  readonly #workers = new Map<number, PermitHolder>()

  /** What a worker's messages go to. */
  officeOf(worker: PermitHolder): PotOffice {
    this.#workers.set(worker.id, worker)
    const isHere = () => this.#workers.get(worker.id) === worker
    return {
      want: (name, want) => {
        if (isHere()) this.#want(worker.id, name, want)
      },
      giveBack: (name, count) => {
        if (isHere()) this.#apply(name.pot, this.#pots.get(name.pot)?.giveBack(holderOf(worker.id, name.holder), count))
      },
    }
  }

  /** A worker is gone; its server connections went with it. */
  leave(id: number): void {
    this.#workers.delete(id)
    for (const [name, pot] of [...this.#pots]) {
      for (const holder of pot.holders) if (readHolder(holder).worker === id) this.#apply(name, pot.leave(holder))
    }
  }

  get pots(): number {
    return this.#pots.size
  }

  #want(worker: number, { pot: name, holder, capacity, fairShare }: PotName, want: PotWant): void {
    let pot = this.#pots.get(name)
    if (pot === undefined) {
      pot = new WorkerPot({ capacity, fairShare })
      this.#pots.set(name, pot)
    }
    this.#apply(name, pot.want(holderOf(worker, holder), want))
  }

  #apply(name: string, moves: PotMoves | undefined): void {
    if (moves === undefined) return
    for (const [key, count] of moves.grants) {
      const { worker, holder } = readHolder(key)
      this.#workers.get(worker)?.grant(name, holder, count)
    }
    for (const [key, press] of moves.presses) {
      const { worker, holder } = readHolder(key)
      this.#workers.get(worker)?.press(name, holder, press)
    }
    if (this.#pots.get(name)?.isUnused) this.#pots.delete(name)
  }
}

/** One worker may ask for one pot in two names: for a pool of before a reload, and for the one of after it. */
function holderOf(worker: number, holder: number): string {
  return `${worker}:${holder}`
}

function readHolder(key: string): { worker: number; holder: number } {
  const [worker, holder] = key.split(':')
  return { worker: Number(worker), holder: Number(holder) }
}
