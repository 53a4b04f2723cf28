import type { Socket } from 'node:net'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail, PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { ListenerConfig, ProxyConfig } from '../config/proxy-config.ts'
import { type Listener, openListener } from '../net/listener.ts'
import { RevocationWatch } from '../oauth/revocation-watch.ts'
import type { Policy } from '../policy/policy.ts'
import { isObserving } from '../policy/policy-file.ts'
import type { ServerPool } from '../pool/server-lease.ts'
import { loadParser } from '../sql/analyse.ts'
import { warmUp } from '../sql/warm-up.ts'
import { type Admission, AdmissionLimits } from './admission-limits.ts'
import { serveClient } from './client-connection.ts'
import { countedAudit } from './counted-audit.ts'
import { type Generation, type GenerationOptions, openGeneration } from './generation.ts'
import { IssuedKeys } from './issued-keys.ts'
import { ProxyMetrics } from './metrics.ts'
import { networkTest } from './networks.ts'
import { ReadinessCheck } from './readiness.ts'
import { RefusalRecord } from './refusal-record.ts'
import { ownDesk } from './session-desk.ts'
import { SessionRegistry } from './session-registry.ts'
import { openSideListeners, type SideListeners } from './side-listeners.ts'
import { checkReloadedServers, checkServers } from './start-check.ts'

export interface ProxyOptions {
  readonly config: ProxyConfig
  readonly policies: ReadonlyMap<string, Policy>
  readonly audit: AuditLog
  readonly clock: Clock
  readonly log: Log
  readonly env: NodeJS.ProcessEnv
  /** Present in one worker of several: it opens no listeners, and takes the clients it is handed. */
  readonly worker?: WorkerParts
}

/** What a worker has of its primary. */
export interface WorkerParts {
  readonly keys: IssuedKeys
  readonly bounds: NonNullable<GenerationOptions['bounds']>
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
  /** Where probes, admin and logout listen. */
  readonly side: SideListeners | undefined
  /** Takes over a configuration that was read whole. @throws CONFIG_INVALID; then the old one stays. */
  reload(config: ProxyConfig, policies: ReadonlyMap<string, Policy>): void
  /** As `reload`, in two steps: nothing has changed before `adopt`. @throws CONFIG_INVALID */
  prepare(config: ProxyConfig, policies: ReadonlyMap<string, Policy>): PreparedReload
  readonly revocations: RevocationWatch
  /** Serves a client that another process accepted, as one of that listener, counted where `limits` says. */
  take(socket: Socket, listener: number, limits: Admission): void
  /** Stops accepting, ends sessions as their transactions end, and is done when all have, or `drain` is over. */
  drain(): Promise<void>
  /** Ends everything at once. */
  stop(): Promise<void>
}

export interface PreparedReload {
  adopt(): void
  abandon(): void
}

