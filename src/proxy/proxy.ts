import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail, PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { AdminConfig, ListenerConfig, ProxyConfig } from '../config/proxy-config.ts'
import type { Address } from '../config/scalars.ts'
import { type Listener, openListener } from '../net/listener.ts'
import type { Policy } from '../policy/policy.ts'
import { loadParser } from '../sql/analyse.ts'
import { answerAdmin } from './admin.ts'
import { AdmissionLimits } from './admission-limits.ts'
import { serveClient } from './client-connection.ts'
import { type Generation, openGeneration } from './generation.ts'
import { type HttpListener, type HttpTls, openHttpListener } from './http-listener.ts'
import { IssuedKeys } from './issued-keys.ts'
import { ProxyMetrics } from './metrics.ts'
import { networkTest } from './networks.ts'
import { answerProbe } from './probes.ts'
import { ReadinessCheck } from './readiness.ts'
import { SessionRegistry } from './session-registry.ts'

export interface ProxyOptions {
  readonly config: ProxyConfig
  readonly policies: ReadonlyMap<string, Policy>
  readonly audit: AuditLog
  readonly clock: Clock
  readonly log: Log
  readonly env: NodeJS.ProcessEnv
}

export interface ListeningAddress {
  readonly host: string
  readonly port: number
  readonly auth: ListenerConfig['auth']
}

export interface RunningProxy {
  readonly addresses: readonly ListeningAddress[]
  readonly sessions: SessionRegistry
  readonly generation: Generation
  readonly limits: AdmissionLimits
  readonly metrics: ProxyMetrics
  readonly readiness: ReadinessCheck
  readonly isDraining: boolean
  readonly probesAddress: Address | undefined
  readonly adminAddress: Address | undefined
  /** Takes over a configuration that was read whole. @throws CONFIG_INVALID; then the old one stays. */
  reload(config: ProxyConfig, policies: ReadonlyMap<string, Policy>): void
  /** Stops accepting, ends sessions as their transactions end, and is done when all have, or `drain` is over. */
  drain(): Promise<void>
  /** Ends everything at once. */
  stop(): Promise<void>
}

/** Opens the listeners and serves until it is drained. @throws CONFIG_INVALID, LISTEN_FAILED */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  await loadParser()
  const proxy = new ProxyServer(options)
  await proxy.listen()
  return proxy
}

class ProxyServer implements RunningProxy {
  readonly sessions = new SessionRegistry()
  readonly limits: AdmissionLimits
  readonly metrics: ProxyMetrics
  readonly readiness: ReadinessCheck
  readonly #options: ProxyOptions
  readonly #keys = new IssuedKeys()
  readonly #connections = new Map<Socket, Promise<void>>()
  readonly #listeners: { readonly listener: Listener; readonly config: ListenerConfig }[] = []
  #generation: Generation
  #isDraining = false
  #probes: HttpListener | undefined
  #admin: HttpListener | undefined

  constructor(options: ProxyOptions) {
    this.#options = options
    this.limits = new AdmissionLimits(options.config.limits, options.clock)
    this.#generation = openGeneration(options)
    this.readiness = new ReadinessCheck(() => this.#generation, options.clock, options.log)
    this.metrics = new ProxyMetrics({
      clients: () => this.limits.clients,
      handshakes: () => this.limits.handshakes,
      sessions: () => this.sessions.size,
      isDraining: () => this.#isDraining,
      tokenCache: () => this.#generation.verifier.counts(),
      limitRefusals: () => this.limits.refusals,
    })
  }

  get probesAddress(): Address | undefined {
    return this.#probes?.address
  }

  get adminAddress(): Address | undefined {
    return this.#admin?.address
  }

  get generation(): Generation {
    return this.#generation
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  get addresses(): readonly ListeningAddress[] {
    return this.#listeners.flatMap(({ listener: { address }, config }) =>
      address.kind === 'tcp' ? [{ host: address.address, port: address.port, auth: config.auth }] : [],
    )
  }

  async listen(): Promise<void> {
    await this.#checkServers()
    try {
      await this.#openSideListeners()
      await this.#openListeners()
    } catch (error) {
      await this.#closeListeners()
      this.#closeSideListeners()
      throw error
    }
  }

  /** A server that must not be used keeps the proxy from starting; one that cannot be reached now may come back. */
  async #checkServers(): Promise<void> {
    const { clock, log } = this.#options
    const stop = new AbortController()
    const late = clock.sleep(START_CHECK_MS, stop.signal).catch(() => {})
    const checks = [...this.#generation.databases].map(async ([name, { pool }]) => {
      try {
        await Promise.race([pool.check(), late])
      } catch (thrown) {
        const error = asPgoauthError(thrown)
        if (error.code === 'SERVER_UNFIT')
          throw new PgoauthError(error.code, {
            detail: `database "${name}": ${error.detail}`,
            ...(error.fix && { fix: error.fix }),
            cause: error,
          })
        log.warn({ database: name, reason: error.message }, 'the database cannot be used now')
      }
    })
    try {
      await Promise.all(checks)
    } catch (error) {
      for (const { pool } of this.#generation.databases.values()) pool.close()
      throw error
    } finally {
      stop.abort()
    }
  }

