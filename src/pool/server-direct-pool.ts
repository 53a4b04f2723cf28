import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { DatabaseConfig, LoginConfig } from '../config/proxy-config.ts'
import type { LeaseRequest, ServerLease, ServerPool } from './server-lease.ts'
import { loginFor, ServerLogin } from './server-login.ts'

export interface DirectPoolOptions {
  readonly database: DatabaseConfig
  readonly clock: Clock
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
}

/** A server connection of its own for each lease, closed behind it. */
export class DirectPool implements ServerPool {
  readonly #options: DirectPoolOptions
  readonly #logins = new Map<LoginConfig, ServerLogin>()

  constructor(options: DirectPoolOptions) {
    this.#options = options
  }

  async lease({ role, subject, settings, signal }: LeaseRequest): Promise<ServerLease> {
    const own = new Map([...settings, ['pgoauth.subject', subject as string]])
    const connection = await this.#login(loginFor(this.#options.database, role)).open(role, own, signal)
    return { connection, restoreSql: undefined, release: () => connection.close() }
  }

  ask(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    return this.#login(this.#anyLogin()).ask(sql)
  }

  async check(): Promise<void> {
    await this.#login(this.#anyLogin()).check()
  }

  close(): void {
    for (const login of this.#logins.values()) login.close()
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
