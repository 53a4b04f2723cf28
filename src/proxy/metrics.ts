import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What the gauges ask when somebody looks at them. */
export interface Observed {
  readonly clients: () => number
  readonly handshakes: () => number
  readonly sessions: () => number
  readonly isDraining: () => boolean
  readonly tokenCache: () => { readonly hits: number; readonly misses: number }
  readonly limitRefusals: () => ReadonlyMap<string, number>
  /** Server connections by state, and sessions that wait for one, by database. */
  readonly servers: () => Iterable<readonly [database: string, counts: Readonly<Record<string, number>>]>
  /** Whether a database's policy observes: lets through what it would deny. */
  readonly observing: () => Iterable<readonly [database: string, isObserving: boolean]>
  /** The audit chain's last link, to be kept elsewhere; undefined where there is none. */
  readonly auditHead: () => string | undefined
}

const HANDSHAKE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15]
const TOKEN_CHECK_SECONDS = [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

/** The proxy's own counts in Prometheus's form; labels come from fixed lists, never from what a client sends. */
export class ProxyMetrics {
  readonly registry = new Registry()
  readonly #refusals: Counter
  readonly #events: Counter
  /** Counted with a plain number: it is touched for every statement. */
  #completed = 0
  readonly #opened: Counter
  readonly #bytes: Counter
  readonly #handshake: Histogram
  readonly #tokenCheck: Histogram
  readonly #reloads: Counter

  constructor(observed: Observed) {
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry, prefix: 'pgoauth_' })
    this.#gauge('pgoauth_clients', 'Connected clients, those in their handshake among them', observed.clients)
    this.#gauge('pgoauth_handshakes', 'Clients in their handshake', observed.handshakes)
    this.#gauge('pgoauth_sessions', 'Sessions open', observed.sessions)
    this.#gauge('pgoauth_draining', '1 while the proxy drains', () => Number(observed.isDraining()), 'max')
    this.#gauge('pgoauth_token_cache_hits', 'Token checks answered from the cache', () => observed.tokenCache().hits)
    this.#gauge('pgoauth_token_cache_misses', 'Token checks that were made', () => observed.tokenCache().misses)
    const limits = new Gauge({
      name: 'pgoauth_limit_refusals',
      help: 'Refusals by limit, since the start',
      labelNames: ['limit'],
      registers,
      collect() {
        for (const [limit, count] of observed.limitRefusals()) limits.set({ limit }, count)
      },
    })
    const servers = new Gauge({
      name: 'pgoauth_server_connections',
      help: 'Server connections by state; waiting: sessions that wait for one',
      labelNames: ['database', 'state'],
      registers,
      collect() {
        servers.reset()
        for (const [database, counts] of observed.servers()) {
          for (const [state, count] of Object.entries(counts)) servers.set({ database, state }, count)
        }
      },
    })
    const observing = new Gauge({
      name: 'pgoauth_policy_observing',
      help: '1 where the policy lets through what it would deny (mode: observe)',
      labelNames: ['database'],
      aggregator: 'max',
      registers,
      collect() {
        observing.reset()
        for (const [database, is] of observed.observing()) observing.set({ database }, Number(is))
      },
    })
    const head = new Gauge({
      name: 'pgoauth_audit_head',
      help: 'The last link of the audit chain, in its label; see "pgoauth audit verify --head"',
      labelNames: ['head'],
      registers,
      collect() {
        head.reset()
        const link = observed.auditHead()
        if (link !== undefined) head.set({ head: link }, 1)
      },
    })
    const statements = new Counter({
      name: 'pgoauth_statements_completed_total',
      help: 'Statements that were allowed and took effect',
      registers,
      collect: () => {
        statements.reset()
        statements.inc(this.#completed)
      },
    })
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
    this.#bytes = new Counter({
      name: 'pgoauth_bytes_total',
      help: 'Bytes carried in sessions that have ended',
      labelNames: ['direction'],
      registers,
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
    this.#bytes.inc({ direction: 'from_client' }, fromClient)
    this.#bytes.inc({ direction: 'from_server' }, fromServer)
  }

  tokenChecked(ms: number): void {
    this.#tokenCheck.observe(ms / 1000)
  }

  reloaded(outcome: 'taken' | 'refused'): void {
    this.#reloads.inc({ outcome })
  }

  /** `aggregator`: what becomes of the values of several workers. */
  #gauge(name: string, help: string, read: () => number, aggregator: 'sum' | 'max' = 'sum'): void {
    const gauge = new Gauge({
      name,
      help,
      aggregator,
      registers: [this.registry],
      collect() {
        gauge.set(read())
      },
    })
  }
}
