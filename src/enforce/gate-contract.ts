import type { AuditLog } from '../audit/audit-log.ts'
import type { SessionId } from '../base/brand.ts'
import type { Clock } from '../base/clock.ts'
import type { PgoauthError } from '../base/errors.ts'
import type { MappedIdentity } from '../base/identity.ts'
import type { Log } from '../base/log.ts'
import type { Grants } from '../policy/grants.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'
import type { TransactionStatus } from '../wire/server-messages.ts'
import type { TurnAnswer, WholeTurn } from '../wire/whole-turn.ts'
import type { Judge } from './judge.ts'

/**
 * Where a gate's output goes. The callbacks run inside `fromClient`, `fromServer` and the gate's other methods.
 * Chunks may alias the chunk that came in: write them to a socket that owns its buffer, or copy them.
 */
export interface GateSinks {
  toServer(chunk: Buffer): void
  toClient(chunk: Buffer): void
  /**
   * True: stop reading from the client until it is called with false. What is pushed meanwhile is kept in order,
   * but without a bound. The gate stalls while a statement is parsed elsewhere, the catalog is refreshed, or the
   * outcome of a COPY FROM STDIN must be known. `fromServer` never stalls.
   */
  onStall(stalled: boolean): void
  /**
   * The session is over, called once; the gate drops whatever comes afterwards. Where the stream to the client stood
   * between two messages and `error` is there, its FATAL ErrorResponse has gone to `toClient` already: end both
   * sockets. Undefined: the client said Terminate and what it had sent before is answered (Terminate itself is not
   * sent on: the server connection may be kept where nothing is open on it), or the server said FATAL (which went to
   * the client).
   */
  onEnd(error: PgoauthError | undefined): void
  /** The body of a SASLResponse at a message boundary (DESIGN section 9). Without it a `p` ends the session. */
  onRenewal?(body: Buffer): void
  /**
   * A statement that the bytes going to `toServer` next may run, at a Parse, Bind, Execute, Query or FunctionCall: for
   * the pool, which must know what may be left on the connection before it is run, also where it then fails.
   */
  onSending?(statement: StatementAnalysis): void
  /**
   * Offers a turn that was judged and is the only one under way: a single statement, outside a transaction. True: it is
   * taken, nothing of it goes to `toServer`, and `answer` is called once, later. Without it all turns go the long way.
   */
  onWholeTurn?(turn: WholeTurn, statement: StatementAnalysis, answer: (answer: TurnAnswer) => void): boolean
  /**
   * Takes a turn that was judged in place of its bytes, to send them on by itself; its answer comes in `fromServer` as
   * ever. False: they are to go to `toServer`, after `onSending`.
   */
  onDirectTurn?(turn: WholeTurn, statement: StatementAnalysis): boolean
  /** A statement that took effect, once the server said so: for metrics, pinning and replay. */
  onCompleted?(statement: StatementAnalysis): void
  /** Each ReadyForQuery of the server that answers a message of the client. */
  onReady?(status: TransactionStatus): void
  /** Each ParameterStatus of the server, before it goes to the client; false keeps it from the client. */
  onParameterStatus?(name: string, value: string): boolean
}

export interface GateOptions {
  readonly judge: Judge
  readonly grants: Grants
  readonly identity: MappedIdentity
  readonly sessionId: SessionId
  /** The name the client asked for. */
  readonly database: string
  readonly clientAddress: string
  readonly audit: AuditLog
  readonly log: Log
  readonly clock: Clock
  /** The bound on SQL text, in bytes (`limits.statement_bytes`); beyond it 54000. */
  readonly maxStatementBytes: number
  /**
   * A SQL statement that restores what the session began with, the proxy's own settings (`pgoauth.subject`) among it, as far
   * as it was lost; undefined where nothing was. The gate runs it on the server behind RESET and DISCARD ALL, unseen by
   * the client.
   */
  readonly restoreSql?: (isLost: (name: string) => boolean) => string | undefined
  /** Denials after which the session ends; a flood must not fill the disk. */
  readonly maxDenials?: number
}

/**
 * One session's gate, from the first ReadyForQuery that the client got (which the caller sent) to the end. Pure of
 * sockets: bytes in, bytes out, synchronously except while stalled.
 *
 * Backpressure is the caller's: it pauses the server's socket while the client's is full and the other way round; the
 * gate keeps nothing but the message it judges.
 */
export interface SessionGate {
  /** Bytes of the client, split anywhere. */
  fromClient(chunk: Buffer): void
  /** Bytes of the server, split anywhere. */
  fromServer(chunk: Buffer): void
  /** The client's socket ended. Sends nothing; the caller rolls back or closes the server connection. */
  clientClosed(): void
  /** The server's socket ended: the client is told 08006, where its stream allows. */
  serverClosed(): void

  /** From the next statement on; prepared statements and portals are judged again when they are used. */
  setGrants(grants: Grants): void

  /** Nothing is half done on the server connection: after DISCARD ALL it is as good as a new one. */
  readonly serverReusable: boolean
  /** Nothing is owed to the client and the gate holds nothing: a statement boundary. */
  readonly quiet: boolean
  /** Of the last ReadyForQuery; the truth only while `quiet`. */
  readonly transactionStatus: TransactionStatus
  /**
   * Ends the session with a FATAL ErrorResponse of `error`. `now`: even in the middle of a result (then without the
   * ErrorResponse where a message is half sent). `statement`: once nothing is owed; nothing new is let through
   * meanwhile. `transaction`: as soon as nothing is owed and no transaction is open; the transaction may go on.
   */
  end(error: PgoauthError, when: 'now' | 'statement' | 'transaction'): void
}
