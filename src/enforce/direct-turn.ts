import type { StatementAnalysis } from '../sql/analysis.ts'
import { plainAnswer, type WholeTurn } from '../wire/whole-turn.ts'
import type { GateParts } from './gate-parts.ts'
import type { KnownTurn } from './known-turn.ts'
import { UNNAMED } from './name-table.ts'
import type { Portal, Prepared } from './prepared.ts'
import { isPlainSelect } from './server-hazard.ts'
import { NOTHING_NOTED, type Note } from './session-state.ts'

/**
 * The short way of a turn that does nothing to the session but run: its bytes go to the server untouched, and where the
 * answer is one chunk with nothing unusual in it, that goes to the client untouched, and nothing was entered in the ledger.
 *
 * Whatever else happens before (more of the client, half an answer, an error, an end): `settle` enters it as if it had
 * gone the long way, and it is as any other.
 */
export class DirectTurn {
  readonly #parts: GateParts
  #turn: WholeTurn | undefined
  #away: KnownTurn | undefined
  /** Its text, where an error in it is looked up there. */
  #sql: string | undefined

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  /** A turn is at the server that stands in no ledger. */
  get busy(): boolean {
    return this.#away !== undefined
  }

  /** True: it was sent. The stream must be at rest, and no transaction failed. */
  send(turn: WholeTurn, known: KnownTurn): boolean {
    const { analysis } = known
    if (analysis.ddl || hasEffects(analysis)) return false
    const { sinks, options, state } = this.#parts
    if (known.judgement !== undefined) options.judge.tally.known()
    this.#turn = turn
    this.#away = known
    this.#sql = turn.kind === 'query' && state.grants.policy.errors !== 'full' ? turn.sql : undefined
    state.turnSent(turn.kind === 'query', isPlainSelect(analysis))
    if (sinks.onDirectTurn?.(turn, analysis)) return true
    sinks.onSending?.(analysis)
    sinks.toServer(turn.bytes)
    return true
  }

  /** True: the bytes are the answer to the turn, and went to the client. */
  answered(chunk: Buffer): boolean {
    const { state, sinks } = this.#parts
    const turn = this.#turn
    const known = this.#away
    if (turn === undefined || known === undefined || plainAnswer(chunk, turn) !== state.status) return false
    this.#turn = undefined
    this.#away = undefined
    const { prepared, analysis } = known
    if (turn.kind === 'bind' && prepared !== undefined) {
      if (turn.parses) state.statements.set(UNNAMED, prepared)
      if (state.status === 'T') state.portals.set(UNNAMED, this.#portalOf(prepared))
    }
    state.segment++
    state.statusCame(state.status)
    sinks.onCompleted?.(analysis)
    sinks.toClient(chunk)
    sinks.onReady?.(state.status)
    return true
  }

  /** Enters the turn that is away in the ledger; what comes next is the long way's. */
  settle(): void {
    const turn = this.#turn
    const known = this.#away
    if (turn === undefined || known === undefined) return
    this.#turn = undefined
    this.#away = undefined
    const { ledger, statements, portals, segment } = this.#parts.state
    const { analysis, prepared } = known
    const running: Note = { statements: [{ analysis }], sql: this.#sql }
    if (turn.kind === 'query') ledger.expect('query', running)
    else if (prepared !== undefined) {
      if (turn.parses) {
        ledger.expect('parse', { statement: statements.expect(UNNAMED, prepared, segment) })
      }
      ledger.expect('bind', { portal: portals.expect(UNNAMED, this.#portalOf(prepared), segment) })
      if (turn.hasDescribe) ledger.expect('describe-portal', NOTHING_NOTED)
      ledger.expect('execute', running)
      ledger.expect('sync', NOTHING_NOTED)
    }
    this.#parts.state.segment++
  }

  /** The portal of the turn that is away. */
  #portalOf(prepared: Prepared): Portal {
    return { candidates: [prepared], holdable: false, boundBehind: this.#parts.state.queries }
  }
}

/** Whether its text does anything to the session or the transaction: then the long way has something to note. */
function hasEffects({ effects }: StatementAnalysis): boolean {
  for (const _effect in effects) return true
  return false
}
