import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import { readEagerly } from '../net/eager-reading.ts'
import type { TransactionStatus } from '../wire/server-messages.ts'
import { Exchange, type ExchangeReply } from './exchange.ts'
import type { Poolable } from './lease-queue.ts'
import {
  type Baseline,
  CHECK_SQL,
  processBaseline,
  quickBaseline,
  quickResetStatements,
  resetFlaw,
  resetStatements,
} from './reset.ts'
import type { ServerConnection } from './server-connection.ts'
import type { Settings } from './settings.ts'

/** Who reads a server connection while it is theirs. */
export interface ServerReader {
  onData(chunk: Buffer): void
  /** The socket takes more again, after `write` gave false. */
  onDrain(): void
  /** The connection is gone; nothing more comes of it. */
  onLost(error: PgoauthError): void
}

/** A reset or a check that takes longer is given up, and the connection closed. */
const EXCHANGE_TIMEOUT_MS = 10_000
const NO_SETTINGS: Settings = new Map()

/**
 * A server connection as the pool keeps it: idle, in a conversation of the pool's own, or read by one lease. What
 * arrives while idle can only be news of settings; anything else, and it is closed.
 */
export class PooledServer implements Poolable {
  readonly connection: ServerConnection
  readonly role: string
  /** What was set on it for a client, by settingKey; emptied by a reset. */
  settings: Settings = NO_SETTINGS
  /** Names of the protocol-level prepared statements on it, the longest unused first. */
  readonly prepared = new Set<string>()
  /** The Parse that its unnamed statement came from; undefined where it has none. */
  unnamed: object | undefined
  /** Called once, when the connection ends by itself while nobody reads it. */
  onLostIdle: () => void = () => {}
  readonly #clock: Clock
  #baseline: Baseline = []
  readonly #idleReader: ServerReader
  #reader: ServerReader
  #lost: PgoauthError | undefined
  #stopReading: () => void = () => {}

  private constructor(connection: ServerConnection, role: string, clock: Clock) {
    this.connection = connection
    this.role = role
    this.#clock = clock
    this.#idleReader = this.#readNews()
    this.#reader = this.#idleReader
    const { socket } = connection
    this.#listen()
    socket.on('error', (cause: Error) => this.#end(new PgoauthError('SERVER_LOST', { detail: cause.message, cause })))
    socket.on('end', () => this.#end(new PgoauthError('SERVER_LOST', { detail: 'the server closed the connection' })))
    socket.on('close', () => this.#end(new PgoauthError('SERVER_LOST', { detail: 'the connection closed' })))
  }

  /**
   * Takes a connection just opened for `role`, once it is seen to speak as that role with nothing set.
   *
   * @throws SERVER_REFUSED where it does not; SERVER_LOST. It is closed then.
   */
  static async take(connection: ServerConnection, role: string, clock: Clock): Promise<PooledServer> {
    const server = new PooledServer(connection, role, clock)
    connection.socket.resume()
    try {
      const baseline = processBaseline((await server.exchange([CHECK_SQL]))[0], role)
      if ('flaw' in baseline) throw new PgoauthError('SERVER_REFUSED', { detail: baseline.flaw })
      server.#baseline = baseline
      return server
    } catch (error) {
      server.close()
      throw error
    }
  }

  get openedAtMs(): number {
    return this.connection.connectedAtMs
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /** What the server reports of its settings, kept true while the pool reads; a lease keeps it true meanwhile. */
  get parameters(): Map<string, string> {
    return this.connection.parameters
  }

  /** Gives what arrives to a reader; undefined takes it back. */
  readBy(reader: ServerReader | undefined): void {
    this.#reader = reader ?? this.#idleReader
    const { socket } = this.connection
    if (!socket.readableFlowing) socket.resume()
    if (this.#lost !== undefined) this.#reader.onLost(this.#lost)
  }

  /** Leaves the socket to a session, paused, until `takeBack`. That the connection ends is the session's to see. */
  handOver(): void {
    const { socket } = this.connection
    this.#stopReading()
    socket.off('drain', this.#onDrain)
    socket.pause()
    this.#reader = { onData: () => {}, onDrain: () => {}, onLost: () => {} }
  }

  takeBack(): void {
    this.#listen()
    this.readBy(undefined)
  }

  /** False where the socket is full: then wait for onDrain. */
  write(chunk: Buffer): boolean {
    return this.connection.socket.write(chunk)
  }

  /**
   * Runs statements of the pool's own, in one write; their replies, errors among them.
   *
   * @throws SERVER_LOST, also where no answer comes in time; SERVER_BAD. Close it then.
   */
  exchange(
    statements: readonly string[],
    onParameter?: (name: string, value: string) => void,
  ): Promise<readonly ExchangeReply[]> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(statements, (name, value) => {
        this.parameters.set(name, value)
        onParameter?.(name, value)
      })
      const stopTimer = this.#clock.after(EXCHANGE_TIMEOUT_MS, () =>
        settle(new PgoauthError('SERVER_LOST', { detail: 'no answer in time' })),
      )
      const settle = (outcome: readonly ExchangeReply[] | PgoauthError) => {
        stopTimer()
        this.readBy(undefined)
        if (outcome instanceof PgoauthError) reject(outcome)
        else resolve(outcome)
      }
      this.readBy({
        onData: (chunk) => {
          try {
            const replies = exchange.push(chunk)
            if (replies !== undefined) settle(replies)
          } catch (thrown) {
            settle(asPgoauthError(thrown, 'SERVER_BAD'))
          }
        },
        onDrain: () => {},
        onLost: (error) => {
          stopTimer()
          reject(error)
        },
      })
      if (this.#lost === undefined) this.write(exchange.request)
    })
  }

  /** Makes it as new, and looks; why it must be closed instead, or undefined where it may be lent again. `isQuick`: see quickResetStatements. */
  async reset(status: TransactionStatus, isQuick: boolean): Promise<string | undefined> {
    try {
      const flaw =
        isQuick && status === 'I' && this.settings.has('pgoauth.subject')
          ? resetFlaw(await this.exchange(quickResetStatements()), quickBaseline(this.#baseline))
          : resetFlaw(await this.exchange(resetStatements(status)), this.#baseline)
      this.settings = NO_SETTINGS
      this.prepared.clear()
      this.unnamed = undefined
      return flaw
    } catch (thrown) {
      return asPgoauthError(thrown).message
    }
  }

  /** Ends the connection; in order where the server is idle. */
  close(): void {
    this.onLostIdle = () => {}
    this.#reader = { onData: () => {}, onDrain: () => {}, onLost: () => {} }
    this.connection.close()
  }

  /** Ends it at once: what runs there is not waited for. */
  destroy(): void {
    this.close()
    this.connection.socket.destroy()
  }

  readonly #onData = (chunk: Buffer) => this.#reader.onData(chunk)
  readonly #onDrain = () => this.#reader.onDrain()

  #listen(): void {
    this.#stopReading = readEagerly(this.connection.socket, this.#onData)
    this.connection.socket.on('drain', this.#onDrain)
  }

  #readNews(): ServerReader {
    const news = new Exchange([], (name, value) => this.parameters.set(name, value))
    return {
      onData: (chunk) => {
        try {
          news.push(chunk)
        } catch (thrown) {
          this.#end(asPgoauthError(thrown, 'SERVER_BAD'))
        }
      },
      onDrain: () => {},
      onLost: () => this.onLostIdle(),
    }
  }

  #end(error: PgoauthError): void {
    if (this.#lost !== undefined) return
    this.#lost = error
    this.connection.socket.destroy()
    this.#reader.onLost(error)
  }
}
