import type { PgoauthError } from '../base/errors.ts'

/** One local connection, from the moment it is known what it wants. */
export interface ConnectionOpened {
  readonly id: number
  readonly profile: string
  /** The local peer: address and port, or the name of the Unix socket. */
  readonly peer: string
  readonly remote: string
  /** The user and database that the remote side was asked for. */
  readonly user: string
  readonly database: string
  readonly application: string
}

export interface ConnectionClosed extends ConnectionOpened {
  readonly durationMs: number
  readonly bytesFromClient: number
  readonly bytesFromRemote: number
  readonly endedBy: 'client' | 'remote' | 'tunnel'
  readonly why: string
}

/** Remote side, user and database are there once the client has said what it wants and may be told of it. */
export interface ConnectionRefused
  extends Pick<ConnectionOpened, 'id' | 'profile' | 'peer'>,
    Partial<Pick<ConnectionOpened, 'remote' | 'user' | 'database' | 'application'>> {
  readonly error: PgoauthError
  /** What the refused token itself tells, a line each. */
  readonly facts: readonly string[]
}

/** Who is told of a tunnel's connections: the terminal and the log file. */
export interface ConnectionEvents {
  opened(event: ConnectionOpened): void
  closed(event: ConnectionClosed): void
  refused(event: ConnectionRefused): void
  cancelled(event: {
    readonly id: number
    readonly profile: string
    readonly peer: string
    readonly outcome: string
  }): void
}
