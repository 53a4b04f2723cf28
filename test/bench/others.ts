import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { output } from './pgbench.ts'
import { cpuSeconds, residentBytes } from './processes.ts'
import type { Programs } from './programs.ts'
import { figure, median, table } from './report.ts'
import type { Party, Pooling, Rig } from './rig.ts'

interface OthersOptions {
  readonly isQuick: boolean
  readonly onRun: (what: string) => void
}

/** What is not a stream of transactions: connecting, bulk, idle clients, a neighbour that is slow. */
export async function measureOthers(rig: Rig, programs: Programs, options: OthersOptions): Promise<string> {
  const rows: string[][] = []
  const add = (what: string, unit: string, values: ReadonlyMap<string, number>) =>
    rows.push([
      what,
      unit,
      figure(values.get('direct') ?? Number.NaN),
      figure(values.get('PgBouncer') ?? Number.NaN),
      figure(values.get('pgoauth') ?? Number.NaN),
      figure((values.get('pgoauth') ?? Number.NaN) / (values.get('PgBouncer') ?? Number.NaN)),
    ])
  const connects = new Map<string, Awaited<ReturnType<typeof connectRate>>>()
  const bulks = new Map<string, Awaited<ReturnType<typeof bulk>>>()
  const memories = new Map<string, number>()
  const neighbours = new Map<string, number>()
  for (const party of rig.parties) {
    options.onRun(`connecting, bulk, idle clients, a slow neighbour: ${party.name}`)
    if (party.name !== 'direct') memories.set(party.name, await idleMemory(rig, party, options.isQuick ? 200 : 1000))
    connects.set(party.name, await connectRate(rig, party, options.isQuick ? 2 : 8))
    bulks.set(party.name, await bulk(party, programs.psql, options.isQuick ? 2 : 8))
    neighbours.set(party.name, await besideSlow(rig, party, options.isQuick ? 1500 : 6000))
  }
  const pick = <T>(from: Map<string, T>, what: (value: T) => number) =>
    new Map([...from].map(([name, value]) => [name, what(value)]))
  add(
    'new TLS connections (direct: plain, SCRAM)',
    'a second',
    pick(connects, (one) => one.perSecond),
  )
  add(
    '  the pooler’s CPU',
    'ms each',
    pick(connects, (one) => one.cpuMs),
  )
  add(
    'COPY TO STDOUT over TLS (direct: plain)',
    'MB/s',
    pick(bulks, (one) => one.megabytesPerSecond),
  )
  add(
    '  the pooler’s CPU',
    's/GB',
    pick(bulks, (one) => one.cpuPerGigabyte),
  )
  add('an idle TLS client', 'KB', memories)
  add('p99 of a fast statement beside a slow one, ÷ alone', '×', neighbours)
  return table(['what', 'unit', 'direct', 'PgBouncer', 'pgoauth', 'ratio'], rows)
}

/** Logs in, runs nothing and leaves, eight at a time. */
async function connectRate(rig: Rig, party: Party, seconds: number): Promise<{ perSecond: number; cpuMs: number }> {
  const first = await open(rig, party, 'transaction')
  await first.end()
  const pids = party.pids()
  const cpuBefore = cpuSeconds(pids)
  const startMs = performance.now()
  let count = 0
  const one = async () => {
    while (performance.now() - startMs < seconds * 1000) {
      const client = await open(rig, party, 'transaction')
      await client.end()
      count++
    }
  }
  await Promise.all(Array.from({ length: 8 }, one))
  const tookSeconds = (performance.now() - startMs) / 1000
  return { perSecond: count / tookSeconds, cpuMs: ((cpuSeconds(pids) - cpuBefore) / count) * 1000 }
}

/** Of a table of some 55 MB of text, several times over. */
async function bulk(
  party: Party,
  psql: string,
  times: number,
): Promise<{ megabytesPerSecond: number; cpuPerGigabyte: number }> {
  const megabytes = 250_000 * 207.6 * 1e-6
  const pids = party.pids()
  const rates: number[] = []
  const cpuBefore = cpuSeconds(pids)
  for (let time = 0; time < times; time++) {
    const startMs = performance.now()
    await output(
      psql,
      ['-X', '-q', '-o', '/dev/null', '-c', 'COPY public.bulk TO STDOUT'],
      party.address('session', true),
    )
    rates.push(megabytes / ((performance.now() - startMs) / 1000))
  }
  return {
    megabytesPerSecond: median(rates),
    cpuPerGigabyte: (cpuSeconds(pids) - cpuBefore) / ((megabytes * times) / 1000),
  }
}

/** What the pooler's memory grows by, in KB for each client that is logged in and silent. */
async function idleMemory(rig: Rig, party: Party, count: number): Promise<number> {
  const pids = party.pids()
  const before = residentBytes(pids)
  const clients: Client[] = []
  while (clients.length < count) {
    clients.push(...(await Promise.all(Array.from({ length: 20 }, () => open(rig, party, 'transaction')))))
  }
  await sleep(500)
  const grown = residentBytes(pids) - before
  await Promise.all(clients.map((client) => client.end().catch(() => {})))
  return grown / count / 1024
}

/** How much later the slowest hundredth of a client's statements comes while others run slow ones. */
async function besideSlow(rig: Rig, party: Party, ms: number): Promise<number> {
  const client = await open(rig, party, 'transaction')
  const alone = await p99(client, ms)
  const slow = await Promise.all(Array.from({ length: 4 }, () => open(rig, party, 'transaction')))
  const running = slow.map((one) => one.query(`SELECT pg_sleep(${(ms / 1000) * 1.2})`))
  const beside = await p99(client, ms)
  await Promise.all(running)
  await Promise.all([client, ...slow].map((one) => one.end()))
  return beside / alone
}

async function p99(client: Client, ms: number): Promise<number> {
  const took: number[] = []
  const until = performance.now() + ms
  while (performance.now() < until) {
    const startMs = performance.now()
    await client.query('SELECT abalance FROM public.pgbench_accounts WHERE aid = 42')
    took.push(performance.now() - startMs)
  }
  return took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? Number.NaN
}

async function open({ proxied }: Rig, party: Party, pooling: Pooling): Promise<Client> {
  const { PGPORT, PGDATABASE, PGUSER, PGPASSWORD } = party.address(pooling, true)
  const tls = party.name === 'direct' ? {} : { ssl: { ca: proxied.ca } }
  const client = new Client({
    host: '127.0.0.1',
    port: Number(PGPORT),
    database: PGDATABASE,
    user: PGUSER,
    password: PGPASSWORD,
    ...tls,
  })
  client.on('error', () => {})
  await client.connect()
  return client
}
