import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/demo/port.ts'
import { RawClient } from '../support/raw-client.ts'
import { type LoggedIn, startWorkerGround, until } from '../support/worker-ground.ts'

// What the configuration bounds is bounded for the proxy, not for each of its workers, and all of it can be had.
const balancedPort = await freePort()
const ground = await startWorkerGround({
  workers: 3,
  listen: `  - { address: "127.0.0.1:${balancedPort}", proxy_protocol: { from: [127.0.0.0/8] } }\n`,
  databases: {
    sessions: '{ mode: session, idle: 200ms, size: 4, servers_per_identity: 4, wait: 20s }',
    one: '{ mode: session, idle: 200ms, size: 1, wait: 20s }',
    short: '{ mode: session, idle: 200ms, size: 1, wait: 300ms }',
    shared: '{ mode: session, idle: 200ms, size: 20, servers_per_identity: 2, wait: 20s }',
    transactions: '{ mode: transaction, idle: 200ms, size: 6, servers_per_identity: 6, wait: 20s }',
    narrow: '{ mode: transaction, idle: 200ms, size: 2, servers_per_identity: 2, wait: 20s }',
    warm: '{ mode: session, size: 10, min_idle: 2, idle: 200ms }',
  },
})

const waiting = (database: string) =>
  ground.metric('pgoauth_server_connections', `database="${database}",state="waiting"`)
const leave = (...clients: LoggedIn[]) => {
  for (const { client } of clients) client.close()
}

async function allIdle(): Promise<void> {
  await until(
    () => ground.metric('pgoauth_clients'),
    (left) => left === 0,
    'clients left',
  )
}

/** All pools are before one server: what an earlier test left idle is not to be counted. */
async function noServers(): Promise<void> {
  await until(
    () => ground.servers(),
    (count) => count === 0,
    'server connections left',
  )
}

/** Runs the action while looking all the time at how many server connections there are; the most that were seen. */
async function mostServers(action: () => Promise<void>): Promise<number> {
  let isOver = false
  let most = 0
  const looking = (async () => {
    while (!isOver) {
      most = Math.max(most, await ground.servers())
      await sleep(5)
    }
  })()
  await action()
  isOver = true
  await looking
  return most
}

test('as many sessions as the pool’s size find a server connection, wherever they come to, and one more waits for any', async () => {
  for (let round = 0; round < 4; round++) {
    await noServers()
    const four = await Promise.all(['a', 'b', 'c', 'd'].map((who) => ground.login(who, 'sessions')))
    const late = ground.login('e', 'sessions')
    await until(
      () => waiting('sessions'),
      (count) => count === 1,
      'waiting',
    )
    assert.equal(await ground.servers(), 4)
    leave(four[round] as LoggedIn)
    const fifth = await late
    assert.deepEqual((await fifth.client.query('select 1')).rows, [['1']])
    leave(...four, fifth)
    await allIdle()
  }
})

test('those who wait for a session come in in the order they asked, whichever worker has them', async () => {
  const first = await ground.login('first', 'one')
  const order: string[] = []
  const logins: Promise<LoggedIn>[] = []
  for (const who of ['a', 'b', 'c', 'd', 'e', 'f']) {
    logins.push(
      ground.login(who, 'one').then((session) => {
        order.push(who)
        session.client.close()
        return session
      }),
    )
    await until(
      () => waiting('one'),
      (count) => count === logins.length,
      'waiting',
    )
  }
  leave(first)
  await Promise.all(logins)
  assert.deepEqual(order, ['a', 'b', 'c', 'd', 'e', 'f'])
  await allIdle()
})

test('who waits longer than pool.wait is told 53300, whichever worker has it', async () => {
  const first = await ground.login('first', 'short')
  const outcomes = await Promise.all(['a', 'b', 'c'].map((who) => ground.outcome(who, 'short')))
  assert.deepEqual(outcomes, ['53300', '53300', '53300'])
  leave(first)
  await allIdle()
  assert.equal(await ground.outcome('a', 'short'), 'ok')
})

test('one person’s share is counted over all workers, and others have theirs beside it', async () => {
  const mine = await Promise.all([1, 2].map(() => ground.login('ada', 'shared')))
  const third = ground.login('ada', 'shared')
  await until(
    () => waiting('shared'),
    (count) => count === 1,
    'waiting',
  )
  const other = await ground.login('grace', 'shared')
  assert.equal(await waiting('shared'), 1)
  leave(mine[0] as LoggedIn)
  leave(await third, ...mine, other)
  await allIdle()
})

test('transactions of many clients on every worker never have more than size, and all come to their turn', async () => {
  await noServers()
  const clients = await Promise.all(Array.from({ length: 24 }, (_, n) => ground.login(`p${n}`, 'transactions')))
  const done = clients.map(() => 0)
  const most = await mostServers(async () => {
    const endAt = performance.now() + 3_000
    await Promise.all(
      clients.map(async ({ client }, at) => {
        while (performance.now() < endAt) {
          assert.deepEqual((await client.query('select count(*) from orders')).rows, [['100']])
          done[at] = (done[at] ?? 0) + 1
        }
      }),
    )
  })
  assert.ok(most <= 6, `${most} server connections`)
  assert.ok(Math.min(...done) > 0, String(done))
  leave(...clients)
  await allIdle()
})

