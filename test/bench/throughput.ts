import type { Random } from '../support/random.ts'
import { load } from './load.ts'
import { type PgbenchResult, type Protocol, pgbench } from './pgbench.ts'
import { cpuSeconds } from './processes.ts'
import { figure, median, table } from './report.ts'
import { type Party, type PartyName, type Pooling, SCALE } from './rig.ts'

export interface Scenario {
  readonly protocol: Protocol
  readonly clients: number
  readonly pooling: Pooling
  /** With TLS pgbench is the client, without it the bench's own. */
  readonly tls: boolean
}

const POOLINGS = ['session', 'transaction', 'batched'] as const

interface Runs {
  readonly pgbench: string
  readonly seconds: number
  readonly rounds: number
  /** For each pooling and protocol, before anything is measured. */
  readonly warmUpSeconds: number
  readonly random: Random
  readonly onRun: (what: string) => void
}

interface Sample extends PgbenchResult {
  /** The pooler's own, in seconds for 100,000 transactions. */
  readonly cpu: number
}

/** Runs each scenario with every party, in shuffled order, and again; medians and ratios as a table. */
export async function measureThroughput(
  scenarios: readonly Scenario[],
  parties: readonly Party[],
  options: Runs,
): Promise<string> {
  const samples = new Map<string, Sample[]>()
  // How a pooler lends its connections is nothing to those who go past it.
  const keyOf = ({ pooling, ...link }: Scenario, name: PartyName) =>
    `${JSON.stringify(link)} ${name === 'direct' ? '' : pooling} ${name}`
  // Code that has run a while is what is measured; PgBouncer and the server need no warming.
  const ours = parties.filter(({ name }) => name === 'pgoauth')
  for (const [at, scenario] of scenarios.entries()) {
    const { pooling, protocol } = scenario
    const isFirst = scenarios.findIndex((one) => one.pooling === pooling && one.protocol === protocol) === at
    if (isFirst)
      for (const party of ours) await measure(scenario, party, { ...options, seconds: options.warmUpSeconds })
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const scenario of shuffled(scenarios, options.random)) {
      for (const party of shuffled(parties, options.random)) {
        const key = keyOf(scenario, party.name)
        if ((samples.get(key)?.length ?? 0) > round) continue
        options.onRun(
          `${scenario.protocol} ${scenario.clients} clients, ${scenario.pooling}${scenario.tls ? ', TLS' : ''}: ${party.name}`,
        )
        const sample = await measure(scenario, party, options)
        samples.set(key, [...(samples.get(key) ?? []), sample])
      }
    }
  }
  const rows = scenarios.map((scenario) => {
    const of = (name: PartyName, what: (sample: Sample) => number) =>
      median((samples.get(keyOf(scenario, name)) ?? []).map(what))
    const perSecond = (name: PartyName) => of(name, (sample) => sample.perSecond)
    const cpu = (name: PartyName) => of(name, (sample) => sample.cpu)
    const p50 = (name: PartyName) => of(name, (sample) => sample.p50Ms)
    const p99 = (name: PartyName) => of(name, (sample) => sample.p99Ms)
    return [
      scenario.protocol,
      `${scenario.clients}`,
      scenario.pooling,
      scenario.tls ? 'TLS' : 'plain',
      figure(perSecond('direct')),
      figure(perSecond('PgBouncer')),
      figure(perSecond('pgoauth')),
      figure(perSecond('pgoauth') / perSecond('PgBouncer')),
      figure(cpu('PgBouncer')),
      figure(cpu('pgoauth')),
      figure(cpu('pgoauth') / cpu('PgBouncer')),
      `${figure(p50('PgBouncer'))} / ${figure(p99('PgBouncer'))}`,
      `${figure(p50('pgoauth'))} / ${figure(p99('pgoauth'))}`,
    ]
  })
  return table(
    [
      'mode',
      'clients',
      'pooling',
      'link',
      'direct tps',
      'PgBouncer tps',
      'pgoauth tps',
      'ratio',
      'PgBouncer CPU s/100k',
      'pgoauth CPU s/100k',
      'ratio',
      'PgBouncer p50 / p99 ms',
      'pgoauth p50 / p99 ms',
    ],
    rows,
  )
}

/** What one client waits for an answer, and how much later than from the server itself. */
export async function measureLatency(parties: readonly Party[], options: Runs): Promise<string> {
  const rows: string[][] = []
  for (const pooling of options.rounds > 1 ? POOLINGS : (['session', 'batched'] as const)) {
    const scenario = { protocol: 'simple', clients: 1, pooling, tls: true } as const
    const samples = new Map<PartyName, Sample[]>(parties.map(({ name }) => [name, []]))
    for (const party of parties) await measure(scenario, party, { ...options, seconds: options.warmUpSeconds / 2 })
    for (let round = 0; round < Math.max(3, options.rounds); round++) {
      for (const party of shuffled(parties, options.random)) {
        options.onRun(`one client, ${pooling}: ${party.name}`)
        samples
          .get(party.name)
          ?.push(await measure(scenario, party, { ...options, seconds: Math.ceil(options.seconds * 0.4) }))
      }
    }
    for (const [which, of] of [
      ['p50', (sample: Sample) => sample.p50Ms],
      ['p99', (sample: Sample) => sample.p99Ms],
    ] as const) {
      const ms = (name: PartyName) => median((samples.get(name) ?? []).map(of))
      const added = (name: PartyName) => ms(name) - ms('direct')
      rows.push([
        `${pooling}, ${which}`,
        ...(['direct', 'PgBouncer', 'pgoauth'] as const).map((name) => figure(ms(name))),
        figure(added('PgBouncer')),
        figure(added('pgoauth')),
        figure(added('pgoauth') / added('PgBouncer')),
      ])
    }
  }
  return table(
    ['one client, ms (direct: plain)', 'direct', 'PgBouncer', 'pgoauth', 'PgBouncer adds', 'pgoauth adds', 'ratio'],
    rows,
  )
}

async function measure(
  scenario: Scenario,
  party: Party,
  options: { pgbench: string; seconds: number },
): Promise<Sample> {
  // PgBouncer 1.18 has no prepared statements in transaction pooling: its best there is session pooling.
  const isBest = party.name === 'PgBouncer' && scenario.protocol === 'prepared'
  const pooling = isBest ? 'session' : scenario.pooling
  const pids = party.pids()
  const before = cpuSeconds(pids)
  const run = {
    program: options.pgbench,
    address: party.address(pooling, scenario.tls),
    protocol: scenario.protocol,
    clients: scenario.clients,
    seconds: options.seconds,
    scale: SCALE,
  }
  const result = scenario.tls ? await pgbench(run) : await load(run)
  return { ...result, cpu: ((cpuSeconds(pids) - before) / result.transactions) * 100_000 }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items]
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.below(at + 1)
    const held = order[at] as T
    order[at] = order[other] as T
    order[other] = held
  }
  return order
}
