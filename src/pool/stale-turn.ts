import type { TransactionStatus } from '../wire/server-messages.ts'
import { describesItself, readWholeTurn } from '../wire/whole-turn.ts'

/**
 * The turn under way, where it may have to run once more because its statement's plan was stale: a table changed its shape
 * since the statement was prepared, which PostgreSQL refuses at the Bind, before anything of it has run.
 *
 * Run again is what is safe to: a turn that was sent alone, outside a transaction, of which the client has heard nothing yet,
 * and that means the same with its statement parsed anew (see describesItself). What it does does not matter: nothing of it
 * was done.
 */
export class StaleTurn {
  #alone: Buffer | undefined
  #isDue = false

  /** These bytes were sent and nothing else; undefined: there is more under way. They stay as they are until answered. */
  sent(alone: Buffer | undefined): void {
    this.#alone = alone
  }

  /** The plan of what was sent is stale: whether it is to run again, once what is left of its answer has come. */
  found(status: TransactionStatus): boolean {
    const turn = this.#alone && readWholeTurn(this.#alone)
    this.#isDue = turn !== undefined && status === 'I' && describesItself(turn)
    return this.#isDue
  }

  get isDue(): boolean {
    return this.#isDue
  }

  /** What to send again. Not twice: a plan that is stale once more is told. */
  take(): Buffer | undefined {
    const turn = this.#alone
    this.#alone = undefined
    this.#isDue = false
    return turn
  }
}
