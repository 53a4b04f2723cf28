/** What became of a text: it may run, the policy denies it, it cannot be read, or it is past a limit. */
export type DecisionOutcome = 'allowed' | 'denied' | 'syntax' | 'limit'

/**
 * What is counted of the judging of texts, over all sessions and from the start on. Plain numbers: they are touched for
 * every text. What was prepared is judged again, and counted again, only where the grants or the catalog have changed.
 */
export class JudgingTally {
  /** Looks for a text's analysis that found one, and that did not. */
  readonly cache = { hits: 0, misses: 0 }
  readonly decisions: Record<DecisionOutcome, number> = { allowed: 0, denied: 0, syntax: 0, limit: 0 }
  /** Called with the milliseconds of each analysis that really ran, those that ran into the deadline among them. */
  onAnalysed: (ms: number) => void = () => {}

  /** A text was known and allowed at once, and has run. */
  known(): void {
    this.cache.hits++
    this.decisions.allowed++
  }

  unparsable(code: 'SYNTAX' | 'STATEMENT_TOO_LONG' | 'STATEMENT_TOO_COMPLEX'): void {
    this.decisions[code === 'SYNTAX' ? 'syntax' : 'limit']++
  }
}
