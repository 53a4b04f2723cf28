import type { SessionRelation, StatementAnalysis } from '../sql/analysis.ts'
import type { GateParts } from './gate-parts.ts'
import { sqlNameKey, UNNAMED } from './name-table.ts'
import type { Note, SessionState } from './session-state.ts'

/** The transaction is over, and nothing sent is unanswered: what it changed is as the catalog says once it is refreshed. */
export function transactionDone(state: SessionState): void {
  if (state.ledger.empty && !state.segmentOpen) keepOwn(state, ({ schema }) => schema === undefined)
}

function keepOwn(state: SessionState, keeps: (relation: SessionRelation) => boolean): void {
  if (!state.temporary.every(keeps)) state.temporary = state.temporary.filter(keeps)
}

/** The server is done with the next statement of a message: what it named is named, what it dropped is gone. */
export function statementDone(note: Note, { state, options, sinks }: GateParts): void {
  const step = note.steps ?? 0
  const running = note.statements?.[step]
  note.steps = step + 1
  if (running === undefined) return
  if (running.statement) state.statements.confirm(running.statement)
  if (running.portal) state.portals.confirm(running.portal)

  took(running.analysis, state)
  if (running.executed !== undefined) took(running.executed, state)
  if (running.analysis.ddl || running.executed?.ddl) {
    state.changedCatalog = true
    options.judge.catalog.markStale()
  }
  sinks.onCompleted?.(running.analysis)
  if (running.executed !== undefined) sinks.onCompleted?.(running.executed)
}

/** What a statement that took effect did to names and to relations of the session's own. */
function took({ effects }: StatementAnalysis, state: SessionState): void {
  const { deallocate, close, discard, dropsTemporary } = effects
  if (deallocate) {
    if (deallocate.name === undefined) state.statements.clear((_, key) => key === UNNAMED)
    else state.statements.remove(sqlNameKey(deallocate.name))
  }
  if (close) {
    if (close.name === undefined) state.portals.clear()
    else state.portals.remove(sqlNameKey(close.name))
  }
  if (discard === 'all') {
    state.statements.clear((_, key) => key === UNNAMED)
    state.portals.clear()
  }
  if (discard === 'all' || discard === 'temp') keepOwn(state, ({ schema }) => schema !== undefined)
  // A view's needs are kept: a ROLLBACK may bring it back.
  if (dropsTemporary) {
    keepOwn(
      state,
      ({ schema, name, needs }) => schema !== undefined || needs !== undefined || !dropsTemporary.includes(name),
    )
  }
}
