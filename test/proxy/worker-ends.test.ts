import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import {
  isAlive,
  type LoggedIn,
  parentOf,
  startWorkerGround,
  until,
  type WorkerGround,
} from '../support/worker-ground.ts'

// Workers that die, drain, reload; the primary that dies. A module that every process loads throws on SIGUSR2.
const planted = join(temporaryDirectory(), 'planted.mjs')
writeFileSync(planted, `process.on('SIGUSR2', () => { throw new Error('a planted failure') })\n`)
const ground = await startWorkerGround({
  workers: 2,
  databases: { app: '{ mode: session, size: 40, servers_per_identity: 40 }' },
  env: { NODE_OPTIONS: `--import=${pathToFileURL(planted)}` },
  yaml: 'audit: { path: ./audit.jsonl, key_file: ./audit.key, min_free: 0 }\ndrain: 20s\n',
  files: { 'audit.key': 'a key that only the tests know' },
})
const READY = ({ msg }: { msg?: string }) => msg === 'worker serves'

/** One session on each worker. */
async function oneEach(on: WorkerGround): Promise<Map<number, LoggedIn>> {
  const found = new Map<number, LoggedIn>()
  for (let n = 0; found.size < 2; n++) {
    assert.ok(n < 10, 'a worker gets no clients')
    const subject = `s${n}-${performance.now()}`
    const session = await on.login(subject, 'app')
    const { worker } = (await on.sessions()).find((one) => one.subject === subject) ?? assert.fail('not listed')
    if (found.has(Number(worker))) session.client.close()
    else found.set(Number(worker), session)
  }
  return found
}

async function gone({ client }: LoggedIn): Promise<boolean> {
  return (await client.until('closed')).at(-1)?.tag === 'closed'
}

test('a worker that is killed takes its own clients with it and nobody else’s, and is replaced', async () => {
  const sessions = await oneEach(ground)
  const [victim, other] = [sessions.get(1), sessions.get(2)]
  assert.ok(victim && other)
  await other.client.query('begin')
  const before = ground.pids()
  const since = ground.log.length
  process.kill(Number(before.get(1)), 'SIGKILL')
  assert.ok(await gone(victim))
  const died = await ground.logged(({ msg }) => msg === 'worker died', since)
  assert.deepEqual([died.worker, died.signal], [1, 'SIGKILL'])
  await ground.logged(READY, since)
  assert.notEqual(ground.pids().get(1), before.get(1))
  assert.equal(ground.pids().get(2), before.get(2))
  assert.deepEqual((await other.client.query('select 1')).rows, [['1']])
  assert.equal((await other.client.query('commit')).error, undefined)
  assert.equal(await ground.metric('pgoauth_worker_restarts_total'), 1)
  assert.equal(await ground.metric('pgoauth_clients'), 1)
  const again = await oneEach(ground)
  for (const { client } of [other, ...again.values()]) client.close()
})

test('counters do not go down when a worker dies', async () => {
  const before = await ground.metric('pgoauth_sessions_opened_total')
  assert.ok(before > 0)
  const since = ground.log.length
  process.kill(Number(ground.pids().get(2)), 'SIGKILL')
  await ground.logged(READY, since)
  assert.equal(await ground.metric('pgoauth_sessions_opened_total'), before)
})

test('clients that come while a worker dies are served by another', async () => {
  const since = ground.log.length
  const logins = Array.from({ length: 60 }, (_, n) =>
    ground.outcome(`p${n}`, 'app').catch((error: Error) => error.message),
  )
  process.kill(Number(ground.pids().get(1)), 'SIGKILL')
  const outcomes = await Promise.all(logins)
  // Those that the dead one had begun with were closed with it; none hangs, and none is told anything else.
  assert.ok(outcomes.filter((outcome) => outcome === 'ok').length >= 20, String(outcomes))
  await ground.logged(READY, since)
  await until(
    () => ground.metric('pgoauth_clients'),
    (left) => left === 0,
    'clients left',
  )
})

test('an error that nothing catches in a worker ends it with a word to its clients, 57P01', async () => {
  const sessions = await oneEach(ground)
  const [victim, other] = [sessions.get(2), sessions.get(1)]
  assert.ok(victim && other)
  const since = ground.log.length
  process.kill(Number(ground.pids().get(2)), 'SIGUSR2')
  assert.equal((await victim.client.next()).code, '57P01')
  const said = await ground.logged(({ msg }) => msg === 'an error that nothing caught: this worker ends', since)
  assert.equal(said.worker, 2)
  assert.match(String(said.reason), /a planted failure/)
  await ground.logged(READY, since)
  assert.equal((await other.client.query('select 1')).error, undefined)
  other.client.close()
})

test('workers leave signals to their primary', async () => {
  const sessions = await oneEach(ground)
  for (const pid of ground.pids().values())
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(pid, signal)
  for (const { client } of sessions.values()) {
    assert.equal((await client.query('select pg_sleep(0.2)')).error, undefined)
    client.close()
  }
})

