import type { StatementAnalysis } from '../sql/analysis.ts'
import type { WholeTurn } from '../wire/whole-turn.ts'
import type { ParsedJudgement } from './judge.ts'
import type { JudgedUnder, Prepared } from './prepared.ts'
import type { TextPattern } from './text-pattern.ts'

export interface KnownBy {
  readonly under: JudgedUnder
  /** Of a turn that brings its text. */
  readonly judgement?: ParsedJudgement
  /** Of a Query: which others are the same to the judge. */
  readonly pattern?: TextPattern | undefined
  /** Of a Parse and Bind: what the unnamed statement stands for from there on. */
  readonly unnamed?: Prepared
  /** Of a Bind alone: the statement it names, as the session's names stood then. */
  readonly prepared?: Prepared
  readonly version?: number
}

const NOTHING = Buffer.alloc(0)

/** A turn that was judged, by which the client's next one is recognised that would be judged the same. */
export class KnownTurn {
  readonly analysis: StatementAnalysis
  readonly under: JudgedUnder
  /** The text was judged for it: it counts, unless the turn goes the long way, which judges it again. */
  readonly judgement: ParsedJudgement | undefined
  readonly unnamed: Prepared | undefined
  readonly prepared: Prepared | undefined
  readonly #pattern: TextPattern | undefined
  readonly #version: number
  /** Of a Parse its text and types, of a Bind alone its name. */
  readonly #told: Buffer

  constructor(turn: WholeTurn, analysis: StatementAnalysis, by: KnownBy) {
    this.analysis = analysis
    this.under = by.under
    this.judgement = by.judgement
    this.unnamed = by.unnamed
    this.prepared = by.prepared
    this.#pattern = by.pattern
    this.#version = by.version ?? -1
    this.#told =
      turn.kind === 'query'
        ? NOTHING
        : turn.parses
          ? Buffer.from(turn.bytes.subarray(turn.definitionStart, turn.definitionEnd))
          : Buffer.from(turn.bytes.subarray(turn.nameStart, turn.nameEnd))
  }

  /** What is bound in it; undefined for a Query. */
  get bound(): Prepared | undefined {
    return this.unnamed ?? this.prepared
  }

  /** Whether there can be others of it. */
  get isRecognised(): boolean {
    return this.#pattern !== undefined || this.unnamed !== undefined || this.prepared !== undefined
  }

  /** `version`: of the session's prepared statements. */
  isOf(turn: WholeTurn, version: number): boolean {
    const { bytes } = turn
    if (turn.kind === 'query') return this.#pattern?.matches(bytes, turn.sqlStart, turn.sqlEnd) ?? false
    if (turn.parses) {
      return this.unnamed !== undefined && isAt(bytes, turn.definitionStart, turn.definitionEnd, this.#told)
    }
    return this.#version === version && isAt(bytes, turn.nameStart, turn.nameEnd, this.#told)
  }
}

/** Whether exactly these bytes stand there. */
function isAt(bytes: Buffer, start: number, end: number, told: Buffer): boolean {
  const { length } = told
  if (end - start !== length) return false
  for (let at = 0; at < length; at++) if (bytes[start + at] !== told[at]) return false
  return true
}
