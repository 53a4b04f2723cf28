import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { HandedClient, PrimaryCalls, WorkerCalls, WorkerOrder } from './worker-calls.ts'
import { WorkerChannel } from './worker-channel.ts'
import type { Press } from './worker-pot.ts'
import { WorkerRestarts } from './worker-restarts.ts'

export interface CrewOptions {
  readonly workers: number
  readonly fork: (slot: number) => ChildProcess
  /** What a worker is to start with, asked when it does. */
  readonly order: (slot: number) => WorkerOrder
  readonly calls: (worker: CrewWorker) => PrimaryCalls
  readonly onServing: (worker: CrewWorker) => void
  readonly onGone: (worker: CrewWorker) => void
  readonly clock: Clock
  readonly log: Log
}

/** A worker that has not begun to serve by then is taken for one that never will. */
const START_MS = 60_000

/** One worker process, from its fork to its end. */
export class CrewWorker {
  /** Of this process; its place may be taken by others after it. */
  readonly id: number
  readonly slot: number
  readonly process: ChildProcess
  readonly channel: WorkerChannel<WorkerCalls>
  servesSinceMs: number | undefined
  /** Why it did not begin to serve. */
  failure: PgoauthError | undefined

  readonly #clock: Clock

  constructor(id: number, slot: number, process: ChildProcess, clock: Clock) {
    this.id = id
    this.slot = slot
    this.process = process
    this.channel = new WorkerChannel(process)
    this.#clock = clock
  }

  /** @throws what the worker throws; INTERNAL where it is gone, or does not answer in time. */
  ask<M extends keyof WorkerCalls>(
    method: M,
    args: Parameters<WorkerCalls[M]>,
    withinMs: number,
  ): Promise<Awaited<ReturnType<WorkerCalls[M]>>> {
    return new Promise((resolve, reject) => {
      const detail = `worker ${this.slot} did not answer within ${withinMs} ms`
      const stop = this.#clock.after(withinMs, () => reject(new PgoauthError('INTERNAL', { detail })))
      this.channel.ask(method, args).then(resolve, reject).finally(stop)
    })
  }

  hand(client: HandedClient, socket: Socket): void {
    this.channel.hand('client', [client], socket)
  }

  grant(pot: string, holder: number, count: number): void {
    this.channel.tell('grant', [pot, holder, count])
  }

  press(pot: string, holder: number, press: Press | undefined): void {
    this.channel.tell('press', [pot, holder, press])
  }
}

/** The worker processes of a proxy: started together, replaced one by one. */
export class WorkerCrew {
  readonly #options: CrewOptions
  readonly #workers = new Set<CrewWorker>()
  readonly #restarts = new WorkerRestarts()
  readonly #stops = new Set<() => void>()
  #lastId = 0
  #isEnding = false
  #onEmpty = () => {}
  #onLoop: (error: PgoauthError) => void = () => {}
  /** Whether all of them have served, once. */
  isStarted = false
  /** How often a worker took a dead one's place. */
  replaced = 0
  /** Resolves where workers die again and again: the proxy cannot go on. */
  readonly loop: Promise<PgoauthError>

  constructor(options: CrewOptions) {
    this.#options = options
    this.loop = new Promise((resolve) => {
      this.#onLoop = resolve
    })
  }

  /** Those of now, the starting among them. */
  get workers(): readonly CrewWorker[] {
    return [...this.#workers]
  }

  /** Whether it has not ended. */
  has(worker: CrewWorker): boolean {
    return this.#workers.has(worker)
  }

  get serving(): readonly CrewWorker[] {
    return this.workers.filter(({ servesSinceMs }) => servesSinceMs !== undefined)
  }

  /** Starts all; done when all serve. @throws what kept one of them from it. */
  async start(): Promise<void> {
    const slots = Array.from({ length: this.#options.workers }, (_, at) => at + 1)
    await Promise.all(slots.map((slot) => this.#launch(slot)))
    this.isStarted = true
  }

  /** Has all of them drain, and waits until they have ended; those that take longer are ended. */
  async drain(withinMs: number): Promise<void> {
    this.#end()
    const empty = this.#empty()
    for (const worker of this.#workers) {
      if (worker.servesSinceMs === undefined) worker.process.kill('SIGKILL')
      else worker.channel.tell('drain', [])
    }
    const stop = this.#options.clock.after(withinMs, () => this.kill())
    await empty
    stop()
  }

  /** Ends all of them at once. */
  kill(): void {
    this.#end()
    for (const { process } of this.#workers) process.kill('SIGKILL')
  }

  #end(): void {
    this.#isEnding = true
    for (const stop of this.#stops) stop()
  }

  #empty(): Promise<void> {
    if (this.#workers.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onEmpty = resolve
    })
  }

  /** @throws what keeps it from serving; it is ended then. */
  async #launch(slot: number): Promise<void> {
    const { fork, order, calls, onServing, clock, log } = this.#options
    const worker = new CrewWorker(++this.#lastId, slot, fork(slot), clock)
    this.#workers.add(worker)
    worker.channel.serve(calls(worker))
    worker.process.once('exit', (code, signal) => this.#gone(worker, { code, signal }))
    worker.process.on('error', (error) => {
      if (worker.process.pid === undefined) this.#gone(worker, { error: error.message })
      // It runs and cannot be told: then its end is what everyone acts on.
      else worker.process.kill('SIGKILL')
    })
    const { pid } = worker.process
    try {
      await worker.ask('start', [order(slot)], START_MS)
      worker.servesSinceMs = clock.nowMs()
      this.#restarts.served()
      log.info({ worker: slot, pid }, 'worker serves')
      onServing(worker)
    } catch (thrown) {
      worker.failure = asPgoauthError(thrown)
      worker.process.kill('SIGKILL')
      throw thrown
    }
  }

  #gone(worker: CrewWorker, how: { code?: number | null; signal?: NodeJS.Signals | null; error?: string }): void {
    if (!this.#workers.delete(worker)) return
    worker.channel.close()
    this.#options.onGone(worker)
    const { slot, servesSinceMs, failure, process } = worker
    const { clock, log } = this.#options
    const fields = { worker: slot, pid: process.pid, ...how, reason: failure?.message }
    if (this.#isEnding) {
      log.info(fields, 'worker ended')
      if (this.#workers.size === 0) this.#onEmpty()
      return
    }
    const servedMs = servesSinceMs === undefined ? undefined : clock.nowMs() - servesSinceMs
    const delayMs = this.#restarts.died({ slot, servedMs })
    log.error({ ...fields, replaced_in_ms: delayMs }, 'worker died')
    if (delayMs === undefined) {
      this.#onLoop(failure ?? new PgoauthError('WORKERS_DIE', { detail: `the last one by ${signalOf(how)}` }))
      return
    }
    const stop = clock.after(delayMs, () => {
      this.#stops.delete(stop)
      this.replaced++
      // What keeps it from serving is said when it has ended.
      this.#launch(slot).catch(() => {})
    })
    this.#stops.add(stop)
  }
}

function signalOf({ code, signal, error }: { code?: number | null; signal?: string | null; error?: string }): string {
  return error ?? signal ?? `exit code ${code}`
}
