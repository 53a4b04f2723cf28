import { Worker } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Analysis, SessionRelation } from '../sql/analysis.ts'
import type { GoodAnalysis } from './analysis-cache.ts'
import { type AnswerPiece, Gathered } from './heavy-answer.ts'
import type { JudgingTally } from './judging-tally.ts'

/** Bytes go over to the thread, and are gone here. */
export type HeavyText = string | Uint8Array<ArrayBuffer>

/** What a worker is asked: the text, and under what catalog; `json` only where it is another than the time before. */
export interface HeavyQuestion {
  readonly id: number
  /** Or its bytes. */
  readonly sql: HeavyText
  readonly catalog:
    | { readonly json: string | undefined; readonly searchPath: readonly string[] | undefined }
    | undefined
  readonly temporary: readonly SessionRelation[]
}

/** `more` is the id of the question whose next piece is wanted. */
export type HeavyRequest = HeavyQuestion | { readonly more: number }

/** First what is known at once, without the statements; then those, a piece each time one is asked for. */
export type HeavyAnswer =
  | { readonly ready: true }
  | { readonly id: number; readonly analysis: Analysis; readonly fingerprint?: string }
  | { readonly id: number; readonly piece: AnswerPiece | undefined }

/** What was found of one text; its fingerprint was made where nobody waits, since that too looks at the whole of it. */
export type HeavyFinding =
  | { readonly analysis: GoodAnalysis; readonly fingerprint: string }
  | { readonly analysis: Analysis & { readonly ok: false } }

/** Texts that wait for the worker, over all sessions; beyond them a text is refused at once. */
const MAX_WAITING = 1000
/** A worker whose memory grew past this while it was parsing is replaced. */
const WORKER_OLD_SPACE_MB = 512
const WORKER_STACK_MB = 16

const TOO_COMPLEX = {
  analysis: {
    ok: false,
    code: 'STATEMENT_TOO_COMPLEX',
    message: 'statement is too complex to be analysed in time',
  },
} as const satisfies HeavyFinding

interface Job {
  readonly sql: HeavyText
  readonly json: string | undefined
  readonly searchPath: readonly string[] | undefined
  readonly temporary: readonly SessionRelation[]
  readonly answer: (finding: HeavyFinding) => void
}

/**
 * Analyses what is long or nests deeply in a thread of its own, one text after another, so that nobody else waits; what
 * it finds comes over in pieces, one a turn of the event loop.
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
  #gathered: { readonly analysis: GoodAnalysis; readonly fingerprint: string; readonly parts: Gathered } | undefined
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

  analyse(job: Omit<Job, 'answer'>): Promise<HeavyFinding> {
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
    const { length } = sql
    worker.postMessage(question, typeof sql === 'string' ? [] : [sql.buffer])
    this.#stopTimer = this.#clock.after(this.#deadlineMs, () => {
      this.#log.warn({ characters: length, deadlineMs: this.#deadlineMs }, 'a statement took too long to analyse')
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
      else if (answer.id === this.#ids) this.#takeOrDrop(worker, answer)
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

  #takeOrDrop(worker: Worker, answer: Exclude<HeavyAnswer, { readonly ready: true }>): void {
    try {
      this.#take(worker, answer)
    } catch (thrown) {
      this.#log.error({ reason: String(thrown) }, 'the thread that analyses large statements gave half an answer')
      this.#drop()
    }
  }

  #take(worker: Worker, answer: Exclude<HeavyAnswer, { readonly ready: true }>): void {
    this.#stopTimer()
    if ('analysis' in answer) {
      const { analysis, fingerprint = '' } = answer
      if (!analysis.ok) {
        this.#finish({ analysis })
        return
      }
      this.#gathered = { analysis, fingerprint, parts: new Gathered() }
    } else if (answer.piece === undefined) {
      const { analysis, fingerprint, parts } = this.#gathered ?? {}
      if (analysis === undefined || fingerprint === undefined || parts === undefined) this.#finish(TOO_COMPLEX)
      else this.#finish({ analysis: { ...analysis, statements: parts.statements }, fingerprint })
      return
    } else this.#gathered?.parts.add(answer.piece)
    const more: HeavyRequest = { more: answer.id }
    // Not from here: a quick answer would be taken in the same turn, and so would all that follow it.
    setImmediate(() => worker.postMessage(more))
  }

  #finish(finding: HeavyFinding): void {
    this.#stopTimer()
    const job = this.#running
    this.#running = undefined
    this.#gathered = undefined
    if (job === undefined) return
    this.#tally.onAnalysed(performance.now() - this.#startedAt)
    job.answer(finding)
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
