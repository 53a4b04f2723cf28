import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCancelRequest } from '../../src/wire/startup.ts'
import { inApp } from '../support/proxied.ts'
import { RawClient } from '../support/raw-client.ts'
import { type LoggedIn, startWorkerGround, until } from '../support/worker-ground.ts'

// The real command with two workers: one port, one set of operators' ports, cancels and kills that reach every worker.
const ground = await startWorkerGround({
  workers: 2,
  databases: { app: '{ mode: session, size: 40, servers_per_identity: 40 }' },
  yaml: 'audit: { path: ./audit.jsonl, key_file: ./audit.key, min_free: 0 }\n',
  files: { 'audit.key': 'a key that only the tests know' },
})

async function several(count: number, subject = 'ada'): Promise<LoggedIn[]> {
  const clients: LoggedIn[] = []
  for (let n = 0; n < count; n++) clients.push(await ground.login(subject, 'app'))
  return clients
}

async function leave(clients: readonly LoggedIn[]): Promise<void> {
  for (const { client } of clients) client.close()
  await until(
    () => ground.metric('pgoauth_clients'),
    (left) => left === 0,
    'clients left',
  )
}

test('clients of one port are spread over the workers evenly', async () => {
  const clients = await several(6)
  const workers = (await ground.sessions()).map(({ worker }) => worker)
  assert.deepEqual(workers.toSorted(), [1, 1, 1, 2, 2, 2])
  await leave(clients)
})

test('a storm of connections is served whole', async () => {
  const outcomes = await Promise.all(Array.from({ length: 120 }, (_, n) => ground.outcome(`p${n % 30}`, 'app')))
  assert.deepEqual(
    outcomes.filter((outcome) => outcome !== 'ok'),
    [],
  )
  await leave([])
})

test('metrics are sums over the workers, and what is of the proxy is counted once', async () => {
  const before = await ground.metric('pgoauth_sessions_opened_total')
  const clients = await several(5)
  assert.equal(await ground.metric('pgoauth_sessions'), 5)
  assert.equal(await ground.metric('pgoauth_clients'), 5)
  assert.equal((await ground.metric('pgoauth_sessions_opened_total')) - before, 5)
  assert.equal(await ground.metric('pgoauth_server_connections', 'state="leased"'), 5)
  assert.equal(await ground.metric('pgoauth_workers'), 2)
  assert.equal(await ground.metric('pgoauth_draining'), 0)
  assert.equal(await ground.metric('pgoauth_worker_restarts_total'), 0)
  assert.ok((await ground.metric('pgoauth_handshake_seconds_count')) >= 5)
  assert.equal(await ground.metric('pgoauth_audit_head'), 2, 'each worker has a chain')
  await leave(clients)
})

test('a CancelRequest reaches its session whichever worker it comes to, and no other', async () => {
  const since = ground.log.length
  const clients = await several(4)
  const isCancel = ({ msg, known }: { msg?: string; known?: unknown }) => msg === 'cancel request' && known === true
  for (let time = 0; time < 5; time++) {
    for (const { client, key } of clients) {
      const asleep = client.query('select pg_sleep(20)')
      await until(
        () =>
          inApp(
            ground.postgres,
            "select 1 from pg_stat_activity where query like '%pg_sleep(20)%' and state = 'active' and pid <> pg_backend_pid()",
          ),
        (running) => running.length === 1,
        'running',
      )
      // Of two equals the one comes next that came longest ago: one connection between shifts the turns.
      if (time % 2 === 1) await cancel(0, key.secret)
      await cancel(key.processId, key.secret)
      assert.equal((await asleep).error, '57014')
    }
  }
  // Which worker a connection comes to nobody can choose: among twenty some came to the wrong one.
  const told = await until(
    () => ground.log.slice(since).filter(isCancel),
    (lines) => lines.length >= 20,
    'logged',
  )
  assert.equal(told.length, 20)
  const order = Array.from({ length: 20 }, (_, at) => ((clients[at % 4]?.key.processId ?? 0) & 63) + 1)
  assert.ok(
    told.some(({ worker }, at) => worker !== order[at]),
    'none crossed over',
  )
  await leave(clients)
})

test('a CancelRequest with a wrong secret, or with another worker’s number, cancels nothing', async () => {
  const [one] = await several(1)
  assert.ok(one)
  const { client, key } = one
  const answer = client.query('select pg_sleep(1)')
  await cancel(key.processId, Buffer.from([key.secret[0] ?? 0, 1, 2, 3]))
  await cancel(key.processId ^ 1, key.secret)
  await cancel(key.processId ^ 63, key.secret)
  assert.equal((await answer).error, undefined)
  await leave([one])
})

test('an operator lists the sessions of every worker, and ends one or all of a person’s', async () => {
  const ada = await several(4, 'ada')
  const grace = await several(2, 'grace')
  const sessions = await ground.sessions()
  assert.equal(sessions.length, 6)
  const [first] = sessions.filter(({ subject }) => subject === 'grace')
  assert.deepEqual(await ground.admin('DELETE', `/sessions/${first?.session_id}`), { killed: 1 })
  const issuer = encodeURIComponent(String(first?.issuer))
  assert.deepEqual(await ground.admin('DELETE', `/sessions?issuer=${issuer}&subject=ada`), { killed: 4 })
  for (const { client } of ada) assert.equal((await client.next()).code, '57P01')
  const left = await until(
    () => ground.sessions(),
    (all) => all.length === 1,
  )
  assert.equal(left[0]?.subject, 'grace')
  assert.deepEqual(await ground.admin('DELETE', '/sessions/none'), { killed: 0 })
  await leave([...ada, ...grace])
})

test('a back-channel logout ends the sessions of every worker, and a worker that starts later knows of it', async () => {
  const old = await ground.token('lin', { group: 'analysts', scope: 'everything' })
  const sessions: LoggedIn[] = []
  for (let n = 0; n < 4; n++) sessions.push(await ground.login('lin', 'app', old))
  const token = await ground.sign('logout+jwt', {
    sub: 'lin',
    aud: 'pgoauth',
    jti: 'one',
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })
  const answer = await fetch(`http://127.0.0.1:${ground.logoutPort}/`, {
    method: 'POST',
    body: new URLSearchParams({ logout_token: token }),
  })
  assert.equal(answer.status, 200, await answer.text())
  for (const { client } of sessions) assert.equal((await client.until('E')).at(-1)?.code, '57P01')
  const since = ground.log.length
  for (const pid of ground.pids().values()) process.kill(pid, 'SIGKILL')
  await ground.logged(({ msg, worker }) => msg === 'worker serves' && worker === 1, since)
  await ground.logged(({ msg, worker }) => msg === 'worker serves' && worker === 2, since)
  for (let n = 0; n < 4; n++) assert.equal(await ground.outcome('lin', 'app', old), '28000')
  await leave(sessions)
})

function cancel(processId: number, secret: Buffer): Promise<string> {
  return RawClient.connect(ground.port, { tls: 'none' }).then((client) => {
    client.send(encodeCancelRequest(processId, secret))
    return client.rest()
  })
}
