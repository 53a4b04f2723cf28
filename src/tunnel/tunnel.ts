import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Profile } from '../config/profiles.ts'
import type { TcpEnds } from '../net/socket-table.ts'
import type { TokenSource } from '../tokens/token-source.ts'
import { CancelKeys } from './cancel-keys.ts'
import type { ConnectionEvents } from './connection-events.ts'
import type { LocalAccess } from './local-access.ts'
import { LocalConnection } from './local-connection.ts'
import type { StartLocalTls } from './local-opening.ts'
import { RemoteMemory } from './remote-memory.ts'

export interface TunnelOptions {
  readonly profile: Profile
  readonly tokens: TokenSource
  /** Who may use the local side. */
  readonly access: LocalAccess
  readonly events: ConnectionEvents
  readonly clock: Clock
  readonly log: Log
  readonly startLocalTls?: StartLocalTls
  /** How long a local client may take to say what it wants, and how long the remote side to let it in. */
  readonly openingTimeoutMs?: number
  readonly sessionTimeoutMs?: number
}

const CLOSE_TIMEOUT_MS = 1000

/** A running session, as a CancelRequest has to find it. */
export interface RunningSession {
  readonly address: string
}

/** A local peer: how to name it, and its end of the connection where it came over TCP. */
export interface LocalPeer {
  readonly name: string
  readonly tcp: TcpEnds | undefined
}

/**
 * One profile's tunnel: takes local connections from whatever listens, and gives each a session with the remote
 * side. It outlives everything that can go wrong with one of them.
 */
export class Tunnel {
  readonly options: TunnelOptions
  readonly memory = new RemoteMemory()
  readonly cancelKeys = new CancelKeys<RunningSession>()
  readonly #connections = new Set<LocalConnection>()
  readonly #onLoginNeeded = new Set<() => void>()
  #onEmpty = () => {}
  #lastId = 0
  /** What the last attempt at a session came to: `ok`, or the code of its error. */
  lastAttempt: 'none yet' | 'ok' | ErrorCode = 'none yet'

  constructor(options: TunnelOptions) {
    this.options = options
  }

  /** Serves one local connection to its end; never rejects. */
  async serve(stream: Duplex, peer: LocalPeer): Promise<void> {
    this.#lastId += 1
    const connection = new LocalConnection(this, stream, peer, this.#lastId)
    this.#connections.add(connection)
    try {
      await connection.run()
    } catch (error) {
      this.options.log.error({ err: error }, 'connection failed unexpectedly')
      stream.destroy()
    } finally {
      this.#connections.delete(connection)
      if (this.#connections.size === 0) this.#onEmpty()
    }
  }

  /** Runs `action` each time a connection fails for want of a login that pleases, until the result is called. */
  onLoginNeeded(action: () => void): () => void {
    this.#onLoginNeeded.add(action)
    return () => void this.#onLoginNeeded.delete(action)
  }

  loginNeeded(): void {
    for (const action of this.#onLoginNeeded) action()
  }

  /** Local connections open now. */
  get connections(): number {
    return this.#connections.size
  }

  /**
   * Ends every connection that does not end by itself within `graceMs`, and waits, not for long, until they are
   * closed. A client that waits for nothing is told why.
   */
  async close(why: string, graceMs = 0): Promise<void> {
    if (graceMs > 0) await this.#emptied(graceMs)
    for (const connection of this.#connections) connection.end(why)
    await this.#emptied(CLOSE_TIMEOUT_MS)
  }

  async #emptied(timeoutMs: number): Promise<void> {
    if (this.#connections.size === 0) return
    await new Promise<void>((resolve) => {
      const stop = this.options.clock.after(timeoutMs, resolve)
      this.#onEmpty = () => {
        stop()
        resolve()
      }
    })
    this.#onEmpty = () => {}
  }
}
