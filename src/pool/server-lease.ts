import type { Role, Subject } from '../base/brand.ts'
import type { PgoauthError } from '../base/errors.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'
import type { TurnAnswer, WholeTurn } from '../wire/whole-turn.ts'

export interface LeaseRequest {
  readonly role: Role
  /** Whose share it comes out of: identity is issuer and subject. */
  readonly issuer: string
  readonly subject: Subject
  /** The client's own startup settings, by lower-case name, application_name among them. */
  readonly settings: ReadonlyMap<string, string>
  readonly signal?: AbortSignal
}

/** What a session uses of a server connection's socket; a Socket is one. */
export interface ServerStream {
  readonly writable: boolean
  readonly writableNeedDrain: boolean
  readonly destroyed: boolean
  readonly readableEnded: boolean
  write(chunk: Buffer): boolean
  pause(): unknown
  resume(): unknown
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'drain' | 'end' | 'close', listener: () => void): unknown
  once(event: 'end' | 'close', listener: () => void): unknown
  off(event: 'data', listener: (chunk: Buffer) => void): unknown
  off(event: 'drain' | 'end' | 'close', listener: () => void): unknown
}

/** What a lease in transaction pooling is told of its session, and tells it. */
export interface LeaseWatcher {
  /** A statement that the bytes written next may run. */
  sending(statement: StatementAnalysis): void
  /** Takes a whole turn, instead of its bytes: see TransactionSession.take. Undefined where none ever is. */
  readonly take?: (turn: WholeTurn, statement: StatementAnalysis, answer: (answer: TurnAnswer) => void) => boolean
  /** Sends a whole turn, instead of its bytes: see TransactionSession.send. */
  send(turn: WholeTurn, statement: StatementAnalysis): boolean
  /** A statement that took effect. */
  completed(statement: StatementAnalysis): void
  /** What to do where no server connection can be had, or one was lost: end the session with that error. */
  endWith(action: (error: PgoauthError) => void): void
}

/** A server connection lent to one session; in transaction pooling, what looks like one. */
export interface ServerLease {
  readonly stream: ServerStream
  /** ParameterStatus values as the client is to be told them. */
  readonly parameters: Map<string, string>
  readonly watcher?: LeaseWatcher
  /**
   * Puts what the session began with back in place, after a RESET or DISCARD ALL of the client: the settings of those names,
   * as settingKey has them. Undefined where there is none.
   */
  readonly restoreSql: (isLost: (name: string) => boolean) => string | undefined
  /** Cancels what the session runs and nothing else; settled once the server has acted. Rejects where it cannot be asked. */
  cancel(): Promise<void>
  /** Ends the lease; the pool resets the connection or closes it. Once. `isClean`: idle, outside a transaction. */
  release(isClean: boolean): void
}

/** The server connections of one database. */
export interface ServerPool {
  /**
   * @throws ROLE_REFUSED; SERVER_UNREACHABLE, SERVER_REFUSED, SERVER_FULL, SERVER_NOT_READY, SERVER_BAD; TOO_MANY_CLIENTS
   *   where there was none to be had in time.
   */
  lease(request: LeaseRequest): Promise<ServerLease>
  /** Runs a statement of the proxy's own. */
  ask(sql: string): Promise<readonly (readonly (string | null)[])[]>
  /** Whether a server can be reached and used. @throws as lease. */
  check(): Promise<void>
  /** Whether sessions as this role could be opened. @throws as lease. */
  checkRole(role: string): Promise<void>
  /** Server connections by state, and sessions that wait for one. */
  readonly counts: {
    readonly idle: number
    readonly leased: number
    readonly opening: number
    readonly waiting: number
  }
  /** Lends nothing more; connections end as their leases do. */
  close(): void
}
