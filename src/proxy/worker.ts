import type { Socket } from 'node:net'
import { openAuditLog } from '../audit/audit-file.ts'
import { type AuditLog, silentAudit } from '../audit/audit-log.ts'
import { auditPathOf } from '../audit/audit-path.ts'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Logout } from '../oauth/logout-token.ts'
import type { CancelRequest } from '../wire/startup.ts'
import { IssuedKeys } from './issued-keys.ts'
import { type PreparedReload, type RunningProxy, startProxy } from './proxy.ts'
import type { Readiness } from './readiness.ts'
import { ownDesk, type SessionDesk } from './session-desk.ts'
import type { SessionDescription } from './session-registry.ts'
import { WorkerAdmission } from './worker-admission.ts'
import type { HandedClient, MetricSnapshot, PrimaryCalls, ReadFiles, WorkerCalls, WorkerOrder } from './worker-calls.ts'
import { type ChannelEnd, WorkerChannel } from './worker-channel.ts'
import { WorkerPools } from './worker-pools.ts'
import type { Press } from './worker-pot.ts'

export interface WorkerOptions {
  readonly primary: ChannelEnd
  readonly clock: Clock
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
  /** Ends this process. */
  readonly onEnd: (code: number) => void
}

interface Running {
  readonly proxy: RunningProxy
  readonly desk: SessionDesk
  readonly audit: AuditLog
  readonly keys: IssuedKeys
  readonly pools: WorkerPools
  readonly slot: number
}

/** Last words and the audit's checkpoint take no longer, or are given up. */
const END_MS = 2_000

/** One worker of several: a proxy without doors, led by its primary. */
export class ProxyWorker implements WorkerCalls {
  readonly #options: WorkerOptions
  readonly #primary: WorkerChannel<PrimaryCalls>
  #starting: Promise<Running> | undefined
  #running: Running | undefined
  #prepared: PreparedReload | undefined
  #isEnding = false
  #hasFailed = false

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#primary = new WorkerChannel(options.primary)
    this.#primary.serve<WorkerCalls>(this)
  }

  async start(order: WorkerOrder): Promise<void> {
    this.#starting = this.#open(order)
    this.#running = await this.#starting
    for (const logout of order.logouts) this.#running.proxy.revocations.logOut(logout)
    // Keys are fetched and servers tried now rather than at the first login.
    void this.#running.proxy.readiness.look()
  }

  client(client: HandedClient, socket: Socket | undefined): void {
    this.#primary.tell('accepted', [client.id])
    const admission = new WorkerAdmission(client, this.#primary)
    // The client may have gone on the way.
    if (socket === undefined || this.#running === undefined) {
      socket?.destroy()
      admission.leave()
    } else this.#running.proxy.take(socket, client.listener, admission)
  }

  grant(pot: string, holder: number, count: number): void {
    this.#running?.pools.grant(pot, holder, count)
  }

  press(pot: string, holder: number, press: Press | undefined): void {
    this.#running?.pools.press(pot, holder, press)
  }

  async metrics(): Promise<MetricSnapshot> {
    return (await this.#started()).proxy.metrics.registry.getMetricsAsJSON()
  }

  async readiness(): Promise<Readiness> {
    return (await this.#started()).proxy.readiness.look()
  }

  async sessions(): Promise<SessionDescription[]> {
    const { desk, slot } = await this.#started()
    return (await desk.list()).map((session) => ({ ...session, worker: slot }))
  }

  async kill(id: string): Promise<number> {
    return (await this.#started()).desk.kill(id)
  }

  async killIdentity(issuer: string, subject: string): Promise<number> {
    return (await this.#started()).desk.killIdentity(issuer, subject)
  }

  async logOut(logout: Logout): Promise<number> {
    return (await this.#started()).proxy.revocations.logOut(logout)
  }

  async cancel(request: CancelRequest): Promise<boolean> {
    return (await this.#started()).keys.cancelHere(request)
  }

  async prepare({ config, policies }: ReadFiles): Promise<void> {
    const { proxy, pools } = await this.#started()
    this.#prepared?.abandon()
    this.#prepared = undefined
    this.#prepared = proxy.prepare(pools.configOf(config), policies)
  }

  async adopt(): Promise<void> {
    if (this.#prepared === undefined) fail('INTERNAL', { detail: 'no configuration was prepared' })
    this.#prepared.adopt()
    this.#prepared = undefined
  }

  async abandon(): Promise<void> {
    this.#prepared?.abandon()
    this.#prepared = undefined
  }

  async reopenAudit(): Promise<void> {
    ;(await this.#started()).audit.reopen()
  }

  async drain(): Promise<void> {
    await this.#end(0, async ({ proxy }) => proxy.drain())
  }

  /** The primary is gone: nobody is to serve without it. */
  async orphaned(): Promise<void> {
    this.#say({}, 'the primary process is gone: this worker ends')
    await this.#endSoon()
  }

  /** An error that nothing caught: whatever state this process is in, it is not to be trusted. Its clients are told. */
  async failed(error: unknown): Promise<void> {
    if (this.#hasFailed) return
    this.#hasFailed = true
    const stack = error instanceof Error ? error.stack : undefined
    const reason = asPgoauthError(error).message
    this.#say({ reason, stack }, 'an error that nothing caught: this worker ends')
    await this.#endSoon()
  }

  async #endSoon(): Promise<void> {
    this.#options.clock.after(END_MS, () => this.#options.onEnd(1))
    await this.#end(1, async ({ proxy }) => proxy.stop())
  }

  async #end(code: number, stop: (running: Running) => Promise<void>): Promise<void> {
    if (this.#isEnding && code === 0) return
    this.#isEnding = true
    try {
      const running = this.#running
      if (running) {
        await stop(running)
        running.audit.close()
      }
    } catch (thrown) {
      this.#say({ reason: asPgoauthError(thrown).message }, 'this worker could not end in order')
    }
    this.#options.onEnd(code)
  }

  /** The log may be what failed. */
  #say(fields: object, message: string): void {
    try {
      this.#options.log.error(fields, message)
    } catch {
      // Then nobody hears it.
    }
  }

  async #started(): Promise<Running> {
    return this.#starting ?? fail('INTERNAL', { detail: 'the worker has not been started' })
  }

  async #open({ config, policies, slot, workers }: WorkerOrder): Promise<Running> {
    const { clock, env, log } = this.#options
    const office = {
      want: (...args: Parameters<PrimaryCalls['want']>) => this.#primary.tell('want', args),
      giveBack: (...args: Parameters<PrimaryCalls['giveBack']>) => this.#primary.tell('giveBack', args),
    }
    const pools = new WorkerPools({ workers, slot, office, clock })
    const keys = new IssuedKeys({ slot, elsewhere: (request) => this.#primary.ask('cancel', [request]) })
    const { audit: wanted } = config
    const audit = wanted ? openAuditLog({ ...wanted, path: auditPathOf(wanted.path, slot) }, clock, log) : silentAudit
    const worker = { keys, bounds: pools.bounds }
    const proxy = await startProxy({ config: pools.configOf(config), policies, audit, clock, log, env, worker })
    return { proxy, desk: ownDesk(proxy.sessions), audit, keys, pools, slot }
  }
}
