import type { SessionRelation, StatementAnalysis } from '../sql/analysis.ts'
import { NESTED } from './describe-hazard.ts'
import { sqlNameKey } from './name-table.ts'
import type { JudgedUnder, Prepared } from './prepared.ts'
import { unknownNameResponse } from './refusal.ts'
import type { RunningStatement, SessionState } from './session-state.ts'

/** Relations of its own remembered per session; more than any tool makes, few enough to judge by. */
const MAX_OWN = 1000

/** What statements that are about to run do with names of prepared statements and cursors. */
export interface NamedByRunning {
  /** The statements, each with the names that are its own once it is done. */
  readonly running: readonly RunningStatement[]
  /** What was prepared or opened before and runs again through them: to be judged again. */
  readonly uses: readonly Prepared[]
  /** Of the statement or the cursor that was given a name that means nothing; then nothing may run. */
  readonly unknown: UnknownName | undefined
}

export interface UnknownName {
  readonly kind: 'statement' | 'cursor'
  readonly response: Buffer
}

/**
 * Follows SQL's own PREPARE, EXECUTE, DECLARE and FETCH through the statements of one message, in order, and enters
 * the names they will give. They are of the same kind as the protocol's: EXECUTE runs what a Parse named, and the
 * other way round.
 */
export function namesOf(
  statements: readonly { readonly analysis: StatementAnalysis }[],
  text: string,
  state: SessionState,
  judged: JudgedUnder,
): NamedByRunning {
  const running: RunningStatement[] = []
  const uses: Prepared[] = []
  const made: SessionRelation[] = []
  const done = (unknown: UnknownName | undefined): NamedByRunning => {
    if (made.length > 0) addOwn(state, made)
    return { running, uses, unknown }
  }
  /** The text in bytes, made once: many statements of one text may have a slice of it. */
  let bytes: Buffer | undefined
  const own = ({ start, end }: StatementAnalysis) => {
    bytes ??= Buffer.from(text, 'utf8')
    return bytes.toString('utf8', start, end)
  }
  for (const statement of statements) {
    const { analysis } = statement
    const { prepare, execute, declare, fetch, makesTemporary, changes } = analysis.effects
    if (execute !== undefined) {
      const candidates = state.statements.candidates(sqlNameKey(execute), state.segment)
      if (candidates.length === 0) return done(unknownName('statement', execute))
      if (candidates.some((one) => one.analysis?.effects.execute !== undefined)) {
        return done({ kind: 'statement', response: NESTED })
      }
      uses.push(...candidates)
    }
    if (fetch !== undefined) {
      const portals = state.portals.candidates(sqlNameKey(fetch), state.segment)
      // A cursor that a function opened has no entry here; it lives in the transaction that opened it.
      if (portals.length === 0 && running.length === 0 && !state.transactionMayBeOpen) {
        return done(unknownName('cursor', fetch))
      }
      uses.push(...portals.flatMap((portal) => portal.candidates))
    }
    if (makesTemporary) made.push(...makesTemporary)
    if (changes) made.push(...changes)
    if (prepare === undefined && declare === undefined) {
      // Nothing new: of many statements that would be much memory at once.
      running.push(statement)
      continue
    }
    running.push({
      analysis,
      ...(prepare && {
        statement: state.statements.expect(
          sqlNameKey(prepare.name),
          { sql: own(analysis), analysis: prepare.statement, judged },
          state.segment,
        ),
      }),
      ...(declare && {
        portal: state.portals.expect(
          sqlNameKey(declare.name),
          { candidates: [{ sql: own(analysis), analysis: declare.statement, judged }], holdable: declare.hold },
          state.segment,
        ),
      }),
    })
  }
  return done(undefined)
}

function unknownName(kind: UnknownName['kind'], name: string): UnknownName {
  return { kind, response: unknownNameResponse(kind, name) }
}

/** The names that running one of these gives and uses; what it gives is only sure where it is the only one. */
export function namesOfPortal(candidates: readonly Prepared[], state: SessionState): NamedByRunning {
  const running: RunningStatement[] = []
  const uses: Prepared[] = []
  for (const { analysis, sql, judged } of candidates) {
    if (analysis === undefined) continue
    const names = namesOf([{ analysis }], sql, state, judged)
    running.push(...names.running)
    if (names.unknown) return { running, uses, unknown: names.unknown }
    uses.push(...names.uses)
  }
  return { running: candidates.length === 1 ? running : [], uses, unknown: undefined }
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
  for (const { statement, portal } of running.slice(from)) {
    if (statement) state.statements.abandon(statement)
    if (portal) state.portals.abandon(portal)
  }
}

/** From when it is sent on, since what is sent behind it is judged before the server has answered. */
function addOwn(state: SessionState, made: readonly SessionRelation[]): void {
  const known = new Set(state.temporary.map((one) => JSON.stringify(one)))
  const added: SessionRelation[] = []
  for (const one of made) {
    if (state.temporary.length + added.length >= MAX_OWN) break
    const key = JSON.stringify(one)
    if (!known.has(key)) added.push(one)
    known.add(key)
  }
  if (added.length > 0) state.temporary = [...state.temporary, ...added]
}
