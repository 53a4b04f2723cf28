import { Worker } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Analysis, SessionRelation } from '../sql/analysis.ts'
import type { JudgingTally } from './judging-tally.ts'

/** What a worker is asked: the text, and under what catalog; `json` only where it is another than the time before. */
export interface HeavyQuestion {
  readonly id: number
  readonly sql: string
  readonly catalog:
    | { readonly json: string | undefined; readonly searchPath: readonly string[] | undefined }
    | undefined
  readonly temporary: readonly SessionRelation[]
}

export type HeavyAnswer = { readonly ready: true } | { readonly id: number; readonly analysis: Analysis }

/** Texts that wait for the worker, over all sessions; beyond them a text is refused at once. */
const MAX_WAITING = 1000
/** A worker whose memory grew past this while it was parsing is replaced. */
const WORKER_OLD_SPACE_MB = 512
const WORKER_STACK_MB = 16

const TOO_COMPLEX = {
  ok: false,
  code: 'STATEMENT_TOO_COMPLEX',
  message: 'statement is too complex to be analysed in time',
} as const satisfies Analysis

interface Job {
  readonly sql: string
  readonly json: string | undefined
  readonly searchPath: readonly string[] | undefined
  readonly temporary: readonly SessionRelation[]
  readonly answer: (analysis: Analysis) => void
}

/**
 * Analyses what is long or nests deeply in a thread of its own, one text after another, so that nobody else waits.
 * A text that takes longer than the deadline is refused (54001) and the thread replaced.
 */
export class HeavyParser {
  readonly #clock: Clock
  readonly #log: Log
  readonly #deadlineMs: number
  readonly #tally: JudgingTally
  readonly #waiting: Job[] = []
  #worker: Worker | undefined
  #isReady = false
  #running: Job | undefined
  #startedAt = 0
  #stopTimer = () => {}
  #ids = 0
  /** The catalog that the worker has: by its text and path. */
  #sent: { readonly json: string | undefined; readonly searchPath: readonly string[] | undefined } | undefined

  constructor(options: {
    readonly clock: Clock
    readonly log: Log
    readonly deadlineMs: number
    readonly tally: JudgingTally
  }) {
    this.#clock = options.clock
    this.#log = options.log
    this.#deadlineMs = options.deadlineMs
    this.#tally = options.tally
  }

  analyse(job: Omit<Job, 'answer'>): Promise<Analysis> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve(TOO_COMPLEX)
    return new Promise((answer) => {
      this.#waiting.push({ ...job, answer })
      this.#next()
    })
  }

  /** Ends the thread; what waits is refused. */
  close(): void {
    this.#drop()
    for (const { answer } of this.#waiting.splice(0)) answer(TOO_COMPLEX)
  }

  #next(): void {
    if (this.#running !== undefined) return
    const worker = this.#worker ?? this.#start()
    if (!this.#isReady) return
    const job = this.#waiting.shift()
    if (job === undefined) return
    const { sql, json, searchPath, temporary } = job
    this.#running = job
    this.#startedAt = performance.now()
    const isSent = this.#sent !== undefined && this.#sent.json === json && this.#sent.searchPath === searchPath
    this.#sent = { json, searchPath }
    const question: HeavyQuestion = {
      id: ++this.#ids,
      sql,
      catalog: isSent ? undefined : { json, searchPath },
      temporary,
    }
    worker.postMessage(question)
    this.#stopTimer = this.#clock.after(this.#deadlineMs, () => {
      this.#log.warn({ characters: sql.length, deadlineMs: this.#deadlineMs }, 'a statement took too long to analyse')
      this.#drop()
      this.#next()
    })
  }

  #start(): Worker {
    const worker = new Worker(new URL('./heavy-parser-thread.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: WORKER_OLD_SPACE_MB, stackSizeMb: WORKER_STACK_MB },
    })
    worker.unref()
    worker.on('message', (answer: HeavyAnswer) => {
      if (worker !== this.#worker) return
      if ('ready' in answer) this.#isReady = true
      else if (answer.id === this.#ids) this.#finish(answer.analysis)
      this.#next()
    })
    worker.on('error', (error) => {
      this.#log.warn({ reason: error.message }, 'the thread that analyses large statements ended')
      if (worker === this.#worker) this.#drop()
      if (this.#waiting.length > 0) this.#next()
    })
    this.#worker = worker
    return worker
  }

  #finish(analysis: Analysis): void {
    this.#stopTimer()
    const job = this.#running
    this.#running = undefined
    if (job === undefined) return
    this.#tally.onAnalysed(performance.now() - this.#startedAt)
    job.answer(analysis)
  }

  /** Gives up the thread, with what it was doing. */
  #drop(): void {
    const worker = this.#worker
    this.#worker = undefined
    this.#isReady = false
    this.#sent = undefined
    void worker?.terminate()
    this.#finish(TOO_COMPLEX)
  }
}
