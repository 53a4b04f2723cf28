import type { ChildProcess } from 'node:child_process'
import { Counter, Gauge } from 'prom-client'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, type PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { CancelRequest } from '../wire/startup.ts'
import { AdmissionLimits } from './admission-limits.ts'
import { type Generation, openGeneration } from './generation.ts'
import { slotOf } from './issued-keys.ts'
import { ProxyMetrics } from './metrics.ts'
import { closePools, type ListeningAddress, warnOfFixed } from './proxy.ts'
import { openSideListeners, type SideListeners } from './side-listeners.ts'
import { checkServers } from './start-check.ts'
import type { PrimaryCalls, ReadFiles } from './worker-calls.ts'
import { type CrewWorker, WorkerCrew } from './worker-crew.ts'
import { WorkerDoor } from './worker-door.ts'
import { LogoutMemory } from './worker-logouts.ts'
import { WorkerOperators } from './worker-operators.ts'
import { WorkerPermits } from './worker-permits.ts'

export interface PrimaryOptions extends ReadFiles {
  readonly workers: number
  /** Starts the program of a worker (ProxyWorker), with an IPC channel that carries structured clones. */
  readonly fork: (slot: number) => ChildProcess
  readonly clock: Clock
  readonly log: Log
  readonly env: NodeJS.ProcessEnv
}

/** Reading keys and certificates, on a machine that is busy. */
const PREPARE_MS = 15_000
/** Beyond `drain`: for last words, checkpoints and the end of the process. */
const DRAIN_EXTRA_MS = 5_000

/**
 * A proxy of several processes. This one, the primary, parses nothing that clients send:
 *
 * - *Door*: it alone listens. Each client is counted in here (AdmissionLimits, of the whole proxy) and its socket handed
 *   to the worker with fewest clients (WorkerDoor, WorkerChannel.hand). The worker does the rest, TLS included.
 * - *Limits*: what depends on what the client says (its address behind a balancer, its identity, a refused token) the
 *   worker asks here: a round trip at admission, none for a statement.
 * - *Pools*: each worker has pools of its own, and opens a server connection only with a permit from here; the same for
 *   an identity's share (WorkerPermits, WorkerPot here, WorkerBounds there). Nobody asks for a lease: permits stay with a
 *   worker while it uses them, and it is pressed for them where others need them more.
 * - *Cancel*: the low bits of an issued process id name the worker; the secret is random and known to it alone.
 * - *Operators*: probes, admin and logout listen here, and ask or tell every worker.
 * - *Reload*: read and opened here first, then opened by every worker, and only then used by any.
 * - *Ends*: a worker that dies is replaced, with the configuration of now and all logouts so far; its clients' sockets
 *   and its permits go with it. If the primary dies, the channel closes and the workers end.
 */
export class Primary {
  readonly limits: AdmissionLimits
  readonly metrics: ProxyMetrics
  readonly #options: PrimaryOptions
  readonly #door: WorkerDoor
  readonly #permits = new WorkerPermits()
  readonly #crew: WorkerCrew
  readonly #operators: WorkerOperators
  #files: ReadFiles
  #generation: Generation
  #reloading: Promise<unknown> = Promise.resolve()
  #isDraining = false
  #side: SideListeners | undefined

  /** Opens everything and starts the workers. @throws CONFIG_INVALID, LISTEN_FAILED, what keeps a worker from starting. */
  static async start(options: PrimaryOptions): Promise<Primary> {
    const primary = new Primary(options)
    try {
      await primary.#open()
    } catch (error) {
      await primary.stop()
      throw error
    }
    return primary
  }

