import type { SessionEffects, SessionRelation, StatementAnalysis } from '../sql/analysis.ts'
import { sqlNameKey } from './name-table.ts'
import { changesSettings, copiesIn, type JudgedUnder, type Prepared } from './prepared.ts'
import { unknownNameResponse } from './refusal.ts'
import { isPlainSelect, keepsCursors, NESTED } from './server-hazard.ts'
import type { RunningStatement, SessionState } from './session-state.ts'
import type { StatementText } from './statement-text.ts'

/** Relations of its own remembered per session; more than any tool makes, few enough to judge by. */
const MAX_OWN = 1000
/** Statements that are followed in one go: a few milliseconds. */
const STATEMENTS_A_STEP = 1000
const NOTHING: readonly Prepared[] = []

export interface UnknownName {
  readonly kind: 'statement' | 'cursor'
  readonly response: Buffer
  /** It is EXPLAIN that names it. */
  readonly isExplained: boolean
}

/** What one of these is about to run; the same one may stand there many times. */
type Run = { readonly analysis: StatementAnalysis }

/**
 * What statements that are about to run do with names of prepared statements and cursors, and to the session.
 *
 * Follows SQL's own PREPARE, EXECUTE, DECLARE and FETCH through the statements of one message, in order, and enters
 * the names they will give. They are of the same kind as the protocol's: EXECUTE runs what a Parse named, and the
 * other way round.
 */
export class RunningNames {
  /** The statements, each with the names that are its own once it is done. */
  running: RunningStatement[] = []
  /** What was prepared or opened before and runs again through them: to be judged again. */
  uses: readonly Prepared[] = NOTHING
  /** Of the statement or the cursor that was given a name that means nothing; then nothing may run. */
  unknown: UnknownName | undefined
  /** A COPY FROM STDIN is among them. */
  copies = false
  /** Of those that change settings or put them back, in order. */
  readonly settings: SessionEffects[] = []
  /** Every cursor is still there when they have run. */
  keepsCursors = true
  readonly #state: SessionState
  #made: SessionRelation[] | undefined
  /** The text that is followed; its bytes are made once, since many statements may have a slice of it. */
  #text: StatementText = ''

  constructor(state: SessionState) {
    this.#state = state
  }

