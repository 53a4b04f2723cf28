import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import { JudgingTally } from '../enforce/judging-tally.ts'
import { countWhenAsked, type Observed, observe } from './observed-metrics.ts'

const HANDSHAKE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15]
const POOL_WAIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const ANALYSIS_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
const TOKEN_CHECK_SECONDS = [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

/** The proxy's own counts in Prometheus's form; labels come from fixed lists, never from what a client sends. */
export class ProxyMetrics {
  readonly registry = new Registry()
  /** For the judges of all databases, whatever configuration they come of. */
  readonly judging = new JudgingTally()
  readonly #refusals: Counter
  readonly #events: Counter
  /** Counted with a plain number: it is touched for every statement. */
  #completed = 0
  readonly #opened: Counter
  /** Bytes of the sessions that have ended. */
  readonly #ended = { fromClient: 0, fromServer: 0 }
  readonly #handshake: Histogram
  readonly #tokenCheck: Histogram
  readonly #poolWait: Histogram
  readonly #reloads: Counter

  constructor(observed: Observed) {
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry, prefix: 'pgoauth_' })
    observe(this.registry, observed)
    const help = 'Statements that were allowed and took effect'
    countWhenAsked(this.registry, { name: 'pgoauth_statements_completed_total', help, count: () => this.#completed })
    observeJudging(this.registry, this.judging)
    this.#events = new Counter({
      name: 'pgoauth_audit_events_total',
      help: 'Audit events, denied statements among them, by kind',
      labelNames: ['event'],
      registers,
    })
    this.#refusals = new Counter({
      name: 'pgoauth_refusals_total',
      help: 'Connections refused, by reason and who is at fault',
      labelNames: ['code', 'fault'],
      registers,
    })
    this.#opened = new Counter({
      name: 'pgoauth_sessions_opened_total',
      help: 'Sessions opened',
      labelNames: ['database'],
      registers,
    })
    countWhenAsked(this.registry, {
      name: 'pgoauth_bytes_total',
      help: 'Bytes carried in sessions, those of now among them',
      label: 'direction',
      counts: () => {
        const now = observed.sessionBytes()
        return [
          ['from_client', this.#ended.fromClient + now.fromClient],
          ['from_server', this.#ended.fromServer + now.fromServer],
        ]
      },
    })
    this.#handshake = new Histogram({
      name: 'pgoauth_handshake_seconds',
      help: 'From accept to ReadyForQuery',
      buckets: HANDSHAKE_SECONDS,
      registers,
    })
    this.#tokenCheck = new Histogram({
      name: 'pgoauth_token_check_seconds',
      help: 'Token checks, cached ones among them',
      buckets: TOKEN_CHECK_SECONDS,
      registers,
    })
    this.#poolWait = new Histogram({
      name: 'pgoauth_pool_wait_seconds',
      help: 'Waits for a server connection, those in vain among them; not leases that were there at once',
      labelNames: ['database'],
      buckets: POOL_WAIT_SECONDS,
      registers,
    })
    this.#reloads = new Counter({
      name: 'pgoauth_reloads_total',
      help: 'Configuration reloads',
      labelNames: ['outcome'],
      registers,
    })
  }

  statementCompleted(): void {
    this.#completed++
  }

  audited(event: string, times: number): void {
    this.#events.inc({ event }, times)
  }

  refused(code: string, fault: string): void {
    this.#refusals.inc({ code, fault })
  }

  opened(database: string, handshakeMs: number): void {
    this.#opened.inc({ database })
    this.#handshake.observe(handshakeMs / 1000)
  }

  closed(fromClient: number, fromServer: number): void {
    this.#ended.fromClient += fromClient
    this.#ended.fromServer += fromServer
  }

  tokenChecked(ms: number): void {
    this.#tokenCheck.observe(ms / 1000)
  }

  poolWaited(database: string, ms: number): void {
    this.#poolWait.observe({ database }, ms / 1000)
  }

  reloaded(outcome: 'taken' | 'refused'): void {
    this.#reloads.inc({ outcome })
  }
}

function observeJudging(registry: Registry, tally: JudgingTally): void {
  const { cache, decisions } = tally
  const [hits, misses] = ['Statements whose analysis was known', 'Statements whose analysis was not known']
  countWhenAsked(registry, { name: 'pgoauth_statement_cache_hits_total', help: hits, count: () => cache.hits })
  countWhenAsked(registry, { name: 'pgoauth_statement_cache_misses_total', help: misses, count: () => cache.misses })
  countWhenAsked(registry, {
    name: 'pgoauth_decisions_total',
    help: 'Texts judged, by outcome; what was prepared is judged again where grants or catalog have changed',
    label: 'outcome',
    counts: () => Object.entries(decisions),
  })
  const analysis = new Histogram({
    name: 'pgoauth_analysis_seconds',
    help: 'Analyses of texts that were not known',
    buckets: ANALYSIS_SECONDS,
    registers: [registry],
  })
  tally.onAnalysed = (ms) => analysis.observe(ms / 1000)
}