  async #openSideListeners(): Promise<void> {
    const { config, log } = this.#options
    const { metrics, readiness, sessions } = this
    if (config.probes) {
      const parts = { metrics, readiness, isDraining: () => this.#isDraining }
      this.#probes = await openHttpListener(config.probes.address, undefined, (request) => answerProbe(request, parts))
    }
    if (config.admin) {
      const { address, tls, tokenFile } = config.admin
      const parts = { sessions, tokenFile, log }
      this.#admin = await openHttpListener(address, tls && readHttpTls(tls), (request) => answerAdmin(request, parts))
    }
  }

  #closeSideListeners(): void {
    this.#probes?.close()
    this.#admin?.close()
  }

  async #openListeners(): Promise<void> {
    for (const config of this.#options.config.listen) {
      const { host, port } = config.address
      try {
        const wanted = { kind: 'tcp', address: host, port } as const
        const isBalancer = networkTest(config.proxyProtocolFrom ?? [])
        const listener = await openListener(wanted, (socket) => this.#accept(socket, config, isBalancer))
        this.#listeners.push({ listener, config })
      } catch (cause) {
        fail('LISTEN_FAILED', {
          detail: `${host}:${port}: ${(cause as Error).message}`,
          fix: 'choose another port in listen, or end what holds this one',
          cause,
        })
      }
    }
  }

  reload(config: ProxyConfig, policies: ReadonlyMap<string, Policy>): void {
    const previous = this.#generation
    this.#generation = openGeneration({ ...this.#options, config, policies, previous })
    this.limits.limits = config.limits
    for (const session of this.sessions) session.adopt(this.#generation)
    const kept = new Set([...this.#generation.databases.values()].map(({ pool }) => pool))
    for (const { pool } of previous.databases.values()) if (!kept.has(pool)) pool.close()
    this.metrics.reloaded('taken')
    const fixed = ({ listen, probes, admin, workers }: ProxyConfig) =>
      JSON.stringify({ listen, probes, admin, workers })
    if (fixed(config) !== fixed(this.#options.config)) {
      this.#options.log.warn({}, 'listen, probes, admin and workers count from the next start on')
    }
  }

  async drain(): Promise<void> {
    if (this.#isDraining) return
    this.#isDraining = true
    const { clock, log } = this.#options
    const { drainMs } = this.#generation.config
    log.info({ sessions: this.sessions.size, drain_ms: drainMs }, 'draining')
    const closed = this.#closeListeners()
    for (const session of this.sessions) session.end(new PgoauthError('SHUTDOWN'), 'transaction')
    const stop = new AbortController()
    await Promise.race([this.#allDone(), clock.sleep(drainMs, stop.signal).catch(() => {})])
    stop.abort()
    await this.stop()
    await closed
  }

  async stop(): Promise<void> {
    this.#isDraining = true
    const closed = this.#closeListeners()
    for (const session of this.sessions) session.end(new PgoauthError('SHUTDOWN'), 'now')
    const stop = new AbortController()
    await Promise.race([this.#allDone(), this.#options.clock.sleep(LAST_WORDS_MS, stop.signal).catch(() => {})])
    stop.abort()
    for (const socket of this.#connections.keys()) socket.destroy()
    await this.#allDone()
    for (const { pool } of this.#generation.databases.values()) pool.close()
    this.#closeSideListeners()
    await closed
  }

  #accept(socket: Socket, config: ListenerConfig, isBalancer: (address: string) => boolean): void {
    if (this.#isDraining) {
      socket.destroy()
      return
    }
    socket.on('error', () => {})
    // A client that ends its half is gone, as for PostgreSQL; also while it should be shaking hands over TLS.
    socket.allowHalfOpen = false
    const { clock, log, audit } = this.#options
    const done = serveClient(socket, {
      listener: config,
      generation: () => this.#generation,
      limits: this.limits,
      keys: this.#keys,
      sessions: this.sessions,
      audit,
      metrics: this.metrics,
      isBalancer,
      clock,
      log,
    }).catch((error: unknown) => {
      log.error({ reason: asPgoauthError(error).message }, 'a connection ended in an error of ours')
      socket.destroy()
    })
    this.#connections.set(socket, done)
    socket.once('close', () => this.#connections.delete(socket))
  }

  async #allDone(): Promise<void> {
    await Promise.all(this.#connections.values())
  }

  async #closeListeners(): Promise<void> {
    for (const { listener } of this.#listeners) void listener.close()
  }
}

/** A server that has not answered by then is taken for one that cannot be reached. */
const START_CHECK_MS = 3_000
/** For FATAL messages to leave before the sockets are closed under them. */
const LAST_WORDS_MS = 500

/** @throws CONFIG_INVALID */
function readHttpTls({ cert, key, clientCa }: NonNullable<AdminConfig['tls']>): HttpTls {
  try {
    return {
      cert: readFileSync(cert),
      key: readFileSync(key),
      clientCa: clientCa === undefined ? undefined : readFileSync(clientCa),
    }
  } catch (cause) {
    return fail('CONFIG_INVALID', { detail: `admin.tls: ${(cause as Error).message}`, cause })
  }
}
