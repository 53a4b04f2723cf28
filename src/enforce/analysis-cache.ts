import type { Grants } from '../policy/grants.ts'
import type { Analysis, StatementAnalysis } from '../sql/analysis.ts'
import type { ParsedJudgement } from './judge.ts'
import { foldLiterals } from './sql-template.ts'
import { TextPattern } from './text-pattern.ts'

/** Rough sizes in bytes, for the bound: an entry's own objects, each statement, each access. */
const ENTRY_BYTES = 400
const STATEMENT_BYTES = 600
const ACCESS_BYTES = 300

/** A longer text is rarely sent twice, and looking for it would keep everybody else waiting. */
const MAX_KEPT_CHARACTERS = 256 * 1024
/** Statements and accesses of an analysis that is kept: what is found is decided anew for other grants, in one go. */
const MAX_KEPT_THINGS = 1000

export type GoodAnalysis = Analysis & { readonly ok: true }

/** An analysis, with what was decided on it. */
export class CachedAnalysis {
  readonly analysis: GoodAnalysis
  /** The template it holds for; undefined where it holds for one text alone. */
  template: string | undefined
  #pattern: TextPattern | undefined
  /** The last grants it was decided for; mostly there is one set. */
  #grants: Grants | undefined
  #judgement: ParsedJudgement | undefined
  #others: WeakMap<Grants, ParsedJudgement> | undefined

  constructor(analysis: GoodAnalysis) {
    this.analysis = analysis
  }

  /** Of the texts it holds for; undefined where that is one alone. */
  get pattern(): TextPattern | undefined {
    if (this.template !== undefined) this.#pattern ??= new TextPattern(this.template)
    return this.#pattern
  }

  judgement(grants: Grants): ParsedJudgement | undefined {
    return this.#grants === grants ? this.#judgement : this.#others?.get(grants)
  }

  keep(grants: Grants, judgement: ParsedJudgement): void {
    if (this.#grants !== undefined && this.#judgement !== undefined) {
      this.#others ??= new WeakMap()
      this.#others.set(this.#grants, this.#judgement)
    }
    this.#grants = grants
    this.#judgement = judgement
  }
}

/**
 * Analyses of one catalog by their whole text, or by their text without literals where the analysis looked at none.
 *
 * Bounded by bytes in two generations: when the young one is full the old one is dropped, so what is used stays, and a
 * hit costs no bookkeeping.
 */
export class AnalysisCache {
  readonly #maxBytes: number
  #young = new Map<string, CachedAnalysis>()
  #old = new Map<string, CachedAnalysis>()
  #youngBytes = 0
  /** What was last looked for: when it is not found, it comes back to be added. */
  #sought: string | undefined
  #soughtTemplate: string | undefined
  /** What was last found, and for which text: with parameters in the place of literals it mostly comes again. */
  #found: CachedAnalysis | undefined
  #foundFor: string | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  find(sql: string): CachedAnalysis | undefined {
    if (sql === this.#foundFor) return this.#found
    if (sql.length > MAX_KEPT_CHARACTERS) return undefined
    const template = foldLiterals(sql)
    this.#sought = sql
    this.#soughtTemplate = template
    // A template that differs from its text holds a control character, which no foldable text does.
    const found = template === undefined ? undefined : this.#get(template)
    const known = found ?? (template === sql ? undefined : this.#get(sql))
    if (known !== undefined) {
      this.#found = known
      this.#foundFor = sql
    }
    return known
  }

  add(sql: string, analysis: GoodAnalysis): CachedAnalysis {
    const entry = new CachedAnalysis(analysis)
    if (sql.length > MAX_KEPT_CHARACTERS || thingsIn(analysis) > MAX_KEPT_THINGS) return entry
    const fold = () => (this.#sought === sql ? this.#soughtTemplate : foldLiterals(sql))
    entry.template = isFoldable(analysis) ? fold() : undefined
    this.#put(entry.template ?? sql, entry)
    return entry
  }

  #get(key: string): CachedAnalysis | undefined {
    const young = this.#young.get(key)
    if (young) return young
    const old = this.#old.get(key)
    if (old) this.#put(key, old)
    return old
  }

  #put(key: string, entry: CachedAnalysis): void {
    const bytes = key.length * 2 + sizeOf(entry.analysis.statements)
    if (bytes > this.#maxBytes / 2) return
    if (this.#youngBytes + bytes > this.#maxBytes / 2) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(key, entry)
    this.#youngBytes += bytes
  }
}

/**
 * Kinds of statements that are remembered without their literals: those of which applications send many. In others a
 * literal may be part of the statement's form (a file of COPY, a setting's value), or the statement is remembered by
 * its own place in the text (PREPARE, DECLARE).
 */
const FOLDABLE = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** Whether the analysis holds for every text that differs in literals alone. */
export function isFoldable({ exact, statements }: GoodAnalysis): boolean {
  return !exact && statements.every(({ kind }) => FOLDABLE.has(kind))
}

function thingsIn({ statements }: GoodAnalysis): number {
  let things = statements.length
  for (const { accesses } of statements) things += accesses.length
  return things
}

function sizeOf(statements: readonly StatementAnalysis[]): number {
  let bytes = ENTRY_BYTES
  for (const { accesses } of statements) {
    bytes += STATEMENT_BYTES
    for (const access of accesses) {
      bytes += ACCESS_BYTES
      for (const { columns } of access.targets) bytes += columns === 'all' ? 0 : 20 * (columns?.length ?? 0)
    }
  }
  return bytes
}
