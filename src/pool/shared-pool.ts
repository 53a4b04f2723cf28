import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { DatabaseConfig, LoginConfig } from '../config/proxy-config.ts'
import { Batching } from './batching.ts'
import { DatabasePool } from './database-pool.ts'
import type { BoundsFactory } from './lease-bounds.ts'
import { cancelServer } from './server-connection.ts'
import type { LeaseRequest, ServerLease, ServerPool } from './server-lease.ts'
import { loginFor, ServerLogin } from './server-login.ts'
import { sessionLease } from './session-lease.ts'
import type { Settings } from './settings.ts'
import { transactionLease } from './transaction-lease.ts'

export interface SharedPoolOptions {
  readonly database: DatabaseConfig
  /** See checkLogin. */
  readonly codeScope?: string | undefined
  readonly bounds?: BoundsFactory | undefined
  /** Called with the milliseconds of each wait for a server connection, as it ends. */
  readonly onWaited?: ((ms: number) => void) | undefined
  readonly clock: Clock
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
}

/** The server connections of one database, shared by its clients: for a session each, or for a transaction each. */
export class SharedPool implements ServerPool {
  readonly #options: SharedPoolOptions
  readonly #logins = new Map<LoginConfig, ServerLogin>()
  readonly #pool: DatabasePool
  readonly #batching: Batching | undefined

  constructor(options: SharedPoolOptions) {
    const { database, clock, log } = options
    this.#options = options
    this.#pool = new DatabasePool({
      database: database.name,
      limits: database.pool,
      bounds: options.bounds,
      onWaited: options.onWaited,
      clock,
      log,
      connect: (key) => {
        const { role } = readKey(key)
        return this.#login(loginFor(database, role)).open(role, new Map())
      },
      role: (key) => readKey(key).role,
      cancel: ({ address, key }) => cancelServer(address, { server: database.server, key, clock }),
    })
    const { mode, batch } = database.pool
    this.#batching = mode === 'transaction' && batch ? new Batching(this.#pool) : undefined
  }

  async lease(request: LeaseRequest): Promise<ServerLease> {
    const { role, issuer, subject, signal } = request
    const { database, log } = this.#options
    const own = [...request.settings].filter(([name]) => !FIXED.has(name))
    const settings: Settings = new Map([...own, ['pgoauth.subject', subject as string]])
    const key = await this.#key(role)
    const identity = `${issuer} ${subject}`
    const server = await this.#pool.lease({ key, identity, settings, ...(signal && { signal }) })
    if (database.pool.mode === 'session') return sessionLease(this.#pool, server, settings)

    // The login showed that the server takes the settings, and what it reports with them.
    const told = new Map(server.parameters)
    this.#pool.queue.giveBack(server)
    return transactionLease({
      pool: this.#pool,
      key,
      identity,
      settings,
      told,
      log,
      batching: this.#batching,
    })
  }

  ask(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    return this.#login(this.#anyLogin()).ask(sql)
  }

  async check(): Promise<void> {
    await this.#login(this.#anyLogin()).check()
  }

  async checkRole(role: string): Promise<void> {
    await this.#login(loginFor(this.#options.database, role)).checkRole(role)
  }

  close(): void {
    this.#pool.queue.close()
    for (const login of this.#logins.values()) login.close()
  }

  get counts(): { idle: number; leased: number; opening: number; waiting: number } {
    return this.#pool.queue.counts
  }

  /**
   * What makes connections alike: the role, and the role's own settings, which are in the startup packet. Asking the
   * server for them also refuses a role that was dropped, expired or taken from the login since the connection was made.
   */
  async #key(role: string): Promise<string> {
    const login = loginFor(this.#options.database, role)
    if (login.asRole) return JSON.stringify({ role })
    const { settings } = await this.#login(login).facts(role)
    return JSON.stringify({ role, settings: [...settings] })
  }

  /** One that can ask: not as_role, which has no name before somebody logs in. */
  #anyLogin(): LoginConfig {
    const { database } = this.#options
    const all = [...(database.login ? [database.login] : []), ...database.logins.values()]
    return all.find((login) => !login.asRole) ?? loginFor(database, '')
  }

  #login(config: LoginConfig): ServerLogin {
    let login = this.#logins.get(config)
    if (login === undefined) {
      login = new ServerLogin({ ...this.#options, login: config })
      this.#logins.set(config, login)
    }
    return login
  }
}

/** Every connection has these from its startup packet, in one spelling; what a client says there means the same. */
const FIXED: ReadonlySet<string> = new Set(['client_encoding', 'standard_conforming_strings'])

function readKey(key: string): { role: string } {
  return JSON.parse(key) as { role: string }
}
