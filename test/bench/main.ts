import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'
import { Random, testSeed } from '../support/random.ts'
import { measureDecision } from './decision.ts'
import { measureOthers, OTHERS } from './others.ts'
import { findPrograms } from './programs.ts'
import { startRig } from './rig.ts'
import { measureStartUp } from './start-up.ts'
import { measureLatency, measureThroughput, type Scenario } from './throughput.ts'

/** Behind it in docs/PERFORMANCE.md stands the last report. */
const MARK = '<!-- what follows is written by: npm run bench -- write -->'

const PARTS = ['throughput', 'latency', ...OTHERS, 'decision', 'start-up'] as const

/**
 * `npm run bench [-- quick] [write] [PART…]`: pgoauth beside PgBouncer and a direct connection, in one run on this machine; all parts
 * where none is named. The tables go to stdout, what is being run to stderr.
 */
async function main(args: readonly string[]): Promise<void> {
  const isQuick = args.includes('quick')
  const known = ['quick', 'write', ...PARTS]
  const unknown = args.find((arg) => !known.includes(arg))
  if (unknown !== undefined) throw new Error(`${unknown} is none of ${known.join(', ')}`)
  const named = PARTS.filter((part) => args.includes(part))
  const has = (part: (typeof PARTS)[number]) => named.length === 0 || named.includes(part)
  const programs = findPrograms()
  const seed = testSeed()
  const say = (what: string) => process.stderr.write(`bench: ${what}\n`)
  if (has('start-up')) say('starting up')
  const startUp = has('start-up') ? await measureStartUp(isQuick ? 5 : 25) : ''
  say('starting PostgreSQL, PgBouncer and pgoauth')
  const rig = await startRig(programs)
  process.once('SIGINT', () => void rig.end().then(() => process.exit(130)))
  try {
    const runs = {
      random: new Random(seed),
      onRun: say,
      pgbench: programs.pgbench,
      seconds: isQuick ? 2 : 10,
      rounds: isQuick ? 1 : 3,
      warmUpSeconds: isQuick ? 2 : 6,
    }
    // First, while the proxy is fresh: later the garbage collector's work on what came before hides what clients hold.
    const idle = has('idle') ? await measureOthers(rig, programs, { isQuick, onRun: say, parts: ['idle'] }) : ''
    const throughput = has('throughput') ? await measureThroughput(scenarios(isQuick), rig.parties, runs) : ''
    const latency = has('latency') ? await measureLatency(rig.parties, runs) : ''
    const others = OTHERS.filter((part) => part !== 'idle')
    const rest = await measureOthers(rig, programs, { isQuick, onRun: say, parts: others.filter(has) })
    const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, Node ${process.version}, ${programs.versions.pgbouncer}, ${programs.versions.pgbench}`
    const parts = [
      `${today()}. ${machine}.`,
      conditions(seed, isQuick),
      throughput,
      latency,
      rest,
      idle,
      has('decision') ? await measureDecision() : '',
      startUp,
    ]
    const report = parts.filter((part) => part !== '').join('\n\n')
    process.stdout.write(`${report}\n`)
    if (args.includes('write')) writeReport(report)
  } finally {
    await rig.end()
  }
}

function today(): string {
  return new Date(systemClock.nowMs()).toISOString().slice(0, 10)
}

/** A machine that others use too gives figures that say little: so that is said. */
function conditions(seed: number, isQuick: boolean): string {
  const busy = loadavg()[0] ?? 0
  return `Seed ${seed}${isQuick ? ', quick: one round of two seconds each' : ', medians of three rounds of ten seconds'}. Policy on, one proxy process, no audit of what is allowed. Load average at the end: ${busy.toFixed(1)} on ${cpus().length} cores.`
}

/** Puts the report in docs/PERFORMANCE.md, behind its mark. */
function writeReport(report: string): void {
  const file = fileURLToPath(new URL('../../../docs/PERFORMANCE.md', import.meta.url))
  const [before] = readFileSync(file, 'utf8').split(MARK)
  writeFileSync(file, `${before}${MARK}\n\n${report}\n`)
}

/**
 * Over TLS by pgbench, the token as password, since its libpq has no OAUTHBEARER; plain links by the bench's own client. Prepared
 * statements beside PgBouncer in session pooling, since 1.18 has none in transaction pooling.
 */
function scenarios(isQuick: boolean): Scenario[] {
  const overTls: Scenario[] = [10, 40, 100].flatMap((clients) =>
    (
      [
        ['simple', 'session'],
        ['simple', 'transaction'],
        ['simple', 'batched'],
        ['extended', 'transaction'],
        ['extended', 'batched'],
        ['prepared', 'session'],
        ['prepared', 'batched'],
      ] as const
    ).map(([protocol, pooling]) => ({ protocol, clients, pooling, tls: true })),
  )
  const plain: Scenario[] = [10, 40].flatMap((clients) =>
    (['session', 'transaction', 'batched'] as const).flatMap((pooling) =>
      (['simple', 'extended', 'prepared'] as const).map((protocol) => ({ protocol, clients, pooling, tls: false })),
    ),
  )
  if (!isQuick) return [...overTls, ...plain]
  const isWanted = ({ protocol, clients, pooling, tls }: Scenario) => {
    if (!tls) return protocol === 'simple' && (clients === 10 ? pooling === 'session' : pooling === 'batched')
    if (clients === 10) return protocol === 'simple' && pooling === 'session'
    return clients === 40 && (pooling === 'batched' || protocol === 'extended')
  }
  return [...overTls, ...plain].filter(isWanted)
}

await main(process.argv.slice(2))