test('a pool smaller than the number of workers starves nobody', async () => {
  await noServers()
  const clients = await Promise.all(Array.from({ length: 9 }, (_, n) => ground.login(`p${n}`, 'narrow')))
  const most = await mostServers(async () => {
    await Promise.all(
      clients.map(async ({ client }) => {
        for (let time = 0; time < 10; time++) assert.equal((await client.query('select 1')).error, undefined)
      }),
    )
  })
  assert.ok(most <= 2, `${most} server connections`)
  leave(...clients)
  await allIdle()
})

test('one person’s share of a transaction pool is one for all workers, and is moved to where it is needed', async () => {
  const clients = await Promise.all(Array.from({ length: 6 }, () => ground.login('ada', 'narrow')))
  await Promise.all(
    clients.map(async ({ client }) => {
      for (let time = 0; time < 10; time++) {
        assert.deepEqual((await client.query("select current_setting('pgoauth.subject')")).rows, [['ada']])
      }
    }),
  )
  leave(...clients)
  await allIdle()
})

test('min_idle is kept by all workers together', async () => {
  const clients = await Promise.all(Array.from({ length: 6 }, (_, n) => ground.login(`p${n}`, 'warm')))
  leave(...clients)
  await allIdle()
  const idle = () => ground.metric('pgoauth_server_connections', 'database="warm",state="idle"')
  await until(idle, (count) => count === 2, 'idle')
  await sleep(1_000)
  assert.equal(await idle(), 2)
})

test('permits of workers that are killed go back: the whole pool can be had again', async () => {
  const held = await Promise.all(['a', 'b', 'c', 'd'].map((who) => ground.login(who, 'sessions')))
  const since = ground.log.length
  const [victim] = ground.pids().keys()
  process.kill(Number(ground.pids().get(Number(victim))), 'SIGKILL')
  await ground.logged(({ msg }) => msg === 'worker serves', since)
  leave(...held)
  await allIdle()
  const again = await Promise.all(['a', 'b', 'c', 'd'].map((who) => ground.login(who, 'sessions')))
  assert.equal(await ground.metric('pgoauth_server_connections', 'database="sessions",state="leased"'), 4)
  leave(...again)
  await allIdle()
})

/** Runs the action under these limits, which a reload puts in place. */
async function withLimits(limits: string, action: () => Promise<void>): Promise<void> {
  const file = ground.configFile
  const since = ground.log.length
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, before.replace(/^limits:.*$/m, `limits: { ${limits} }`))
  await ground.logged(({ msg }) => msg === 'configuration reloaded', since)
  await action()
  await allIdle()
}

test('behind a balancer a client counts under the address that the balancer says, whichever worker has it', async () => {
  const connect = async (address: string) => {
    const before = Buffer.from(`PROXY TCP4 ${address} 127.0.0.1 1234 5432\r\n`)
    const client = await RawClient.connect(balancedPort, { tls: 'none', before })
    const messages = await client.login(await ground.token('ada', { group: 'analysts' }), { database: 'transactions' })
    return { client, end: messages.at(-1)?.tag === 'Z' ? 'ok' : messages.find(({ code }) => code)?.code }
  }
  await withLimits('clients_per_address: 4', async () => {
    const four = await Promise.all([1, 2, 3, 4].map(() => connect('10.1.2.3')))
    assert.deepEqual(
      four.map(({ end }) => end),
      ['ok', 'ok', 'ok', 'ok'],
    )
    const addresses = (await ground.sessions()).map(({ client_address }) => client_address)
    assert.deepEqual(new Set(addresses), new Set(['10.1.2.3']))
    assert.equal((await connect('10.1.2.3')).end, '53300')
    const other = await connect('10.1.2.4')
    assert.equal(other.end, 'ok')
    for (const { client } of [...four, other]) client.close()
  })
})

test('limits are the proxy’s: clients, one person’s sessions, one address’s connections and its rate', async () => {
  const tries = async (who: (n: number) => string, count: number) => {
    const held: LoggedIn[] = []
    const refused: string[] = []
    for (let n = 0; n < count; n++) {
      await ground.login(who(n), 'transactions').then(
        (one) => held.push(one),
        (error: Error) => refused.push(String(/login failed: (\S+)/.exec(error.message)?.[1])),
      )
    }
    leave(...held)
    return [held.length, ...refused]
  }
  await withLimits('clients_per_identity: 4', async () => {
    assert.deepEqual(await tries(() => 'ada', 6), [4, '53300', '53300'])
    await allIdle()
    assert.deepEqual(await tries(() => 'ada', 4), [4])
  })
  await withLimits('clients: 5', async () => assert.deepEqual(await tries((n) => `p${n}`, 6), [5, '53300']))
  assert.equal(await ground.metric('pgoauth_limit_refusals', 'limit="clients"'), 1)
  await withLimits('clients_per_address: 3', async () => {
    const held = await Promise.all([1, 2, 3].map((n) => ground.login(`p${n}`, 'transactions')))
    await assert.rejects(ground.login('p4', 'transactions'))
    leave(...held)
  })
  assert.ok((await ground.metric('pgoauth_limit_refusals', 'limit="clients_per_address"')) >= 1)
  await withLimits('handshake_rate: 6', async () => {
    await sleep(1_100)
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => ground.login('ada', 'transactions')))
    const held = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    assert.ok(held.length >= 6 && held.length < 12, `${held.length} of 12`)
    leave(...held)
  })
  await withLimits('token_failures: 2, failure_delay: 2s', async () => {
    const bad = async () => {
      const startedAt = performance.now()
      assert.equal(await ground.outcome('ada', 'transactions', 'no token'), '28000')
      return performance.now() - startedAt
    }
    for (let time = 0; time < 2; time++) await bad()
    assert.ok((await bad()) > 2_000)
  })
})
