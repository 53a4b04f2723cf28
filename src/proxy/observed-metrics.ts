import { Counter, Gauge, type Registry } from 'prom-client'

/** What is asked when somebody looks at the metrics. */
export interface Observed {
  readonly clients: () => number
  readonly handshakes: () => number
  readonly sessions: () => number
  /** What the sessions of now have carried. */
  readonly sessionBytes: () => { readonly fromClient: number; readonly fromServer: number }
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

/** Registers what is read off the proxy as it stands, whenever somebody looks. */
export function observe(registry: Registry, observed: Observed): void {
  const registers = [registry]
  gauge(registry, 'pgoauth_clients', 'Connected clients, those in their handshake among them', observed.clients)
  gauge(registry, 'pgoauth_handshakes', 'Clients in their handshake', observed.handshakes)
  gauge(registry, 'pgoauth_sessions', 'Sessions open', observed.sessions)
  gauge(registry, 'pgoauth_draining', '1 while the proxy drains', () => Number(observed.isDraining()), 'max')
  countWhenAsked(registry, {
    name: 'pgoauth_token_cache_hits',
    help: 'Token checks answered from the cache',
    count: () => observed.tokenCache().hits,
  })
  countWhenAsked(registry, {
    name: 'pgoauth_token_cache_misses',
    help: 'Token checks that were made',
    count: () => observed.tokenCache().misses,
  })
  countWhenAsked(registry, {
    name: 'pgoauth_limit_refusals',
    help: 'Refusals by limit, since the start',
    label: 'limit',
    counts: () => observed.limitRefusals(),
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
}

type Count = { readonly name: string; readonly help: string } & (
  | { readonly count: () => number }
  | { readonly label: string; readonly counts: () => Iterable<readonly [value: string, count: number]> }
)

/** A counter of what is counted elsewhere, in plain numbers that never go down. */
export function countWhenAsked(registry: Registry, count: Count): void {
  const { name, help } = count
  const counter = new Counter({
    name,
    help,
    labelNames: 'label' in count ? [count.label] : [],
    registers: [registry],
    collect() {
      counter.reset()
      if ('count' in count) counter.inc(count.count())
      else for (const [value, times] of count.counts()) counter.inc({ [count.label]: value }, times)
    },
  })
}

/** `aggregator`: what becomes of the values of several workers. */
function gauge(registry: Registry, name: string, help: string, read: () => number, aggregator: 'sum' | 'max' = 'sum') {
  const one = new Gauge({
    name,
    help,
    aggregator,
    registers: [registry],
    collect() {
      one.set(read())
    },
  })
}
