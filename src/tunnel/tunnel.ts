import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Profile } from '../config/profiles.ts'
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

/** A running session, as a CancelRequest has to find it. */
export interface RunningSession {
  readonly address: string
}

/** A local peer: how to name it, and its end of the connection where it came over TCP. */
export interface LocalPeer {
  readonly name: string
  readonly tcp:
    | {
        readonly remoteAddress: string
        readonly remotePort: number
        readonly localAddress: string
        readonly localPort: number
      }
    | undefined
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
  #lastId = 0

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
    }
  }

  /** Local connections open now. */
  get connections(): number {
    return this.#connections.size
  }

  /** Ends every connection; a client that waits for nothing is told why. */
  close(why: string): void {
    for (const connection of this.#connections) connection.end(why)
  }
}
