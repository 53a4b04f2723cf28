import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Protocol = 'simple' | 'extended' | 'prepared'

/** How to reach one of the parties: libpq's environment variables. */
export type Address = Readonly<Record<string, string>>

export interface PgbenchRun {
  readonly program: string
  readonly address: Address
  readonly protocol: Protocol
  readonly clients: number
  readonly seconds: number
  readonly scale: number
}

export interface PgbenchResult {
  readonly transactions: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** What `pgbench -S` runs, without the catalog queries that the built-in script starts with. */
const SCRIPT = `\\set aid random(1, 100000 * :scale)
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
`

/** One pgbench run of single-row SELECTs; percentiles come from its own log of a tenth of the transactions. */
export async function pgbench(run: PgbenchRun): Promise<PgbenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'pgoauth-pgbench-'))
  try {
    const script = join(folder, 'select.sql')
    writeFileSync(script, SCRIPT)
    const args = ['-n', '-M', run.protocol, '-c', String(run.clients), '-j', '1', '-T', String(run.seconds)]
    const log = ['-l', '--sampling-rate=0.1', `--log-prefix=${join(folder, 'log')}`]
    const said = await output(run.program, [...args, ...log, '-D', `scale=${run.scale}`, '-f', script], run.address)
    const transactions = Number(/transactions actually processed: (\d+)/.exec(said)?.[1])
    const perSecond = Number(/tps = ([\d.]+)/.exec(said)?.[1])
    if (Number.isNaN(transactions)) throw new Error(`pgbench said: ${said}`)
    // On a machine so busy that nobody was logged in in time, there is nothing to tell.
    if (transactions === 0) return { transactions, perSecond: Number.NaN, p50Ms: Number.NaN, p99Ms: Number.NaN }
    const failed = Number(/number of failed transactions: (\d+)/.exec(said)?.[1] ?? 0)
    if (failed > 0) throw new Error(`${failed} transactions failed`)
    return { transactions, perSecond, ...latencies(folder) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function latencies(folder: string): { p50Ms: number; p99Ms: number } {
  const ms = readdirSync(folder)
    .filter((name) => name.startsWith('log'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => Number(line.split(' ')[2]) / 1000)
    .sort((a, b) => a - b)
  const at = (share: number) => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** Runs a program to its end with the address in its environment; its output, or an error with what it said. */
export function output(program: string, args: readonly string[], address: Address): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', PGCONNECT_TIMEOUT: '20', ...address }
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => err.push(bytes))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString())
      else reject(new Error(`${program} ended with ${code}: ${Buffer.concat(err).toString().slice(0, 500)}`))
    })
  })
}
