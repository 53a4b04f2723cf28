import type { Role, Subject } from '../base/brand.ts'
import type { ServerConnection } from './server-connection.ts'

export interface LeaseRequest {
  readonly role: Role
  /** Whose share it comes out of: identity is issuer and subject. */
  readonly issuer: string
  readonly subject: Subject
  /** The client's own startup settings, by lower-case name, application_name among them. */
  readonly settings: ReadonlyMap<string, string>
  readonly signal?: AbortSignal
}

/** A server connection lent to one session. */
export interface ServerLease {
  readonly connection: ServerConnection
  /**
   * Puts the proxy's own settings back in place, after a RESET ALL or DISCARD ALL of the client; undefined where they are
   * what a reset falls back to.
   */
  readonly restoreSql: string | undefined
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
  /** Lends nothing more; connections end as their leases do. */
  close(): void
}
