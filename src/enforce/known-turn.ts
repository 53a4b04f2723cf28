import type { StatementAnalysis } from '../sql/analysis.ts'
import type { WholeBind, WholeTurn } from '../wire/whole-turn.ts'
import type { ParsedJudgement } from './judge.ts'
import type { JudgedUnder, Prepared } from './prepared.ts'
import type { TextPattern } from './text-pattern.ts'

/** How a turn is recognised: by its text, by all of its Parse but the name, or by the name of what it binds. */
type Mark =
  | { readonly by: 'text'; readonly pattern: TextPattern | undefined }
  | { readonly by: 'definition'; readonly bytes: Buffer }
  | { readonly by: 'name'; readonly bytes: Buffer; readonly version: number }

/** A turn that was judged, by which the client's next one is recognised that would be judged the same. */
export class KnownTurn {
  readonly analysis: StatementAnalysis
  /** The text was judged for it: it counts, unless the turn goes the long way, which judges it again. */
  readonly judgement: ParsedJudgement | undefined
  /** What is bound in it. */
  readonly prepared: Prepared | undefined
  readonly #mark: Mark

  private constructor(
    analysis: StatementAnalysis,
    judgement: ParsedJudgement | undefined,
    prepared: Prepared | undefined,
    mark: Mark,
  ) {
    this.analysis = analysis
    this.judgement = judgement
    this.prepared = prepared
    this.#mark = mark
  }

  /** A Query; `pattern` recognises others that are the same to the judge. */
  static query(analysis: StatementAnalysis, judgement: ParsedJudgement, pattern: TextPattern | undefined): KnownTurn {
    return new KnownTurn(analysis, judgement, undefined, { by: 'text', pattern })
  }

  /** One that parses what it binds. */
  static parsed(
    turn: WholeBind,
    analysis: StatementAnalysis,
    judgement: ParsedJudgement,
    prepared: Prepared,
  ): KnownTurn {
    const bytes = Buffer.from(turn.bytes.subarray(turn.definitionStart, turn.definitionEnd))
    return new KnownTurn(analysis, judgement, prepared, { by: 'definition', bytes })
  }

  /** One of a statement that was prepared before, as the session's names stood at that version. */
  static named(turn: WholeBind, analysis: StatementAnalysis, prepared: Prepared, version: number): KnownTurn {
    const bytes = Buffer.from(turn.bytes.subarray(turn.nameStart, turn.nameEnd))
    return new KnownTurn(analysis, undefined, prepared, { by: 'name', bytes, version })
  }

  /** Under what it was judged last. */
  get under(): JudgedUnder {
    return this.judgement?.under ?? (this.prepared as Prepared).judged
  }

  /** Whether there can be others of it. */
  get isRecognised(): boolean {
    return this.#mark.by !== 'text' || this.#mark.pattern !== undefined
  }

  /** `version`: of the session's prepared statements, as they stand. */
  isOf(turn: WholeTurn, version: number): boolean {
    const mark = this.#mark
    const { bytes } = turn
    if (turn.kind === 'query') {
      return mark.by === 'text' && mark.pattern !== undefined && mark.pattern.matches(bytes, turn.sqlStart, turn.sqlEnd)
    }
    if (turn.parses) {
      return mark.by === 'definition' && isAt(bytes, turn.definitionStart, turn.definitionEnd, mark.bytes)
    }
    return mark.by === 'name' && mark.version === version && isAt(bytes, turn.nameStart, turn.nameEnd, mark.bytes)
  }
}

/** Whether exactly these bytes stand there. */
function isAt(bytes: Buffer, start: number, end: number, told: Buffer): boolean {
  const { length } = told
  if (end - start !== length) return false
  for (let at = 0; at < length; at++) if (bytes[start + at] !== told[at]) return false
  return true
}