/** Opens the listeners and serves until it is drained. @throws CONFIG_INVALID, LISTEN_FAILED */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  await loadParser()
  warmUp()
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
  readonly #keys: IssuedKeys
  readonly revocations: RevocationWatch
  readonly #connections = new Map<Socket, Promise<void>>()
  readonly #listeners: { readonly listener: Listener; readonly config: ListenerConfig }[] = []
  readonly #retired = new Set<ServerPool>()
  readonly #balancerTests = new Map<ListenerConfig, (address: string) => boolean>()
  readonly #audit: AuditLog
  readonly #refusals: RefusalRecord
  #generation: Generation
  /** Token checks under the configurations before this one. */
  #tokensBefore = { hits: 0, misses: 0 }
  #isDraining = false
  #side: SideListeners | undefined

  constructor(options: ProxyOptions) {
    this.#options = options
    this.limits = new AdmissionLimits(options.config.limits, options.clock)
    this.#keys = options.worker?.keys ?? new IssuedKeys()
    this.metrics = new ProxyMetrics({
      clients: () => this.limits.clients,
      handshakes: () => this.limits.handshakes,
      sessions: () => this.sessions.size,
      sessionBytes: () => this.sessions.bytes,
      isDraining: () => this.#isDraining,
      tokenCache: () => this.#tokenCache(),
      limitRefusals: () => this.limits.refusals,
      servers: () => [...this.#generation.databases].map(([name, { pool }]) => [name, { ...pool.counts }] as const),
      observing: () =>
        [...this.#generation.databases].map(
          ([name, { policy }]) => [name, isObserving(policy, options.clock.nowMs())] as const,
        ),
      auditHead: () => options.audit.head,
    })
    this.#generation = openGeneration({ ...options, bounds: options.worker?.bounds, metrics: this.metrics })
    this.revocations = new RevocationWatch({
      clock: options.clock,
      recheck: (token, channel) => this.#generation.verifier.recheck(token, channel),
    })
    this.readiness = new ReadinessCheck(() => this.#generation, options.clock, options.log)
    this.#audit = countedAudit(options.audit, this.metrics)
    this.#refusals = new RefusalRecord(this.#audit, options.clock, options.log)
    this.sessions.onRemoved = () => this.#closeRetired()
  }

  get side(): SideListeners | undefined {
    return this.#side
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
    const { config, clock, log, worker } = this.#options
    const { metrics, readiness, sessions, revocations } = this
    if (worker !== undefined) return
    try {
      await checkServers(this.#generation, clock, log)
      this.#side = await openSideListeners(config, {
        metrics,
        readiness,
        sessions: ownDesk(sessions),
        revocations,
        generation: () => this.#generation,
        isDraining: () => this.#isDraining,
        clock,
        log,
      })
      await this.#openListeners()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #openListeners(): Promise<void> {
    for (const config of this.#options.config.listen) {
      const { host, port } = config.address
      try {
        const wanted = { kind: 'tcp', address: host, port } as const
        const listener = await openListener(wanted, (socket) => this.#accept(socket, config, this.limits))
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
    this.prepare(config, policies).adopt()
    this.metrics.reloaded('taken')
    warnOfFixed(config, this.#options.config, this.#options.log)
  }

  prepare(config: ProxyConfig, policies: ReadonlyMap<string, Policy>): PreparedReload {
    const previous = this.#generation
    // What cannot be read is found before anything is changed.
    const renewSide = this.#side?.renewal(config)
    const bounds = this.#options.worker?.bounds
    const next = openGeneration({ ...this.#options, config, policies, previous, bounds, metrics: this.metrics })
    return {
      adopt: () => {
        renewSide?.()
        this.#adopt(next)
      },
      abandon: () => closePools(next, previous),
    }
  }

  #tokenCache(): { readonly hits: number; readonly misses: number } {
    const { hits, misses } = this.#generation.verifier.counts()
    return { hits: this.#tokensBefore.hits + hits, misses: this.#tokensBefore.misses + misses }
  }

  #adopt(next: Generation): void {
    const previous = this.#generation
    const { config } = next
    this.#tokensBefore = this.#tokenCache()
    this.#generation = next
    this.limits.limits = config.limits
    for (const session of this.sessions) session.adopt(this.#generation)
    const kept = new Set([...this.#generation.databases.values()].map(({ pool }) => pool))
    for (const { pool } of previous.databases.values()) if (!kept.has(pool)) this.#retired.add(pool)
    this.#closeRetired()
    void checkReloadedServers(next, previous, { ...this.#options, sessions: this.sessions })
    this.#recordReload(config)
  }

  #recordReload({ databases }: ProxyConfig): void {
    const policies = new Set([...databases.values()].map(({ policyFile }) => policyFile))
    const reason = `databases ${[...databases.keys()].join(', ')}; policies ${[...policies].join(', ')}`
    try {
      this.#audit.record({ event: 'policy_reloaded', reason })
    } catch (error) {
      this.#options.log.error({ reason: asPgoauthError(error).message }, 'the audit log cannot be written')
    }
  }

  /** Live sessions go on with the pool they have; it is closed behind the last of them. */
  #closeRetired(): void {
    if (this.#retired.size === 0) return
    const inUse = new Set([...this.sessions].map(({ pool }) => pool))
    for (const pool of this.#retired) {
      if (inUse.has(pool)) continue
      this.#retired.delete(pool)
      pool.close()
    }
  }

  async drain(): Promise<void> {
    if (this.#isDraining) return
    this.#isDraining = true
    const { clock, log } = this.#options
    const { drainMs } = this.#generation.config
    log.info({ sessions: this.sessions.size, drain_ms: drainMs }, 'draining')
    const closed = this.#closeListeners()
    this.sessions.isDraining = true
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
    for (const pool of this.#retired) pool.close()
    this.#side?.close()
    this.#refusals.close()
    await closed
  }

  take(socket: Socket, listener: number, limits: Admission): void {
    const config = this.#options.config.listen[listener]
    if (config === undefined) socket.destroy()
    else this.#accept(socket, config, limits)
  }

  #accept(socket: Socket, config: ListenerConfig, limits: Admission): void {
    if (this.#isDraining) {
      socket.destroy()
      return
    }
    socket.on('error', () => {})
    // A client that ends its half is gone, as for PostgreSQL; also while it should be shaking hands over TLS.
    socket.allowHalfOpen = false
    const { clock, log } = this.#options
    const done = serveClient(socket, {
      listener: config,
      generation: () => this.#generation,
      limits,
      keys: this.#keys,
      sessions: this.sessions,
      revocations: this.revocations,
      audit: this.#audit,
      refusals: this.#refusals,
      metrics: this.metrics,
      isBalancer: this.#balancers(config),
      clock,
      log,
    }).catch((error: unknown) => {
      log.error({ reason: asPgoauthError(error).message }, 'a connection ended in an error of ours')
      socket.destroy()
    })
    this.#connections.set(socket, done)
    socket.once('close', () => this.#connections.delete(socket))
  }

  #balancers(config: ListenerConfig): (address: string) => boolean {
    let test = this.#balancerTests.get(config)
    if (test === undefined) {
      test = networkTest(config.proxyProtocolFrom ?? [])
      this.#balancerTests.set(config, test)
    }
    return test
  }

  async #allDone(): Promise<void> {
    await Promise.all(this.#connections.values())
  }

  async #closeListeners(): Promise<void> {
    for (const { listener } of this.#listeners) void listener.close()
  }
}

/** What a reload leaves as it is. */
export function warnOfFixed(config: ProxyConfig, running: ProxyConfig, log: Log): void {
  const text = 'listen, the addresses of probes, admin and logout, audit and workers count from the next start on'
  if (fixedUntilStart(config) !== fixedUntilStart(running)) log.warn({}, text)
}

function fixedUntilStart({ listen, probes, admin, logout, audit, workers }: ProxyConfig): string {
  const sides = { probes: probes?.address, admin: [admin?.address, admin?.tokenFile], logout: logout?.address }
  return JSON.stringify({ listen, ...sides, audit, workers })
}

/** Lets go of what a generation opened and the one before it did not have. */
export function closePools(next: Generation, previous: Generation | undefined): void {
  const kept = new Set([...(previous?.databases.values() ?? [])].map(({ pool }) => pool))
  for (const { pool } of next.databases.values()) if (!kept.has(pool)) pool.close()
}

/** For FATAL messages to leave before the sockets are closed under them. */
const LAST_WORDS_MS = 500