test('a reload counts in every worker, and a broken file in none', async () => {
  const policy = join(ground.home, 'policy.yaml')
  const before = readFileSync(policy, 'utf8')
  const sessions = await oneEach(ground)
  const outcomes = async () =>
    Promise.all([...sessions.values()].map(async ({ client }) => (await client.query('table orders')).error))
  assert.deepEqual(await outcomes(), [undefined, undefined])
  const reloads = await ground.metric('pgoauth_reloads_total', 'outcome="taken"')

  let since = ground.log.length
  writeFileSync(policy, before.replace('everything: all', 'everything: { select: [public.nothing] }'))
  await ground.logged(({ msg }) => msg === 'configuration reloaded', since)
  assert.deepEqual(await outcomes(), ['42501', '42501'])
  assert.equal((await ground.metric('pgoauth_reloads_total', 'outcome="taken"')) - reloads, 1)

  since = ground.log.length
  writeFileSync(policy, before.replace('everything: all', 'everthing: { selct: [x] }'))
  await ground.logged(({ msg }) => msg === 'configuration refused; the one before stays', since)
  assert.deepEqual(await outcomes(), ['42501', '42501'])

  // A certificate that does not fit is found before any worker takes it.
  since = ground.log.length
  const key = join(ground.home, 'server.key')
  const keyBefore = readFileSync(key, 'utf8')
  writeFileSync(policy, before)
  writeFileSync(key, 'no key')
  await ground.logged(({ msg }) => msg === 'configuration refused; the one before stays', since)
  assert.deepEqual(await outcomes(), ['42501', '42501'])

  since = ground.log.length
  writeFileSync(key, keyBefore)
  await ground.logged(({ msg }) => msg === 'configuration reloaded', since)
  assert.deepEqual(await outcomes(), [undefined, undefined])

  // A worker that starts after it starts with it.
  since = ground.log.length
  process.kill(Number(ground.pids().get(1)), 'SIGKILL')
  await ground.logged(READY, since)
  for (const { client } of sessions.values()) client.close()
  for (const { client } of (await oneEach(ground)).values()) {
    assert.equal((await client.query('table orders')).error, undefined)
    client.close()
  }
})

test('each worker has an audit of its own, opened anew on SIGHUP', async () => {
  const files = ['audit.jsonl', 'audit.2.jsonl'].map((name) => join(ground.home, name))
  const sessions = await oneEach(ground)
  for (const { client } of sessions.values()) client.close()
  for (const file of files) {
    await until(
      () => readFileSync(file, 'utf8'),
      (text) => text.includes('session_opened'),
      file,
    )
    rmSync(file)
  }
  ground.signal('SIGHUP')
  for (const file of files) {
    await until(
      () => readOrNothing(file),
      (text) => text.includes('chain_continued'),
      file,
    )
  }
})

test('SIGTERM lets transactions of every worker finish, ends the others with 57P01, and then the process with 0', async () => {
  const sessions = await oneEach(ground)
  const idle = await oneEach(ground)
  for (const { client } of sessions.values()) await client.query('begin')
  const pids = [...ground.pids().values()]
  const since = ground.log.length
  ground.signal('SIGTERM')
  for (const { client } of idle.values()) assert.equal((await client.next()).code, '57P01')
  await ground.logged(({ msg }) => msg === 'draining', since)
  await assert.rejects(ground.login('late', 'app'))
  for (const { client } of sessions.values()) {
    assert.deepEqual((await client.query('select count(*) from orders')).rows, [['100']])
    client.end()
  }
  assert.equal((await ground.ended()).code, 0)
  assert.deepEqual(pids.filter(isAlive), [])
})

test('a second SIGTERM ends a draining proxy and its workers at once', async () => {
  const since = ground.log.length
  await ground.restartProxy()
  const sessions = await oneEach(ground)
  for (const { client } of sessions.values()) await client.query('begin')
  const pids = [...ground.pids().values()]
  ground.signal('SIGTERM')
  await ground.logged(({ msg }) => msg === 'draining', since)
  ground.signal('SIGTERM')
  assert.equal((await ground.ended()).code, 128 + 15)
  await until(
    () => pids.filter(isAlive),
    (alive) => alive.length === 0,
    'alive',
  )
})

test('workers end when their primary is killed, and their clients are told', async () => {
  await ground.restartProxy()
  const sessions = await oneEach(ground)
  const pids = [...ground.pids().values()]
  process.kill(parentOf(Number(pids[0])), 'SIGKILL')
  for (const { client } of sessions.values()) assert.equal((await client.next()).code, '57P01')
  await until(
    () => pids.filter(isAlive),
    (alive) => alive.length === 0,
    'alive',
  )
  await ground.ended()
})

test('where workers cannot start any more the proxy says why, drains the others and ends', async () => {
  await ground.restartProxy()
  rmSync(join(ground.home, 'audit.key'))
  const since = ground.log.length
  process.kill(Number(ground.pids().get(1)), 'SIGKILL')
  const said = await ground.logged(({ msg }) => msg === 'the workers do not stay alive: the proxy ends', since)
  assert.match(String(said.reason), /audit\.key_file/)
  assert.equal((await ground.ended()).code, 2)
})

test('a proxy whose workers cannot start does not start, and says why', async () => {
  await assert.rejects(ground.restartProxy(), /audit\.key_file: cannot read/)
})

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
