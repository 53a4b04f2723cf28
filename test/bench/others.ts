import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { output } from './pgbench.ts'
import { cpuSeconds, residentBytes } from './processes.ts'
import type { Programs } from './programs.ts'
import { figure, median, table } from './report.ts'
import type { Party, PartyName, Pooling, Rig } from './rig.ts'

/** Parts that can be run alone. */
export const OTHERS = ['connect', 'bulk', 'idle', 'neighbour'] as const

interface OthersOptions {
  readonly isQuick: boolean
  readonly onRun: (what: string) => void
  readonly parts: readonly (typeof OTHERS)[number][]
}

/** What is not a stream of transactions: connecting, bulk, idle clients, a neighbour that is slow. */
export async function measureOthers(rig: Rig, programs: Programs, options: OthersOptions): Promise<string> {
  const { isQuick, parts, onRun } = options
  if (parts.length === 0) return ''
  const values = new Map<string, Map<PartyName, number>>()
  const note = (what: string, { name }: Party, value: number) => {
    const row = values.get(what) ?? new Map<PartyName, number>()
    values.set(what, row.set(name, value))
  }
  for (const party of rig.parties) {
    onRun(`${parts.join(', ')}: ${party.name}`)
    if (parts.includes('idle') && party.name !== 'direct') {
      note('an idle TLS client | KB', party, await idleMemory(rig, party, isQuick ? 300 : 10_000))
    }
    if (parts.includes('connect')) {
      const { perSecond, cpuMs } = await connectRate(rig, party, isQuick ? 3 : 8)
      note('new TLS connections (direct: plain, SCRAM) | a second', party, perSecond)
      note('  the pooler’s CPU | ms each', party, cpuMs)
    }
    if (parts.includes('bulk')) {
      await bulk(party, programs.psql, 1)
      const { megabytesPerSecond, cpuPerGigabyte } = await bulk(party, programs.psql, isQuick ? 4 : 12)
      note('COPY TO STDOUT over TLS (direct: plain) | MB/s', party, megabytesPerSecond)
      note('  the pooler’s CPU | s/GB', party, cpuPerGigabyte)
    }
    if (parts.includes('neighbour')) {
      for (const pooling of ['transaction', 'batched'] as const) {
        const what = `p99 of a fast statement beside slow ones, ÷ alone, ${pooling} | ×`
        note(what, party, await besideSlow(rig, party, pooling, isQuick ? 1000 : 5000))
      }
    }
  }
  const rows = [...values].map(([what, row]) => {
    const of = (name: PartyName) => row.get(name) ?? Number.NaN
    return [
      ...what.split(' | '),
      ...(['direct', 'PgBouncer', 'pgoauth'] as const).map((name) => figure(of(name))),
      figure(of('pgoauth') / of('PgBouncer')),
    ]
  })
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
async function besideSlow(rig: Rig, party: Party, pooling: Pooling, ms: number): Promise<number> {
  const client = await open(rig, party, pooling)
  await p99(client, 500)
  const alone = await p99(client, ms)
  const slow = await Promise.all(Array.from({ length: 4 }, () => open(rig, party, pooling)))
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
