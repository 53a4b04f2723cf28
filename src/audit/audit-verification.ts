import { macOf, unchainLine } from './audit-line.ts'

/** What stands against a file of chained lines. */
export interface AuditFlaw {
  /** From 1. */
  readonly line: number
  readonly what: string
}

export interface AuditVerdict {
  readonly lines: number
  /** By chain: its last link. */
  readonly heads: ReadonlyMap<string, { readonly seq: number; readonly mac: string; readonly line: number }>
  readonly flaws: readonly AuditFlaw[]
}

/** Enough to see that and where; a file of another key has a flaw a line. */
const MAX_FLAWS = 20

/**
 * Checks lines against their chains, in the order they stand; of several files, oldest first. Each chain must begin
 * with its own first line (or go on from a rotated file that is not given), count without a gap, and each link must fit.
 */
export class AuditVerification {
  readonly #key: Buffer
  readonly #heads = new Map<string, { seq: number; mac: string; line: number }>()
  readonly #flaws: AuditFlaw[] = []
  /** Heads that the operator kept, and whether their lines were met. */
  readonly #kept: { readonly chain: string; readonly seq: number; readonly mac: string; isMet: boolean }[] = []
  #lines = 0

  constructor(key: Buffer, ...heads: readonly (string | undefined)[]) {
    this.#key = key
    for (const head of heads) {
      const [chain, seq, mac] = head?.split(':') ?? []
      if (chain !== undefined && mac !== undefined) this.#kept.push({ chain, seq: Number(seq), mac, isMet: false })
    }
  }

  line(text: string): void {
    this.#lines++
    const parts = unchainLine(text)
    const record = parts && parsed(parts.signed)
    if (parts === undefined || record === undefined) {
      this.#flaw('is not a chained audit line')
      return
    }
    const { chain, seq, event, previous } = record
    if (typeof chain !== 'string' || typeof seq !== 'number') {
      this.#flaw('does not name its chain')
      return
    }
    const before = this.#heads.get(chain)
    if (before === undefined) {
      const isFirst = event === 'chain_started' && seq === 1
      const isContinued = event === 'chain_continued' && typeof previous === 'string'
      if (!isFirst && !isContinued) this.#flaw(`is the first of chain ${chain} here, but not its beginning`)
    } else if (seq !== before.seq + 1) this.#flaw(`has number ${seq} in chain ${chain} behind number ${before.seq}`)
    const link = before?.mac ?? (typeof previous === 'string' ? previous : '')
    if (macOf(parts.signed, link, this.#key) !== parts.mac) this.#flaw(`does not fit into chain ${chain}`)
    this.#heads.set(chain, { seq, mac: parts.mac, line: this.#lines })
    for (const kept of this.#kept) if (chain === kept.chain && seq === kept.seq) kept.isMet = parts.mac === kept.mac
  }

  finish(): AuditVerdict {
    for (const { chain, seq, isMet } of this.#kept) {
      if (isMet) continue
      this.#flaw(`is the last, and number ${seq} of chain ${chain}, whose head was kept, is missing or another`)
    }
    return { lines: this.#lines, heads: this.#heads, flaws: this.#flaws }
  }

  #flaw(what: string): void {
    if (this.#flaws.length < MAX_FLAWS) this.#flaws.push({ line: this.#lines, what })
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