  private constructor(options: PrimaryOptions) {
    const { clock, log, workers, fork, config, policies } = options
    this.#options = options
    this.#files = { config, policies }
    this.#generation = openGeneration(options)
    const logouts = new LogoutMemory(clock)
    this.limits = new AdmissionLimits(config.limits, clock)
    this.#door = new WorkerDoor(this.limits, clock)
    this.metrics = new ProxyMetrics({
      clients: () => this.limits.clients,
      handshakes: () => this.limits.handshakes,
      sessions: () => 0,
      sessionBytes: () => ({ fromClient: 0, fromServer: 0 }),
      isDraining: () => this.#isDraining,
      tokenCache: () => ({ hits: 0, misses: 0 }),
      limitRefusals: () => this.limits.refusals,
      servers: () => [],
      observing: () => [],
      auditHead: () => undefined,
    })
    this.#gauge('pgoauth_workers', 'Worker processes that serve', () => this.#crew.serving.length)
    this.#gauge('pgoauth_permit_pots', 'Pots of permits that workers share', () => this.#permits.pots)
    const restarts = new Counter({
      name: 'pgoauth_worker_restarts_total',
      help: 'Worker processes that took a dead one’s place',
      registers: [this.metrics.registry],
      collect: () => {
        restarts.reset()
        restarts.inc(this.#crew.replaced)
      },
    })
    this.#crew = new WorkerCrew({
      workers,
      fork,
      clock,
      log,
      order: (slot) => ({ ...this.#files, slot, workers, logouts: logouts.list() }),
      calls: (worker) => this.#callsOf(worker),
      onServing: (worker) => this.#door.join(worker),
      onGone: (worker) => this.#gone(worker),
    })
    this.#operators = new WorkerOperators({ crew: this.#crew, logouts, config: () => this.#files.config, log })
  }

  get readiness(): WorkerOperators {
    return this.#operators
  }

  get addresses(): readonly ListeningAddress[] {
    return this.#door.addresses
  }

  get side(): SideListeners | undefined {
    return this.#side
  }

  /** Resolves where the proxy cannot go on, since its workers die. */
  get loop(): Promise<PgoauthError> {
    return this.#crew.loop
  }

  /** All workers take a configuration that was read whole, or none does. @throws CONFIG_INVALID, INTERNAL; then the old one stays. */
  reload(files: ReadFiles): Promise<void> {
    const { config, policies } = files
    const reloaded = this.#reloading.then(() => this.#reload({ config, policies }))
    this.#reloading = reloaded.catch(() => {})
    return reloaded
  }

  reopenAudit(): void {
    for (const { channel } of this.#crew.workers) channel.tell('reopenAudit', [])
  }

  /** Stops accepting, and is done when the workers have drained. */
  async drain(): Promise<void> {
    if (this.#isDraining) return
    this.#isDraining = true
    const { drainMs } = this.#files.config
    this.#options.log.info({ drain_ms: drainMs }, 'draining')
    this.#door.close()
    await this.#crew.drain(drainMs + DRAIN_EXTRA_MS)
    this.#close()
  }

  async stop(): Promise<void> {
    this.kill()
    this.#close()
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#isDraining = true
    this.#door.close()
    this.#crew.kill()
  }

  #close(): void {
    this.#side?.close()
    closePools(this.#generation, undefined)
  }

  async #open(): Promise<void> {
    const { config, clock, log } = this.#options
    await checkServers(this.#generation, clock, log)
    await this.#door.open(config.listen)
    const contentType = this.metrics.registry.contentType
    this.#side = await openSideListeners(config, {
      metrics: { registry: { contentType, metrics: () => this.#operators.metrics(this.metrics.registry) } },
      readiness: this.#operators,
      sessions: this.#operators,
      revocations: this.#operators,
      generation: () => this.#generation,
      isDraining: () => this.#isDraining,
      clock,
      log,
    })
    await this.#crew.start()
    // The connections that looked at the servers have done their part.
    closePools(this.#generation, undefined)
  }

  async #reload(files: ReadFiles): Promise<void> {
    const { config, policies } = files
    const previous = this.#generation
    const renewSide = this.#side?.renewal(config)
    const next = openGeneration({ ...this.#options, config, policies, previous })
    const prepared = new Set(this.#crew.serving)
    try {
      await Promise.all([...prepared].map((worker) => this.#prepare(worker, files)))
    } catch (error) {
      for (const { channel } of prepared) channel.tell('abandon', [])
      closePools(next, previous)
      throw error
    }
    // From here on whoever starts begins with it.
    this.#files = files
    this.#generation = next
    renewSide?.()
    this.limits.limits = config.limits
    closePools(previous, next)
    await Promise.all(this.#crew.workers.map((worker) => this.#adopt(worker, files, prepared.has(worker))))
    this.metrics.reloaded('taken')
    warnOfFixed(config, this.#options.config, this.#options.log)
  }

  /** One that dies meanwhile is no reason against it. */
  async #prepare(worker: CrewWorker, files: ReadFiles): Promise<void> {
    try {
      await worker.ask('prepare', [files], PREPARE_MS)
    } catch (error) {
      if (this.#crew.has(worker)) throw error
    }
  }

  /** One that cannot follow must not go on under what no longer holds. */
  async #adopt(worker: CrewWorker, files: ReadFiles, isPrepared: boolean): Promise<void> {
    try {
      if (!isPrepared) await worker.ask('prepare', [files], PREPARE_MS)
      await worker.ask('adopt', [], PREPARE_MS)
    } catch (thrown) {
      if (!this.#crew.has(worker)) return
      const fields = { worker: worker.slot, reason: asPgoauthError(thrown).message }
      this.#options.log.error(fields, 'a worker does not follow a reload, and is replaced')
      worker.process.kill('SIGKILL')
    }
  }

  #callsOf(worker: CrewWorker): PrimaryCalls {
    const door = this.#door
    return {
      ...this.#permits.officeOf(worker),
      accepted: (client) => door.accepted(client),
      enterAddress: (client, address) => door.enterAddress(client, address),
      toldOver: (client) => door.toldOver(client),
      handshakeDone: (client) => door.handshakeDone(client),
      gone: (client) => door.gone(client),
      enterIdentity: (client, identity) => door.enterIdentity(client, identity),
      tokenRefused: (address) => this.limits.tokenRefused(address),
      cancel: (request) => this.#cancel(request),
    }
  }

  #gone(worker: CrewWorker): void {
    this.#door.leave(worker)
    this.#permits.leave(worker.id)
    this.#operators.leave(worker)
  }

  async #cancel(request: CancelRequest): Promise<boolean> {
    const worker = this.#crew.serving.find(({ slot }) => slot === slotOf(request))
    return worker === undefined ? false : worker.channel.ask('cancel', [request])
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge = new Gauge({
      name,
      help,
      registers: [this.metrics.registry],
      collect() {
        gauge.set(read())
      },
    })
  }
}
