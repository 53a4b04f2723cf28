import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeSslRequest } from '../../src/wire/startup.ts'
import { type Door, startDoor } from '../support/door.ts'
import { RawClient } from '../support/raw-client.ts'
import { eventually } from '../support/tunnel.ts'

// Every limit has its SQLSTATE, its line in the log and its metric, and gives its place back.
const base = await startDoor()
const doorWith = (limits: string): Promise<Door> =>
  startDoor({
    postgres: base.postgres,
    issuer: base.issuer,
    proxyYaml: (text) => `${text}limits: { ${limits} }\n`,
  })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function metric(door: Door, line: string): Promise<boolean> {
  return (await door.proxy.metrics.registry.metrics()).includes(line)
}

test('limits.clients: the next client is told 53300 over TLS, and has room once one left', async () => {
  const door = await doorWith('clients: 2')
  const [one, two] = [await door.session(), await door.session()]
  assert.equal(await door.outcome(), '53300')
  assert.match(door.reasons().at(-1) ?? '', /limits\.clients/)
  assert.ok(await metric(door, 'pgoauth_limit_refusals{limit="clients"} 1'))
  one.close()
  await eventually(() => door.proxy.limits.clients === 1)
  assert.equal(await door.outcome(), 'ok')
  two.close()
})

test('limits.clients_per_identity counts issuer and subject, not the client’s name', async () => {
  const door = await doorWith('clients_per_identity: 1')
  const one = await door.session({ parameters: { user: 'a' } })
  assert.equal(await door.outcome({ parameters: { user: 'b' } }), '53300')
  assert.equal(await door.outcome({ token: await door.issuer.mint({ sub: 'grace' }) }), 'ok')
  one.close()
  await eventually(() => door.proxy.limits.clients === 0)
  assert.equal(await door.outcome(), 'ok')
})

test('limits.clients_per_address refuses one address and not another', async () => {
  const door = await doorWith('clients_per_address: 1')
  const one = await door.session()
  const second = await RawClient.connect(door.port, { tls: 'none' })
  assert.equal((await second.next()).code, '53300')
  one.close()
  second.close()
})

test('limits.handshakes refuses at once, and those who are through are not counted', async () => {
  const door = await doorWith('handshakes: 2')
  const through = [await door.session(), await door.session(), await door.session()]
  const waiting = await Promise.all([1, 2].map(() => RawClient.connect(door.port, { tls: 'none' })))
  await eventually(() => door.proxy.limits.handshakes === 2)
  const third = await RawClient.connect(door.port, { tls: 'none' })
  assert.equal((await third.next()).code, '53300')
  for (const client of [...waiting, third, ...through]) client.close()
})

test('limits.handshake_rate bounds new connections a second from one address', async () => {
  const door = await doorWith('handshake_rate: 5')
  const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(door.port, { tls: 'none' })))
  for (const client of clients) client.send(encodeSslRequest())
  const answers = await Promise.all(clients.map((client) => client.byte()))
  assert.deepEqual(answers.filter((answer) => answer === 'E').length, 3)
  await pause(1_100)
  assert.equal(await door.outcome(), 'ok')
  for (const client of clients) client.close()
})

test('limits.token_failures: refusals past it wait, logins do not', async () => {
  const door = await doorWith('token_failures: 2, failure_delay: 4s')
  const timed = async (token: string | undefined) => {
    const startedAt = performance.now()
    const outcome = await door.outcome(token === undefined ? {} : { token })
    return { outcome, ms: performance.now() - startedAt }
  }
  await timed('bad1')
  await timed('bad2')
  const slow = await timed('bad3')
  assert.equal(slow.outcome, '28000')
  assert.ok(slow.ms > 4_000, `${slow.ms} ms`)
  const good = await timed(undefined)
  assert.equal(good.outcome, 'ok')
  assert.ok(good.ms < 4_000, `${good.ms} ms`)
  assert.ok(await metric(door, 'limit="token_failures"} 1'))
})

test('limits.handshake: a client that says nothing is closed, one in mid-handshake is told 08006', async () => {
  const door = await doorWith('handshake: 3s')
  const silent = await RawClient.connect(door.port, { tls: 'none' })
  const slow = await door.connect()
  slow.startup()
  assert.equal((await slow.next()).tag, 'R')
  assert.equal(await silent.rest(), '')
  const last = await slow.next()
  assert.deepEqual([last.tag, last.code], ['E', '08006'])
  assert.equal(await door.outcome(), 'ok')
  slow.close()
  silent.close()
})

test('limits.handshake counts the server’s answer in', async () => {
  const { scriptedServer } = await import('../support/scripted-server.ts')
  const server = await scriptedServer(['silence'])
  const door = await startDoor({
    postgres: base.postgres,
    issuer: base.issuer,
    proxyYaml: (text) =>
      `${text.replace(`port: ${base.postgres.port}`, `port: ${server.port}`)}limits: { handshake: 500ms }\n`,
  })
  const startedAt = performance.now()
  assert.match(await door.outcome(), /^0800/)
  // Of the server's answer nobody would wait for less than the usual 15 s otherwise.
  assert.ok(performance.now() - startedAt < 12_000)
})

test('limits.idle ends a session that says nothing with 57P05, and not one that works', async () => {
  const door = await doorWith('idle: 2s')
  const [idle, busy] = [await door.session(), await door.session()]
  const statement = busy.query('select pg_sleep(4)')
  assert.equal((await idle.next()).code, '57P05')
  assert.equal((await statement).error, undefined)
  busy.close()
})

test('a client that vanishes in its handshake gives its place back', async () => {
  const door = await doorWith('clients: 50')
  for (let time = 0; time < 20; time++) {
    const client = await RawClient.connect(door.port, { tls: 'none' })
    if (time % 2 === 0) client.send(encodeSslRequest())
    client.close()
  }
  await eventually(() => door.proxy.limits.clients === 0 && door.proxy.limits.handshakes === 0, 'the last place back')
})
