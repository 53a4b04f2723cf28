import { PgoauthError } from '../base/errors.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'
import { encodeErrorResponse } from '../wire/error-response.ts'
import { sqlNameKey, UNNAMED } from './name-table.ts'
import type { Portal, Prepared } from './prepared.ts'
import { errorResponse, unknownNameResponse } from './refusal.ts'
import type { SessionState } from './session-state.ts'

/**
 * EXECUTE of an EXECUTE or of a FETCH, which only Parse can prepare, and FETCH from the portal of either: nobody needs
 * them, and one that comes back to itself makes PostgreSQL 18 recurse until the server process dies, and with it every
 * session of the server.
 */
export const NESTED = errorResponse(new PgoauthError('STATEMENT_TOO_COMPLEX'))

/**
 * The answer to a Describe that PostgreSQL 18.4 may die of, and every session of the server with it; undefined where it
 * does not.
 *
 * What a FETCH gives the server knows from the Parse or the Bind of it; whose columns they are it looks up at the
 * Describe, without a look whether the cursor is still there (FetchStatementTargetList in pquery.c). So nothing may have
 * come in between that may have closed it. Of an EXECUTE it looks at the statement that has the name now.
 */
export function hazardOfStatements(statements: readonly Prepared[], state: SessionState): Buffer | undefined {
  for (const { analysis, parsedAt } of statements) {
    const hazard = hazardOf(analysis, parsedAt, state)
    if (hazard !== undefined) return hazard
  }
  return undefined
}

/** The same of a Describe of portals. */
export function hazardOfPortals(portals: readonly Portal[], state: SessionState): Buffer | undefined {
  for (const { candidates, boundAt } of portals) {
    for (const { analysis } of candidates) {
      const hazard = hazardOf(analysis, boundAt, state)
      if (hazard !== undefined) return hazard
    }
  }
  return undefined
}

function hazardOf(
  analysis: StatementAnalysis | undefined,
  since: number | undefined,
  state: SessionState,
): Buffer | undefined {
  const { fetch, execute } = analysis?.effects ?? {}
  if (execute !== undefined) {
    const behind = state.statements.candidates(sqlNameKey(execute), state.segment)
    return behind.some(isIndirect) ? NESTED : undefined
  }
  if (fetch === undefined) return undefined
  if (since !== state.closings) return unknownNameResponse('cursor', fetch)
  const portals = state.portals.candidates(sqlNameKey(fetch), state.segment)
  return portals.some(({ candidates }) => candidates.some(isIndirect)) ? NESTED : undefined
}

/**
 * The answer to an Execute of the unnamed portal that PostgreSQL 18.4 may die of. A Query that fails in a transaction
 * leaves its own portal behind under that name, with a list of statements that is no longer there, and an Execute looks
 * into it (IsTransactionExitStmtList in postgres.c). So it must be sure that the portal is one that Bind made.
 */
export function hazardOfUnnamed(state: SessionState): Buffer | undefined {
  const { portals, segment, queries } = state
  const [portal] = portals.candidates(UNNAMED, segment)
  // Where a Bind of this pipeline fails, what is behind it is skipped.
  if (portal !== undefined && (!state.mayHaveLeft || portals.isNew(UNNAMED, segment))) return undefined
  if (portal?.boundBehind === queries && portals.isSure(UNNAMED)) return undefined
  if (state.status !== 'E') return unknownNameResponse('portal', '')
  return encodeErrorResponse({
    severity: 'ERROR',
    code: '25P02',
    message: 'current transaction is aborted, commands ignored until end of transaction block',
  })
}

/** What it gives depends on what a name means when it is looked at. */
function isIndirect({ analysis }: Prepared): boolean {
  return analysis?.effects.execute !== undefined || analysis?.effects.fetch !== undefined
}

/**
 * Whether every cursor is still there after this has run: it only reads, calls nothing that the text does not show, and
 * ends no transaction. `uses`: what a FETCH or an EXECUTE runs; nothing where that is a cursor that a function opened.
 */
export function keepsCursors(statement: StatementAnalysis, uses: readonly Prepared[]): boolean {
  if (!isPlainSelect(statement) && (statement.effects.fetch === undefined || uses.length === 0)) return false
  return uses.every(({ analysis }) => analysis !== undefined && isPlainSelect(analysis))
}

/** It reads and does nothing else; a statement that sets or ends something may be plain, too. */
export function isPlainSelect({ kind, plain }: StatementAnalysis): boolean {
  return kind === 'SelectStmt' && plain
}
