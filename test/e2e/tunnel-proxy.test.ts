import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { encodeCancelRequest } from '../../src/wire/startup.ts'
import { startStack } from '../support/stack.ts'
import { connectClient } from '../support/tunnel.ts'

const stack = await startStack({ proxyYaml: (text) => text.replace('grace: 5s', 'grace: 1s') })

async function tokenFor(seconds: number): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return stack.issuer.mint({ exp: now + seconds, groups: ['analysts'], email_verified: true, scope: 'orders:read' })
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

test('a cancel request passes tunnel and proxy and ends the query', async () => {
  const { url, port } = await stack.tunnel(await tokenFor(600))
  const client = await connected(url)
  const running = client.query(
    `select count(*) from ${Array.from('abcdefghijklmnopqr', (name) => `sales.orders ${name}`).join(', ')}`,
  )
  const outcome = running.then(
    () => 'ended by itself',
    (error) => error.code,
  )
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
  const key = Buffer.alloc(4)
  key.writeInt32BE(secretKey)
  const wrong = await connectClient(port)
  wrong.send(encodeCancelRequest(processID, Buffer.from([...key.subarray(0, 3), key[3] === 0 ? 1 : 0])))
  await wrong.rest()
  // One that comes before the statement runs hits nothing.
  for (
    let ended = false;
    !ended;
    ended = await Promise.race([outcome.then(() => true), sleep(300).then(() => false)])
  ) {
    const right = await connectClient(port)
    right.send(encodeCancelRequest(processID, key))
    await right.rest()
  }
  assert.equal(await outcome, '57014')
  await client.end()
})

test('a session whose token is renewed outlives the first token', async () => {
  const tunnel = await stack.tunnel(await tokenFor(12))
  const client = await connected(tunnel.url)
  tunnel.replaceToken(await tokenFor(600))
  await sleep(14_500)
  assert.equal((await client.query('select 1')).rowCount, 1)
  await client.end()
})

test('a session whose token is not renewed ends, and the client is told that the token expired', async () => {
  const tunnel = await stack.tunnel(await tokenFor(8))
  const client = await connected(tunnel.url)
  const ended = new Promise<Error & { code?: string }>((resolve) => client.once('error', resolve))
  const error = await Promise.race([ended, sleep(30_000).then(() => undefined)])
  assert.match(String(error?.message), /token expired/)
  assert.equal(error?.code, '57P01')
})

test('the tunnel outlives a proxy that is killed, and says so to whoever is idle', async () => {
  const tunnel = await stack.tunnel(await tokenFor(600))
  const client = await connected(tunnel.url)
  const told = new Promise<Error & { code?: string }>((resolve) => client.once('error', resolve))
  stack.proxy.signal('SIGKILL')
  const error = await told
  assert.match(error.message, /the connection to localhost:\d+ was lost/)
  await assert.rejects(connected(tunnel.url), { code: '08001' })
})
