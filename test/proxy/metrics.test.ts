import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { notifySystemd } from '../../src/cli/systemd.ts'
import { startDoor } from '../support/door.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startWorkerGround, until, type WorkerGround } from '../support/worker-ground.ts'

const door = await startDoor()
const metrics = () => door.proxy.metrics.registry.metrics()

test('statements, denials and server connections are counted', async () => {
  const client = await door.session({ token: await door.issuer.mint({ scope: 'orders:read' }) })
  await client.query('select 1; select 2')
  await client.query('delete from public.orders')
  const text = await metrics()
  assert.match(text, /^pgoauth_statements_completed_total 2$/m)
  assert.match(text, /^pgoauth_audit_events_total\{event="statement_denied"\} 1$/m)
  assert.match(text, /^pgoauth_audit_events_total\{event="session_opened"\} 1$/m)
  assert.match(text, /^pgoauth_server_connections\{database="app",state="leased"\} 1$/m)
  client.close()
})

test('no label holds what a client sent', async () => {
  await door.outcome({
    token: 'bad',
    parameters: { user: 'marker-user', database: 'marker-database', application_name: 'marker-name' },
  })
  await door.outcome({ parameters: { database: 'marker-database' } })
  assert.doesNotMatch(await metrics(), /marker/)
})

test('what was counted stays counted over a reload', async () => {
  const { door: other, text } = await busyDoor()
  const counted = (of: string) =>
    [...of.matchAll(/^pgoauth_(?:token_cache|statement_cache|decisions)\S* [1-9]\d*$/gm)].map(String)
  const before = counted(await text())
  assert.equal(before.length, 6)
  other.reload()
  assert.deepEqual(counted(await text()), before)
})

/** A proxy of its own, with a token checked twice, and a statement known and another denied. */
async function busyDoor() {
  const other = await startDoor({ postgres: door.postgres, issuer: door.issuer })
  const token = await door.issuer.mint({ scope: 'orders:read' })
  for (const sql of ['select 1', 'select 1', 'delete from public.orders']) {
    const client = await other.session({ token })
    await client.query(sql)
    client.close()
  }
  return { door: other, text: () => other.proxy.metrics.registry.metrics() }
}

// The real command, in one process and in two.
const one = await startWorkerGround({
  databases: {
    app: '{ mode: session, size: 10 }',
    narrow: '{ mode: session, size: 1, wait: 20s }',
    hasty: '{ mode: session, size: 1, wait: 300ms }',
    lines: '{ mode: transaction, size: 4, batch: on }',
  },
  yaml: 'limits: { statement_bytes: 4096 }\n',
})
const two = await startWorkerGround({
  workers: 2,
  databases: { app: '{ mode: session, size: 40, servers_per_identity: 40 }' },
})

/** What a metric grew by. */
async function growth(
  ground: WorkerGround,
  metrics: Record<string, readonly [name: string, label?: string]>,
  action: () => Promise<void>,
) {
  const read = () => Promise.all(Object.values(metrics).map(([name, label]) => ground.metric(name, label)))
  const before = await read()
  await action()
  const after = await read()
  return Object.fromEntries(Object.keys(metrics).map((key, at) => [key, (after[at] ?? 0) - (before[at] ?? 0)]))
}

const JUDGING = {
  allowed: ['pgoauth_decisions_total', 'outcome="allowed"'],
  denied: ['pgoauth_decisions_total', 'outcome="denied"'],
  syntax: ['pgoauth_decisions_total', 'outcome="syntax"'],
  limit: ['pgoauth_decisions_total', 'outcome="limit"'],
  hits: ['pgoauth_statement_cache_hits_total'],
  misses: ['pgoauth_statement_cache_misses_total'],
  analyses: ['pgoauth_analysis_seconds_count'],
} as const
const NOTHING = { allowed: 0, denied: 0, syntax: 0, limit: 0, hits: 0, misses: 0, analyses: 0 }

for (const database of ['app', 'lines']) {
  test(`decisions are counted by outcome, and analyses where one is made, in database ${database}`, async () => {
    const { client } = await one.login('ada', database)
    const poor = (await one.login('ada', database, await one.token('ada', { group: 'analysts', scope: '' }))).client
    const of = (sql: string, by = client) => growth(one, JUDGING, async () => void (await by.query(sql)))
    const own = `select 1 as ${database}`
    assert.deepEqual(await of(own), { ...NOTHING, allowed: 1, misses: 1, analyses: 1 })
    assert.deepEqual(await of(own), { ...NOTHING, allowed: 1, hits: 1 })
    assert.deepEqual(await of(own.replace('1', '2')), { ...NOTHING, allowed: 1, hits: 1 }, 'another literal')
    assert.deepEqual(await of(`select note as ${database} from public.orders`, poor), {
      ...NOTHING,
      denied: 1,
      misses: 1,
      analyses: 1,
    })
    assert.deepEqual(await of('selct 1'), { ...NOTHING, syntax: 1, misses: 1, analyses: 1 })
    assert.deepEqual(await of(`select '${'x'.repeat(5000)}'`), { ...NOTHING, limit: 1 })
    const deep = `select ${'('.repeat(300)}1${')'.repeat(300)} as ${database}`
    assert.deepEqual(
      await of(deep),
      { ...NOTHING, allowed: 1, misses: 1, analyses: 1 },
      'in the thread for large texts',
    )
    client.close()
    poor.close()
  })
}

