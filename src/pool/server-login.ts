import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { DatabaseConfig, LoginConfig } from '../config/proxy-config.ts'
import type { ScramKeyCache } from '../sasl/scram.ts'
import { connectServer, type ServerConnection } from './server-connection.ts'
import { ServerCredentials } from './server-credentials.ts'
import { queryServer, type Row } from './server-query.ts'
import { checkLogin, LOGIN_QUERY, type RoleFacts, readRole, roleQuery } from './server-role.ts'

export interface ServerLoginOptions {
  readonly database: DatabaseConfig
  readonly login: LoginConfig
  /** See checkLogin. */
  readonly codeScope?: string | undefined
  readonly clock: Clock
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
}

/** How long a role's facts hold: what ALTER ROLE changes counts for sessions opened after that. */
const FACTS_MS = 5_000
const REFUSED_FACTS_MS = 2_000
/** The connection that asks for facts is closed when nobody logs in. */
const INQUIRY_IDLE_MS = 60_000

/**
 * One login of one database: opens server connections as it, for the roles it may become, and knows what the server's
 * catalogs say of them.
 */
export class ServerLogin {
  readonly #options: ServerLoginOptions
  readonly #credentials: ServerCredentials
  readonly #scramKeys: ScramKeyCache = new Map()
  readonly #facts = new Map<string, { facts: Promise<RoleFacts>; untilMs: number }>()
  #inquiry: Promise<ServerConnection> | undefined
  /** With as_role: who logged in last, and can ask what the catalogs say. */
  #lastRole: string | undefined
  #asking: Promise<unknown> = Promise.resolve()
  #stopIdleTimer = () => {}

  constructor(options: ServerLoginOptions) {
    this.#options = options
    this.#credentials = new ServerCredentials(options)
  }

  /**
   * A connection on which `role` is current_user and stays what every reset falls back to. `settings` are laid over the
   * role's own.
   *
   * @throws as connectServer; ROLE_REFUSED where the role is missing, expired, a superuser, or not the login's to take.
   */
  async open(role: string, settings: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<ServerConnection> {
    const { login } = this.#options
    if (login.asRole) return this.#openAsRole(role, settings, signal)
    const facts = await this.facts(role)
    return this.#connect(String(login.user), new Map([...facts.settings, ...fixed(settings), ['role', role]]), signal)
  }

  /** @throws ROLE_REFUSED, and as connectServer. */
  facts(role: string): Promise<RoleFacts> {
    const { clock, database, log } = this.#options
    const kept = this.#facts.get(role)
    if (kept && clock.nowMs() < kept.untilMs) return kept.facts
    const facts = this.ask(roleQuery(role)).then((rows) => readRole(role, rows, database.allowSuperuser))
    const entry = { facts, untilMs: clock.nowMs() + FACTS_MS }
    this.#facts.set(role, entry)
    facts.then(
      ({ leftOut }) => {
        if (leftOut.length > 0)
          log.warn({ role, settings: leftOut }, 'settings of the role need a superuser and are left out')
      },
      (error: unknown) => {
        // Who is refused waits for no server, or the wait would tell why; not for long, since an operator may be mending it.
        if (asPgoauthError(error).code !== 'ROLE_REFUSED') this.#facts.delete(role)
        else entry.untilMs = clock.nowMs() + REFUSED_FACTS_MS
      },
    )
    return facts
  }

  /** Whether sessions as this role can be opened. @throws as `open`. */
  async checkRole(role: string): Promise<void> {
    if (this.#options.login.asRole) (await this.#openAsRole(role, new Map())).close()
    else await this.facts(role)
  }

  /** Runs a statement of the proxy's own as the login, on a connection kept for that. @throws as connectServer. */
  ask(sql: string): Promise<readonly Row[]> {
    const answer = this.#asking.then(() => this.#ask(sql))
    this.#asking = answer.catch(() => {})
    return answer
  }

  /** Whether a server can be reached, is usable, and the login has no rights that it must not have. @throws as connectServer. */
  async check(): Promise<void> {
    // Who will log in is not known before somebody does.
    if (this.#options.login.asRole && this.#lastRole === undefined) return
    await this.ask('SELECT 1')
  }

  close(): void {
    this.#stopIdleTimer()
    this.#inquiry?.then(
      (connection) => connection.close(),
      () => {},
    )
    this.#inquiry = undefined
  }

  async #ask(sql: string): Promise<readonly Row[]> {
    for (let attempt = 0; ; attempt++) {
      const isFresh = this.#inquiry === undefined
      this.#stopIdleTimer()
      this.#inquiry ??= this.#openInquiry()
      try {
        const rows = await this.#query(await this.#inquiry, sql)
        this.#stopIdleTimer = this.#options.clock.after(INQUIRY_IDLE_MS, () => this.close())
        return rows
      } catch (thrown) {
        const error = asPgoauthError(thrown, 'SERVER_LOST')
        this.close()
        // A connection that died while idle is replaced unseen.
        if (isFresh || attempt > 0 || error.code !== 'SERVER_LOST') throw error
      }
    }
  }

  async #openInquiry(): Promise<ServerConnection> {
    const { login } = this.#options
    const user = login.asRole ? this.#lastRole : login.user
    if (user === undefined) fail('SERVER_NOT_READY', { detail: 'with as_role nobody can ask before somebody logs in' })
    const settings = fixed(new Map([['application_name', 'pgoauth proxy']]))
    const connection = await this.#connect(user, login.asRole ? ownRole(user, settings) : settings)
    try {
      if (login.user !== undefined)
        checkLogin(login.user, await this.#query(connection, LOGIN_QUERY), this.#options.codeScope)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async #openAsRole(
    role: string,
    settings: ReadonlyMap<string, string>,
    signal?: AbortSignal,
  ): Promise<ServerConnection> {
    const connection = await this.#connect(role, ownRole(role, fixed(settings)), signal)
    try {
      readRole(role, await this.#query(connection, roleQuery(role)), this.#options.database.allowSuperuser)
      this.#lastRole = role
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async #connect(
    user: string,
    parameters: ReadonlyMap<string, string>,
    signal?: AbortSignal,
  ): Promise<ServerConnection> {
    const { database, login, clock } = this.#options
    try {
      return await connectServer({
        server: database.server,
        user,
        password: (context) => this.#credentials.password(context),
        certificate: { cert: login.cert, key: login.key },
        parameters,
        scramKeys: this.#scramKeys,
        clock,
        ...(signal && { signal }),
      })
    } catch (error) {
      if (asPgoauthError(error).code === 'SERVER_REFUSED') this.#credentials.forget()
      throw error
    }
  }

  #query(connection: ServerConnection, sql: string): Promise<readonly Row[]> {
    const { clock, database } = this.#options
    return queryServer(connection, sql, { clock, timeoutMs: database.server.connectTimeoutMs })
  }
}

/** What every connection has, whatever a client or a role wants: the gate's parser reads text as these say. */
function fixed(settings: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...settings, ['client_encoding', 'UTF8'], ['standard_conforming_strings', 'on']])
}

/** An `ALTER ROLE … SET role` must not lead a login away from itself, and a startup packet wins over it. */
function ownRole(role: string, settings: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...settings, ['role', role]])
}

/** The login that opens sessions as this role. @throws ROLE_REFUSED where the database has none for it. */
export function loginFor(database: DatabaseConfig, role: string): LoginConfig {
  const login = database.logins.get(role) ?? database.login
  return (
    login ?? fail('ROLE_REFUSED', { detail: `logins of database "${database.name}" has no entry for role "${role}"` })
  )
}
