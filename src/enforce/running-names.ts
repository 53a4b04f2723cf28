import type { SessionEffects, SessionRelation, StatementAnalysis } from '../sql/analysis.ts'
import { sqlNameKey } from './name-table.ts'
import { changesSettings, copiesIn, type JudgedUnder, type Prepared } from './prepared.ts'
import { unknownNameResponse } from './refusal.ts'
import { keepsCursors, NESTED } from './server-hazard.ts'
import type { RunningStatement, SessionState } from './session-state.ts'
import type { StatementText } from './statement-text.ts'

/** Relations of its own remembered per session; more than any tool makes, few enough to judge by. */
const MAX_OWN = 1000
/** Statements that are followed in one go: a few milliseconds. */
const STATEMENTS_A_STEP = 1000

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
  readonly uses = new Set<Prepared>()
  /** Of the statement or the cursor that was given a name that means nothing; then nothing may run. */
  unknown: UnknownName | undefined
  /** A COPY FROM STDIN is among them. */
  copies = false
  /** Of those that change settings or put them back, in order. */
  readonly settings: SessionEffects[] = []
  /** Every cursor is still there when they have run. */
  keepsCursors = true
  readonly #state: SessionState
  readonly #made: SessionRelation[] = []

  constructor(state: SessionState) {
    this.#state = state
  }

  /** Follows the statements of a text, some at each step. */
  *follow(statements: readonly Run[], text: StatementText, judged: JudgedUnder): Generator<void> {
    const own = slicesOf(text)
    let last: StatementAnalysis | undefined
    let count = 0
    for (const { analysis } of statements) {
      if (++count % STATEMENTS_A_STEP === 0) yield
      if (analysis === last && givesNothing(analysis)) {
        this.running.push(this.running.at(-1) as RunningStatement)
        continue
      }
      last = analysis
      if (!this.#add(analysis, own, judged)) return
    }
    this.#addOwn()
  }

  /** Follows what running a portal runs; what that gives is only sure where it is the only one it may be. */
  followPortal(candidates: readonly Prepared[]): void {
    // A cursor of which nothing is known runs what a function opened.
    if (candidates.length === 0) this.keepsCursors = false
    for (const { analysis, sql, judged } of candidates) {
      if (analysis !== undefined && !this.#add(analysis, slicesOf(sql), judged)) return
    }
    this.#addOwn()
    if (candidates.length !== 1) this.running = []
  }

  /** Takes back what they would have named: they will not run. */
  abandon(): void {
    abandonNames(this.running, this.#state)
  }

  /** False where nothing may run, because of this one. */
  #add(analysis: StatementAnalysis, own: (analysis: StatementAnalysis) => string, judged: JudgedUnder): boolean {
    const { execute, fetch } = analysis.effects
    const uses: Prepared[] = []
    if (execute !== undefined) {
      const candidates = this.#state.statements.candidates(sqlNameKey(execute), this.#state.segment)
      if (candidates.length === 0) return this.#fail(analysis, unknownNameResponse('statement', execute))
      if (candidates.some((one) => one.analysis?.effects.execute !== undefined)) return this.#fail(analysis, NESTED)
      uses.push(...candidates)
    }
    if (fetch !== undefined) {
      const portals = this.#state.portals.candidates(sqlNameKey(fetch), this.#state.segment)
      // A cursor that a function opened has no entry here; it lives in the transaction that opened it.
      if (portals.length === 0 && this.running.length === 0 && !this.#state.transactionMayBeOpen) {
        return this.#fail(analysis, unknownNameResponse('cursor', fetch))
      }
      uses.push(...portals.flatMap((portal) => portal.candidates))
    }
    for (const use of uses) this.uses.add(use)
    this.#noteEffects(analysis)
    if (execute !== undefined) for (const { analysis: behind } of uses) if (behind) this.#noteEffects(behind)
    if (!keepsCursors([{ analysis }], uses)) this.keepsCursors = false
    this.running.push(this.#running(analysis, own, judged, execute === undefined ? undefined : uses))
    return true
  }

  #noteEffects(analysis: StatementAnalysis): void {
    const { makesTemporary, changes } = analysis.effects
    if (makesTemporary) this.#made.push(...makesTemporary)
    if (changes) this.#made.push(...changes)
    this.copies ||= copiesIn(analysis)
    if (changesSettings(analysis)) this.settings.push(analysis.effects)
  }

  /** The statement, with the names it gives. What an EXECUTE runs gives them too, where it is sure what that is. */
  #running(
    analysis: StatementAnalysis,
    own: (analysis: StatementAnalysis) => string,
    judged: JudgedUnder,
    executed: readonly Prepared[] | undefined,
  ): RunningStatement {
    if (executed === undefined) return this.#named(analysis, own, judged)
    const [only] = executed
    // EXPLAIN and CREATE TABLE AS run nothing but queries.
    if (analysis.kind !== 'ExecuteStmt') return { analysis }
    if (only?.analysis === undefined || executed.length !== 1) return { analysis }
    return { ...this.#named(only.analysis, slicesOf(only.sql), only.judged), analysis, executed: only.analysis }
  }

  #named(
    analysis: StatementAnalysis,
    own: (analysis: StatementAnalysis) => string,
    judged: JudgedUnder,
  ): RunningStatement {
    const { prepare, declare } = analysis.effects
    const { statements, portals, segment } = this.#state
    if (prepare !== undefined) {
      const prepared = { sql: own(analysis), analysis: prepare.statement, judged }
      return { analysis, statement: statements.expect(sqlNameKey(prepare.name), prepared, segment) }
    }
    if (declare !== undefined) {
      const candidates = [{ sql: own(analysis), analysis: declare.statement, judged }]
      const portal = { candidates, holdable: declare.hold }
      return { analysis, portal: portals.expect(sqlNameKey(declare.name), portal, segment) }
    }
    return { analysis }
  }

  #fail({ kind, effects }: StatementAnalysis, response: Buffer): false {
    const isExplained = kind === 'ExplainStmt'
    this.unknown = { kind: effects.execute === undefined ? 'cursor' : 'statement', response, isExplained }
    this.#addOwn()
    return false
  }

  /** From when it is sent on, since what is sent behind it is judged before the server has answered. */
  #addOwn(): void {
    const state = this.#state
    if (this.#made.length === 0) return
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

/** Gives a statement's own part of the text, whose bytes are made once: many statements may have a slice of it. */
function slicesOf(text: StatementText): (analysis: StatementAnalysis) => string {
  let bytes = typeof text === 'string' ? undefined : text
  return ({ start, end }) => {
    bytes ??= Buffer.from(text as string, 'utf8')
    return bytes.toString('utf8', start, end)
  }
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
