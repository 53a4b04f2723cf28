import { randomBytes } from 'node:crypto'
import type { PgoauthError } from '../base/errors.ts'
import type { Grants } from '../policy/grants.ts'
import type { SessionRelation, StatementAnalysis } from '../sql/analysis.ts'
import type { TransactionStatus } from '../wire/server-messages.ts'
import { type NameKey, NameTable, type Pending } from './name-table.ts'
import type { Portal, Prepared } from './prepared.ts'
import { ReplyLedger } from './reply-ledger.ts'
import { StandIns } from './stand-in.ts'

/** What the gate keeps with each message that the server owes an answer. */
export interface Note {
  /** A stand-in went in the client's message's place, and this is the answer to it. */
  readonly refusal?: Buffer
  /** The server's own answer stands where it is that the transaction is aborted. */
  readonly unlessAborted?: true
  /** A message of the gate's own: its answer goes nowhere. */
  readonly own?: true
  /** The statements that the message runs, in order; `steps` of them are done. */
  readonly statements?: readonly RunningStatement[]
  /** A Query's text, into which an error's position points. */
  readonly sql?: string | undefined
  steps?: number
  /** The stand-in's error came. */
  refused?: true
  readonly statement?: Pending<Prepared>
  readonly portal?: Pending<Portal>
  readonly closes?: { readonly kind: 'statement' | 'portal'; readonly key: NameKey }
  /** It may start COPY FROM STDIN. */
  readonly copyIn?: CopyIn
}

/** One statement under way, with the names it gives once it is done. */
export interface RunningStatement {
  readonly analysis: StatementAnalysis
  /** What an EXECUTE runs, where that is sure. */
  readonly executed?: StatementAnalysis
  readonly statement?: Pending<Prepared>
  readonly portal?: Pending<Portal>
}

/** A message for which nothing is kept. */
export const NOTHING_NOTED: Note = Object.freeze({})

/** The COPY FROM STDIN that a message may have started, and how far the client is with it. */
export interface CopyIn {
  readonly by: 'query' | 'execute'
  /** CopyInResponses that came. */
  started: number
  /** CopyDones and CopyFails that went. */
  ended: number
}

export function beginCopy(by: CopyIn['by']): CopyIn {
  return { by, started: 0, ended: 0 }
}

/** Shared, so that what was judged for one session without any holds for another. */
const NOTHING_OWN: readonly SessionRelation[] = []

/** What both directions of one session's gate look at. */
export class SessionState {
  readonly ledger = new ReplyLedger<Note>()
  readonly statements = new NameTable<Prepared>()
  readonly portals = new NameTable<Portal>()
  readonly standIns = new StandIns()
  grants: Grants
  status: TransactionStatus = 'I'
  /** Counts what ends at a Sync, a Query or a FunctionCall. */
  segment = 0
  /** Counts what went to the server and may have closed a cursor. */
  closings = 0
  /** `closings` when nothing was unanswered: since then `status` is the truth where it is still the same. */
  #settledClosings = 0
  /** Queries that went to the server. */
  queries = 0
  /** `queries` when nothing was unanswered and no transaction had failed. */
  #forgottenQueries = 0
  /** An extended-query message went since the last Sync. */
  segmentOpen = false
  /** Set while the client's next messages may be for that COPY. */
  copyIn: CopyIn | undefined
  /** Its temporary relations, and those its open transaction has made and changed. */
  temporary: readonly SessionRelation[] = NOTHING_OWN
  /** DDL was done in the transaction that is open: nobody else sees it before its end. */
  changedCatalog = false
  /** The caller asked for the end, at that point. */
  ending: { readonly error: PgoauthError; readonly when: 'statement' | 'transaction' } | undefined
  /** The client said Terminate. */
  terminated = false
  ended = false
  #ownName: string | undefined

  constructor(grants: Grants) {
    this.grants = grants
  }

  /** Of prepared statements of the gate's own; made when one is first needed. */
  get ownName(): string {
    this.#ownName ??= `pgoauth_own_${randomBytes(8).toString('hex')}`
    return this.#ownName
  }

  /** A Query, or what ends with a Sync, goes to the server as one. `isPlain`: it only reads, and shows all that it does. */
  turnSent(isQuery: boolean, isPlain: boolean): void {
    // At its end, and at an error in it, a transaction that nobody began takes its cursors along.
    if (!isPlain || !this.transactionIsOpen) this.closings++
    if (isQuery) this.queries++
  }

  /** The status is as the server's last ReadyForQuery said. */
  statusCame(status: TransactionStatus): void {
    this.status = status
    if (!this.ledger.empty || this.segmentOpen) return
    this.#settledClosings = this.closings
    if (status !== 'E') this.#forgottenQueries = this.queries
  }

  /** A Query may have left its portal behind, in a transaction that failed. */
  get mayHaveLeft(): boolean {
    return this.queries !== this.#forgottenQueries
  }

  /** A transaction is open where the client's next message will run, or has failed there. */
  get transactionIsOpen(): boolean {
    return this.status !== 'I' && this.closings === this.#settledClosings
  }

  /** Whether a transaction may be open where the client's next message will run. */
  get transactionMayBeOpen(): boolean {
    return this.status !== 'I' || !this.ledger.empty || this.segmentOpen
  }
}
