import type { Grants } from '../policy/grants.ts'
import type { SessionRelation, StatementAnalysis } from '../sql/analysis.ts'
import type { Catalog } from '../sql/catalog.ts'
import type { StatementText } from './statement-text.ts'

/** Under what a text was judged; judged again once any of it is another object. */
export interface JudgedUnder {
  readonly grants: Grants
  readonly catalog: Catalog
  /** What the session had made and changed by then. */
  readonly own: readonly SessionRelation[]
}

/**
 * What the name of a prepared statement or a cursor stands for: the text that was judged when it was made, to be
 * judged again when it is used under other grants or another catalog.
 */
export interface Prepared {
  /** Of a SQL PREPARE or DECLARE that statement alone, without what stood beside it. */
  readonly sql: StatementText
  /** What running it does; undefined for an empty text. Of a SQL PREPARE, the statement inside. */
  readonly analysis: StatementAnalysis | undefined
  judged: JudgedUnder
  /** Of a Parse: its parameters' types, where they bear on what it needs. */
  readonly types?: readonly number[] | undefined
  /** Of a Parse: `closings` of the session then. */
  readonly parsedAt?: number
}

/** What a portal or cursor may run. */
export interface Portal {
  readonly candidates: readonly Prepared[]
  /** Outlives its transaction (DECLARE … WITH HOLD). */
  readonly holdable: boolean
  /** Of a Bind: `closings` of the session then. */
  readonly boundAt?: number
  /** Of a Bind: how many Queries went before it. */
  readonly boundBehind?: number
}

/** Whether it starts a COPY FROM STDIN, so that the messages behind it are data. */
export function copiesIn({ effects }: StatementAnalysis): boolean {
  return effects.copy === 'in'
}

/** Whether it changes settings or puts them back. */
export function changesSettings({ effects }: StatementAnalysis): boolean {
  return effects.set !== undefined || effects.reset !== undefined || effects.discard === 'all'
}