const WAITS = { narrow: ['pgoauth_pool_wait_seconds_count', 'database="narrow"'] } as const

test('a lease that has to wait is timed under its database, and one that is there at once is not', async () => {
  assert.deepEqual(
    await growth(one, WAITS, async () => (await one.login('ada', 'narrow')).client.close()),
    { narrow: 1 },
    'a connection is opened',
  )
  const idle = () => one.metric('pgoauth_server_connections', 'database="narrow",state="idle"')
  await until(idle, (count) => count === 1)
  let first = await one.login('ada', 'narrow')
  first.client.close()
  await until(idle, (count) => count === 1)
  assert.deepEqual(
    await growth(one, WAITS, async () => {
      first = await one.login('ada', 'narrow')
    }),
    { narrow: 0 },
  )
  const waits = await growth(
    one,
    { ...WAITS, others: ['pgoauth_pool_wait_seconds_count', 'database="app"'] },
    async () => {
      const second = one.login('ada', 'narrow')
      await until(
        () => one.metric('pgoauth_server_connections', 'database="narrow",state="waiting"'),
        (count) => count === 1,
      )
      first.client.close()
      ;(await second).client.close()
    },
  )
  assert.deepEqual(waits, { narrow: 1, others: 0 })
})

test('a wait in vain is timed too, in seconds', async () => {
  const { client } = await one.login('ada', 'hasty')
  const seconds = await growth(one, { sum: ['pgoauth_pool_wait_seconds_sum', 'database="hasty"'] }, async () => {
    assert.equal(await one.outcome('ada', 'hasty'), '53300')
  })
  client.close()
  assert.ok((seconds.sum ?? 0) >= 0.25 && (seconds.sum ?? 0) < 30, JSON.stringify(seconds))
})

test('bytes are counted while the session that carries them is open, and stay when it ends', async () => {
  const bytes = {
    out: ['pgoauth_bytes_total', 'direction="from_server"'],
    in: ['pgoauth_bytes_total', 'direction="from_client"'],
  } as const
  const { client } = await one.login('ada', 'app')
  const carried = await growth(one, bytes, async () => void (await client.query("select repeat('x', 100000)")))
  assert.ok((carried.out ?? 0) >= 100_000 && (carried.out ?? 0) < 101_000, JSON.stringify(carried))
  assert.equal(carried.in, 1 + 4 + "select repeat('x', 100000)".length + 1)
  const open = await one.metric('pgoauth_sessions')
  const ended = await growth(one, bytes, async () => {
    client.close()
    await until(
      () => one.metric('pgoauth_sessions'),
      (count) => count === open - 1,
    )
  })
  assert.equal(ended.out, 0)
})

test('what workers counted of statements and waits is summed, and stays when one of them dies', async () => {
  const names = {
    allowed: JUDGING.allowed,
    analyses: JUDGING.analyses,
    waits: ['pgoauth_pool_wait_seconds_count'],
  } as const
  const sums = await growth(two, names, async () => {
    const logins = await Promise.all(Array.from({ length: 6 }, () => two.login('ada', 'app')))
    for (const { client } of logins) await client.query('select 1 as summed')
    for (const { client } of logins) client.close()
    await until(
      () => two.metric('pgoauth_clients'),
      (count) => count === 0,
    )
  })
  assert.deepEqual(sums, { allowed: 6, analyses: 2, waits: 6 }, 'each worker has a cache of its own')
  const kept = await growth(two, names, async () => {
    process.kill(two.pids().get(1) ?? assert.fail('no worker'), 'SIGKILL')
    await until(
      () => two.metric('pgoauth_worker_restarts_total'),
      (count) => count === 1,
    )
    await until(
      () => two.metric('pgoauth_workers'),
      (count) => count === 2,
    )
  })
  assert.deepEqual(kept, { allowed: 0, analyses: 0, waits: 0 })
})

test('systemd is told by its own tool, and only where it asked', async () => {
  const directory = temporaryDirectory()
  const tool = join(directory, 'systemd-notify')
  writeFileSync(tool, `#!/bin/sh\necho "$@" >> ${directory}/told\n`)
  chmodSync(tool, 0o755)
  writeFileSync(join(directory, 'told'), '')
  const env = { PATH: `${directory}:${process.env.PATH}` }
  notifySystemd('READY=1', env, silentLog)
  notifySystemd('STOPPING=1', { ...env, NOTIFY_SOCKET: '/run/none' }, silentLog)
  for (let time = 0; time < 50 && readFileSync(join(directory, 'told'), 'utf8') === ''; time++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.equal(readFileSync(join(directory, 'told'), 'utf8'), `--pid=${process.pid} STOPPING=1\n`)
})
