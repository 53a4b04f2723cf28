import type { Registry } from 'prom-client'
import { asPgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { ProxyConfig } from '../config/proxy-config.ts'
import type { Logout } from '../oauth/logout-token.ts'
import type { Readiness } from './readiness.ts'
import type { SessionDesk } from './session-desk.ts'
import type { MetricSnapshot, WorkerCalls } from './worker-calls.ts'
import type { CrewWorker, WorkerCrew } from './worker-crew.ts'
import type { LogoutMemory } from './worker-logouts.ts'
import { WorkerMetrics } from './worker-metrics.ts'

export interface OperatorParts {
  readonly crew: WorkerCrew
  readonly logouts: LogoutMemory
  readonly config: () => ProxyConfig
  readonly log: Log
}

/** A worker that does not answer by then counts as one that is not there. */
const ANSWER_MS = 2_000
/** It may have to wait for issuers and servers. */
const READINESS_MS = 12_000

/** What operators, probes and issuers ask a proxy of several workers: asked of every worker, and answered as one. */
export class WorkerOperators implements SessionDesk {
  readonly #parts: OperatorParts
  readonly #metrics = new WorkerMetrics()

  constructor(parts: OperatorParts) {
    this.#parts = parts
  }

  async list() {
    const lists = await this.#askAll('sessions', [], ANSWER_MS)
    return lists.flatMap((sessions) => sessions ?? [])
  }

  async kill(id: string): Promise<number> {
    return sum(await this.#askAll('kill', [id], ANSWER_MS))
  }

  async killIdentity(issuer: string, subject: string): Promise<number> {
    return sum(await this.#askAll('killIdentity', [issuer, subject], ANSWER_MS))
  }

  /** @throws INTERNAL where a worker has not confirmed it: the issuer says it again. */
  async logOut(logout: Logout): Promise<number> {
    const { crew, logouts } = this.#parts
    logouts.add(logout)
    const ended = crew.workers.map(async (worker) => {
      try {
        return await worker.ask('logOut', [logout], ANSWER_MS)
      } catch (error) {
        // One that starts in its place begins with it.
        if (!crew.has(worker)) return 0
        throw error
      }
    })
    return sum(await Promise.all(ended))
  }

  /** As the worker sees it that is worst off: a client may come to any. Not before all have served, once. */
  async look(): Promise<Readiness> {
    const { issuers, databases } = this.#parts.config()
    const none: Readiness = { isReady: false, issuers: [0, issuers.length], databases: [0, databases.size] }
    // One that is not ready is worse off than any that is, however much the two have.
    const ready = (look: Readiness) => (look.isReady ? 1e9 : 0) + (look.issuers?.[0] ?? 0) + (look.databases?.[0] ?? 0)
    if (!this.#parts.crew.isStarted) return none
    const looks = (await this.#askAll('readiness', [], READINESS_MS)).filter((look) => look !== undefined)
    return looks.reduce((worst, look) => (ready(look) < ready(worst) ? look : worst), looks[0] ?? none)
  }

  async metrics(own: Registry): Promise<string> {
    const { crew } = this.#parts
    const workers = crew.serving
    const answers = await this.#askAll('metrics', [], ANSWER_MS, workers)
    const snapshots = new Map<number, MetricSnapshot | undefined>()
    // What one said that has died meanwhile was settled when it did.
    for (const [at, worker] of workers.entries()) if (crew.has(worker)) snapshots.set(worker.id, answers[at])
    return this.#metrics.text(own, snapshots)
  }

  leave({ id }: CrewWorker): void {
    this.#metrics.leave(id).catch((thrown: unknown) => {
      this.#parts.log.warn({ reason: asPgoauthError(thrown).message }, 'what a dead worker had counted is lost')
    })
  }

  /** What each worker that serves says; undefined where it did not in time. */
  #askAll<M extends keyof WorkerCalls>(
    method: M,
    args: Parameters<WorkerCalls[M]>,
    withinMs: number,
    workers = this.#parts.crew.serving,
  ): Promise<(Awaited<ReturnType<WorkerCalls[M]>> | undefined)[]> {
    return Promise.all(
      workers.map((worker) =>
        worker.ask(method, args, withinMs).catch((thrown: unknown) => {
          const reason = asPgoauthError(thrown).message
          this.#parts.log.warn({ worker: worker.slot, method, reason }, 'a worker did not answer')
          return undefined
        }),
      ),
    )
  }
}

function sum(counts: readonly (number | undefined)[]): number {
  return counts.reduce<number>((all, one) => all + (one ?? 0), 0)
}
