import { randomBytes } from 'node:crypto'
import { chainLine, encodeLine } from './audit-line.ts'

/** Lines between two checkpoints. */
const CHECKPOINT_LINES = 1000

/**
 * Links lines, each to the one before: taking one out, changing or moving it breaks the chain. One chain per process;
 * several may stand in one file, each with its own name. A chain begins with a line that names the last link that stood
 * in the file, goes on through rotations, and ends with a checkpoint.
 *
 * What it cannot show by itself is that its end was cut off: keep its head elsewhere (`head`, in /metrics).
 */
export class AuditChain {
  readonly #key: Buffer
  readonly #name = randomBytes(6).toString('hex')
  #seq = 0
  #mac = ''

  constructor(key: Buffer) {
    this.#key = key
  }

  get head(): string {
    return `${this.#name}:${this.#seq}:${this.#mac}`
  }

  /** The first line of the chain in a file; `after` is the last line that stands there. */
  begin(time: string, after: string | undefined): ChainedLine {
    const event = this.#seq === 0 ? 'chain_started' : 'chain_continued'
    return this.next({ time, event, ...(this.#seq > 0 && { previous: this.#mac }), ...(after && { after }) })
  }

  /** The next line, linked. It counts once `take` is called: a line that could not be written does not. */
  next(record: Readonly<Record<string, unknown>>): ChainedLine {
    const seq = this.#seq + 1
    const { line, mac } = chainLine(encodeLine({ ...record, chain: this.#name, seq }), this.#mac, this.#key)
    return {
      line,
      take: () => {
        this.#seq = seq
        this.#mac = mac
      },
    }
  }

  /** Whether a checkpoint is due. */
  get isLong(): boolean {
    return this.#seq % CHECKPOINT_LINES === CHECKPOINT_LINES - 1
  }
}

export interface ChainedLine {
  readonly line: string
  take(): void
}
