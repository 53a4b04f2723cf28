import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { type Keeper, type KeptProcess, startKeeper } from './keeper.ts'
import { freePort } from './port.ts'
import { type Cluster, type ClusterOptions, initialiseCluster, serverOrder } from './postgres-cluster.ts'

export interface EmbeddedPostgres {
  readonly host: '127.0.0.1'
  readonly port: number
  /** The superuser that initdb made. */
  readonly user: 'postgres'
  readonly password: Secret
  /** A connection URL; as the superuser, to the database `postgres`, unless told otherwise. */
  url(as?: { user?: string; password?: string; database?: string }): string
  /** Stops and starts on the same data and port. `fast` sends clients 57P01, `immediate` is a crash. */
  restart(mode?: 'fast' | 'immediate'): Promise<void>
  /** Stops the server and leaves it stopped, with its data. */
  halt(mode?: 'fast' | 'immediate'): Promise<void>
  /** Ends it; and, where it had a keeper of its own, leaves nothing on the machine. */
  stop(): Promise<void>
}

export interface PostgresOptions extends ClusterOptions {
  /** Whose directory and life it shares; otherwise it has a keeper of its own. */
  readonly keeper?: Keeper
  /** Server settings over ours, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
  /** Each line of the server's log. */
  readonly onLog?: (line: string) => void
}

/** Nothing here outlives the machine's uptime, so disks need not be waited for; small, since several may run beside each other. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  max_wal_size: '256MB',
  shared_buffers: '32MB',
  // Files in the data directory, so that they go with it.
  dynamic_shared_memory_type: 'mmap',
}
const READY_TIMEOUT_MS = 30_000
const ATTEMPTS = 5
const KEPT_LOG_LINES = 20
/** What postgres reads as: finish now and tell clients; or drop everything. */
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const

/**
 * A PostgreSQL 18 of its own, in about a second: empty, in a temporary directory, on a free loopback port, with a
 * superuser whose password is random. Runs as an unprivileged user where we are root. It ends with this process,
 * whatever ends that.
 *
 * @throws DEMO_FAILED when its package is not installed, or with PostgreSQL's own words when it does not start.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<EmbeddedPostgres> {
  const keeper = options.keeper ?? (await startKeeper('pgoauth-postgres-'))
  try {
    const cluster = await initialiseCluster(keeper, options)
    const server = new Server(cluster, options)
    await server.start()
    return server
  } catch (error) {
    if (options.keeper === undefined) await keeper.end()
    throw error
  }
}

class Server implements EmbeddedPostgres {
  readonly host = '127.0.0.1'
  readonly user = 'postgres'
  readonly password: Secret
  readonly #cluster: Cluster
  readonly #options: PostgresOptions
  #port = 0
  #process: KeptProcess | undefined

  constructor(cluster: Cluster, options: PostgresOptions) {
    this.password = cluster.password
    this.#cluster = cluster
    this.#options = options
  }

  get port(): number {
    return this.#port
  }

  url({ user = this.user, password = this.password.reveal(), database = 'postgres' } = {}): string {
    const [name, word] = [encodeURIComponent(user), encodeURIComponent(password)]
    return `postgres://${name}:${word}@${this.host}:${this.#port}/${encodeURIComponent(database)}`
  }

  /** On a free port. Somebody else may take it before the server does: then on another. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort()
      const mishap = await this.#launch()
      if (mishap === undefined) return
      if (attempt === ATTEMPTS || !/could not bind/i.test(mishap)) {
        fail('DEMO_FAILED', { detail: `PostgreSQL did not start: ${mishap}` })
      }
    }
  }

  async restart(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.halt(mode)
    const mishap = await this.#launch()
    if (mishap !== undefined) fail('DEMO_FAILED', { detail: `PostgreSQL did not start again: ${mishap}` })
  }

  async halt(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    this.#process?.signal(SIGNALS[mode])
    await this.#process?.ended
    this.#process = undefined
  }

  async stop(): Promise<void> {
    await this.halt('immediate')
    if (this.#options.keeper === undefined) await this.#cluster.keeper.end()
  }

  /** Starts the server and waits until it takes connections; gives its log where it ended instead. */
  async #launch(): Promise<string | undefined> {
    const log: string[] = []
    let ready = () => {}
    const isReady = new Promise<void>((resolve) => {
      ready = resolve
    })
    const { keeper, home } = this.#cluster
    const { tls, settings } = this.#options
    const files = tls && {
      ssl: 'on',
      ssl_cert_file: join(home, 'cert.pem'),
      ssl_key_file: join(home, 'key.pem'),
      ...(tls.ca !== undefined && { ssl_ca_file: join(home, 'ca.pem') }),
    }
    const all = Object.entries({ ...SETTINGS, port: String(this.#port), ...files, ...settings })
    const args = [`-D${join(home, 'data')}`, ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
    const server = keeper.run(serverOrder(this.#cluster, 'postgres', args), (line) => {
      this.#options.onLog?.(line)
      log.push(line)
      if (log.length > KEPT_LOG_LINES) log.shift()
      if (line.includes('database system is ready to accept connections')) ready()
    })
    this.#process = server
    const patience = new AbortController()
    const late = systemClock.sleep(READY_TIMEOUT_MS, patience.signal).then(
      () => 'late' as const,
      () => undefined,
    )
    const outcome = await Promise.race([isReady, server.ended, late])
    patience.abort()
    if (outcome === undefined) return undefined
    if (outcome === 'late') await this.halt('immediate')
    return outcome === 'late' ? `not ready after ${READY_TIMEOUT_MS / 1000} s` : (outcome.error ?? log.join('\n'))
  }
}
