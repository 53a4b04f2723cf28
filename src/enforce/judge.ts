import type { Decision } from '../policy/decision.ts'
import type { Grants } from '../policy/grants.ts'
import type { SessionRelation, StatementAnalysis } from '../sql/analysis.ts'
import type { CatalogSource } from './catalog-source.ts'
import type { JudgingTally } from './judging-tally.ts'
import type { JudgedUnder } from './prepared.ts'
import type { TextPattern } from './text-pattern.ts'

/** What is said about one text: may it run, and if not, what the client is told. */
export type Judgement =
  | ParsedJudgement
  | {
      readonly kind: 'unparsable'
      readonly code: 'SYNTAX' | 'STATEMENT_TOO_LONG' | 'STATEMENT_TOO_COMPLEX'
      readonly message: string
      readonly position?: number
    }

export interface ParsedJudgement {
  readonly kind: 'parsed'
  readonly statements: readonly JudgedStatement[]
  /** Each of them once, where the same stands there many times. */
  readonly distinct: readonly JudgedStatement[]
  /** Every statement may run. */
  readonly allowed: boolean
  /** The policy observes. */
  readonly observing: boolean
  /** Some statement may run only because it does. */
  readonly observed: boolean
  readonly under: JudgedUnder
  /** Of a large text, whose fingerprint was made along with it. */
  readonly fingerprint?: string
}

export interface JudgedStatement {
  readonly analysis: StatementAnalysis
  readonly decision: Decision
  /** How often it stands in the text, where that is not once. */
  readonly times?: number
}

/** What of a session bears on a judgement. */
export interface JudgedFor {
  readonly grants: Grants
  readonly temporary: readonly SessionRelation[]
}

/** Judges texts for one database, for all its sessions; caches analyses and decisions. */
export interface Judge {
  /** At once where the answer is known or quick; else a promise (parse in a worker, refresh of the catalog). */
  judge(sql: string, session: JudgedFor): Judgement | Promise<Judgement>
  /** As `judge`, of a text that is large: its bytes, which are UTF-8 and stay as they are meanwhile. */
  judgeLarge(sql: Buffer, session: JudgedFor): Promise<Judgement>
  /** What is known and allowed at once, without a look at the text or the catalog; else undefined, and `judge` has to say. */
  known(sql: string, session: JudgedFor): ParsedJudgement | undefined
  /** Recognises other texts for which what is `known` of this one holds as well; undefined where there are none. */
  patternOf(sql: string, session: JudgedFor): TextPattern | undefined
  /** Whether what was judged under these grants and this catalog needs no judging again. */
  holdsStill(under: JudgedUnder, analysis: StatementAnalysis | undefined, session: JudgedFor): boolean
  /** SQL that stands for a FunctionCall of that OID, to be judged; undefined where no such function is known. */
  functionCallText(oid: number, argumentCount: number): string | undefined
  /** The text without its literals, or a name for its shape: the same for texts that differ in literals alone. */
  fingerprint(sql: string): string
  /** Scopes of the policy each of which would allow what was denied first. */
  missingScopes(decision: Decision, grants: Grants): readonly string[]
  readonly catalog: CatalogSource
  /** The judge counts its looks and analyses here, the gates what they decide. */
  readonly tally: JudgingTally
}
