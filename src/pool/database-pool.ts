import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { BoundsFactory } from './lease-bounds.ts'
import { type LeaseLimits, LeaseQueue } from './lease-queue.ts'
import { PooledServer } from './pooled-server.ts'
import type { ServerConnection } from './server-connection.ts'
import { type Settings, SharedSettings, settingsChangeSql } from './settings.ts'

export interface DatabasePoolOptions {
  readonly database: string
  readonly limits: LeaseLimits
  /** What else bounds it, where it shares the server connections with pools of other processes. */
  readonly bounds?: BoundsFactory | undefined
  readonly clock: Clock
  readonly log: Log
  /** See LeaseQueue. */
  readonly onWaited?: ((ms: number) => void) | undefined
  /** Opens a connection of that key. */
  readonly connect: (key: string) => Promise<ServerConnection>
  /** The role that connections of a key speak as. */
  readonly role: (key: string) => string
  /** Cancels what the connection runs; settled once the server has acted. */
  readonly cancel: (connection: ServerConnection) => Promise<void>
}

export interface ServerRequest {
  /** Of connections that are alike: see LeaseRequest.key in lease-waiters.ts. */
  readonly key: string
  /** Issuer and subject. */
  readonly identity: string
  /** Settings of the client's and of the proxy's own (`pgoauth.subject`), by settingKey. */
  readonly settings: Settings
  readonly signal?: AbortSignal
}

/** What a server connection was left in: `busy` where replies are owed or a message is half sent. */
export type LeftIn = 'I' | 'T' | 'E' | 'busy'

/** The server connections of one database, over all of its roles. */
export class DatabasePool {
  readonly queue: LeaseQueue<PooledServer>
  readonly settings = new SharedSettings()
  readonly #options: DatabasePoolOptions

  constructor(options: DatabasePoolOptions) {
    this.#options = options
    this.queue = new LeaseQueue({
      limits: options.limits,
      bounds: options.bounds,
      clock: options.clock,
      onWaited: options.onWaited,
      open: async (key) => {
        const server = await PooledServer.take(await this.#connect(key), options.role(key), options.clock)
        server.onLostIdle = () => this.queue.remove(server)
        return server
      },
    })
  }

  /**
   * A connection with the client's settings in place, for the session's whole life. One that turns out to have died
   * while idle is dropped and the next one tried, unseen.
   *
   * @throws POOL_EXHAUSTED, SHUTDOWN, what opening throws; SETTING_INVALID where the server refuses a setting.
   */
  async lease(request: ServerRequest): Promise<PooledServer> {
    for (let attempt = 0; ; attempt++) {
      const server = await this.#next(request)
      try {
        await this.#put(server, request.settings)
        if (!request.signal?.aborted) return server
        void this.giveBack(server, 'I')
        throw request.signal.reason
      } catch (thrown) {
        if (request.signal?.aborted) throw thrown
        if (thrown instanceof SettingsError) {
          void this.giveBack(server, 'I')
          throw thrown
        }
        this.drop(server)
        const error = asPgoauthError(thrown, 'SERVER_LOST')
        if (error.code !== 'SERVER_LOST' || attempt >= this.queue.limits.size) throw error
      }
    }
  }

  /**
   * Takes a connection back from a lease, cleans it and checks it, and lends it on. What is `busy` is cancelled and
   * closed: its replies are nobody's.
   */
  async giveBack(server: PooledServer, leftIn: LeftIn): Promise<void> {
    if (leftIn === 'busy') {
      server.readBy({ onData: () => {}, onDrain: () => {}, onLost: () => {} })
      await this.cancel(server)
      this.drop(server)
      return
    }
    const flaw = server.isLost ? 'it was lost' : await server.reset(leftIn)
    if (flaw === undefined) {
      this.queue.giveBack(server)
      return
    }
    this.#options.log.warn(
      { database: this.#options.database, flaw },
      'closed a server connection instead of lending it again',
    )
    this.drop(server)
  }

  isTooOld(server: PooledServer): boolean {
    return this.#options.clock.nowMs() - server.openedAtMs >= this.queue.limits.maxAgeMs
  }

  after(ms: number, action: () => void): void {
    this.#options.clock.after(ms, action)
  }

  /** Closes a connection for good. */
  drop(server: PooledServer): void {
    this.queue.remove(server)
    server.destroy()
  }

  async cancel(server: PooledServer): Promise<void> {
    try {
      await this.#options.cancel(server.connection)
    } catch (thrown) {
      this.#options.log.warn(
        { database: this.#options.database, error: asPgoauthError(thrown).message },
        'a cancel did not reach the server',
      )
    }
  }

  async #connect(key: string): Promise<ServerConnection> {
    const { bounds } = this.queue
    bounds.opening()
    try {
      const connection = await this.#options.connect(key)
      if (connection.socket.closed) bounds.ended()
      else connection.socket.once('close', () => bounds.ended())
      return connection
    } catch (error) {
      bounds.ended()
      throw error
    }
  }

  #next({ key, identity, signal }: ServerRequest): Promise<PooledServer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      let isSettled = false
      const settled = () => {
        isSettled = true
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = () => {
        leave()
        reject(signal?.reason)
      }
      const leave = this.queue.request({
        key,
        identity,
        onLease: (server) => {
          settled()
          resolve(server)
        },
        onRefused: (error) => {
          settled()
          reject(error)
        },
      })
      if (!isSettled) signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  async #put(server: PooledServer, settings: Settings): Promise<void> {
    const sql = settingsChangeSql(server.settings, settings)
    if (sql === undefined) return
    server.settings = this.settings.of(settings)
    const error = (await server.exchange([sql]))[0]?.error
    if (error !== undefined) throw new SettingsError(error)
  }
}

/** The server refused a setting of the client's; its words go to the log. */
class SettingsError extends PgoauthError {
  constructor(fields: ReadonlyMap<string, string>) {
    super('SETTING_INVALID', { detail: `${fields.get('C') ?? ''} ${fields.get('M') ?? ''}` })
  }
}