  /** Follows the statements of a text; undefined where that is done, else the steps in which it is to be done. */
  follow(statements: readonly Run[], text: StatementText, judged: JudgedUnder): Iterator<void> | undefined {
    this.#text = text
    if (statements.length > STATEMENTS_A_STEP) return this.#inSteps(statements, judged)
    for (const one of statements) if (!this.#add(one, judged)) return undefined
    this.#finish()
    return undefined
  }

  *#inSteps(statements: readonly Run[], judged: JudgedUnder): Generator<void> {
    let last: StatementAnalysis | undefined
    let count = 0
    for (const one of statements) {
      const { analysis } = one
      if (++count % STATEMENTS_A_STEP === 0) yield
      if (analysis === last && givesNothing(analysis)) {
        this.running.push(this.running.at(-1) as RunningStatement)
        continue
      }
      last = analysis
      if (!this.#add(one, judged)) return
    }
    this.uses = [...new Set(this.uses)]
    this.#finish()
  }

  /** Follows what running a portal runs; what that gives is only sure where it is the only one it may be. */
  followPortal(candidates: readonly Prepared[]): void {
    // A cursor of which nothing is known runs what a function opened.
    if (candidates.length === 0) this.keepsCursors = false
    for (const { analysis, sql, judged } of candidates) {
      this.#text = sql
      if (analysis !== undefined && !this.#add({ analysis }, judged)) return
    }
    this.#finish()
    if (candidates.length !== 1) this.running = []
  }

  /** Takes back what they would have named: they will not run. */
  abandon(): void {
    abandonNames(this.running, this.#state)
  }

  /** False where nothing may run, because of this one. */
  #add(one: Run, judged: JudgedUnder): boolean {
    const { analysis } = one
    const { execute, fetch, prepare, declare } = analysis.effects
    if (execute === undefined && fetch === undefined) {
      if (!isPlainSelect(analysis)) {
        this.keepsCursors = false
        this.#noteEffects(analysis)
      }
      const isNaming = prepare !== undefined || declare !== undefined
      this.running.push(isNaming ? this.#named(analysis, this.#text, judged) : one)
      return true
    }
    const found: Prepared[] = []
    if (execute !== undefined) {
      const candidates = this.#state.statements.candidates(sqlNameKey(execute), this.#state.segment)
      if (candidates.length === 0) return this.#fail(analysis, unknownNameResponse('statement', execute))
      if (candidates.some((one) => one.analysis?.effects.execute !== undefined)) return this.#fail(analysis, NESTED)
      found.push(...candidates)
    }
    if (fetch !== undefined) {
      const portals = this.#state.portals.candidates(sqlNameKey(fetch), this.#state.segment)
      // A cursor that a function opened has no entry here; it lives in the transaction that opened it.
      if (portals.length === 0 && this.running.length === 0 && !this.#state.transactionMayBeOpen) {
        return this.#fail(analysis, unknownNameResponse('cursor', fetch))
      }
      found.push(...portals.flatMap((portal) => portal.candidates))
    }
    this.#use(found)
    this.#noteEffects(analysis)
    if (execute !== undefined) for (const { analysis: behind } of found) if (behind) this.#noteEffects(behind)
    if (!keepsCursors(analysis, found)) this.keepsCursors = false
    this.running.push(execute === undefined ? one : this.#executing(analysis, found))
    return true
  }

  #use(found: readonly Prepared[]): void {
    if (this.uses === NOTHING) this.uses = []
    const uses = this.uses as Prepared[]
    for (const one of found) if (uses.at(-1) !== one) uses.push(one)
  }

  #noteEffects(analysis: StatementAnalysis): void {
    const { makesTemporary, changes } = analysis.effects
    if (makesTemporary || changes) this.#made = [...(this.#made ?? []), ...(makesTemporary ?? []), ...(changes ?? [])]
    this.copies ||= copiesIn(analysis)
    if (changesSettings(analysis)) this.settings.push(analysis.effects)
  }

  /** What an EXECUTE runs gives names too, where it is sure what that is. EXPLAIN and CREATE TABLE AS run only queries. */
  #executing(analysis: StatementAnalysis, executed: readonly Prepared[]): RunningStatement {
    const [only] = executed
    if (only?.analysis === undefined || executed.length !== 1 || analysis.kind !== 'ExecuteStmt') return { analysis }
    return { ...this.#named(only.analysis, only.sql, only.judged), analysis, executed: only.analysis }
  }

  /** The statement, with the names it gives. */
  #named(analysis: StatementAnalysis, text: StatementText, judged: JudgedUnder): RunningStatement {
    const { prepare, declare } = analysis.effects
    if (prepare === undefined && declare === undefined) return { analysis }
    const { statements, portals, segment } = this.#state
    const sql = this.#sliceOf(text, analysis)
    if (prepare !== undefined) {
      const prepared = { sql, analysis: prepare.statement, judged }
      return { analysis, statement: statements.expect(sqlNameKey(prepare.name), prepared, segment) }
    }
    if (declare === undefined) return { analysis }
    const candidates = [{ sql, analysis: declare.statement, judged }]
    const portal = { candidates, holdable: declare.hold }
    return { analysis, portal: portals.expect(sqlNameKey(declare.name), portal, segment) }
  }

  /** A statement's own part of the text. */
  #sliceOf(text: StatementText, { start, end }: StatementAnalysis): string {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text
    if (text === this.#text) this.#text = bytes
    return bytes.toString('utf8', start, end)
  }

  #fail({ kind, effects }: StatementAnalysis, response: Buffer): false {
    const isExplained = kind === 'ExplainStmt'
    this.unknown = { kind: effects.execute === undefined ? 'cursor' : 'statement', response, isExplained }
    this.#finish()
    return false
  }

  /** From when it is sent on, since what is sent behind it is judged before the server has answered. */
  #finish(): void {
    const state = this.#state
    if (this.#made === undefined) return
    const known = new Set(state.temporary.map((one) => JSON.stringify(one)))
    const added: SessionRelation[] = []
    for (const one of this.#made) {
      if (state.temporary.length + added.length >= MAX_OWN) break
      const key = JSON.stringify(one)
      if (!known.has(key)) added.push(one)
      known.add(key)
    }
    if (added.length > 0) state.temporary = [...state.temporary, ...added]
  }
}

/** Once it was followed, following it again changes nothing. */
function givesNothing({ effects: { prepare, declare, execute, fetch } }: StatementAnalysis): boolean {
  return prepare === undefined && declare === undefined && execute === undefined && fetch === undefined
}

/** What an EXECUTE or a FETCH among these would run. */
export function preparedBehind(candidates: readonly Prepared[], state: SessionState): Prepared[] {
  return candidates.flatMap(({ analysis }) => {
    const { execute, fetch } = analysis?.effects ?? {}
    const statements = execute === undefined ? [] : state.statements.candidates(sqlNameKey(execute), state.segment)
    const portals = fetch === undefined ? [] : state.portals.candidates(sqlNameKey(fetch), state.segment)
    return [...statements, ...portals.flatMap((portal) => portal.candidates)]
  })
}

/** Takes back the names of statements that will not run, from the given one on. */
export function abandonNames(running: readonly RunningStatement[], state: SessionState, from = 0): void {
  for (let at = from; at < running.length; at++) {
    const { statement, portal } = running[at] as RunningStatement
    if (statement) state.statements.abandon(statement)
    if (portal) state.portals.abandon(portal)
  }
}
