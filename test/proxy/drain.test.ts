import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { encodeInitialResponse } from '../../src/sasl/oauthbearer.ts'
import { encodeSaslInitialResponse } from '../../src/wire/authentication.ts'
import { startDoor } from '../support/door.ts'
import { RawClient } from '../support/raw-client.ts'

const first = await startDoor({ proxyYaml: (text) => text.replace('drain: 1s', 'drain: 20s') })

test('drain ends idle sessions with 57P01, lets a transaction finish, and takes nobody in', async () => {
  const idle = await first.session()
  const busy = await first.session()
  await busy.query('begin')
  const drained = first.proxy.drain()
  assert.deepEqual(await idle.next().then(({ tag, code }) => [tag, code]), ['E', '57P01'])
  await assert.rejects(RawClient.connect(first.port))
  assert.deepEqual((await busy.query('select 1')).rows, [['1']])
  const end = busy.query('commit')
  await drained
  assert.equal((await end).error === undefined || (await end).error === '57P01', true)
})

test('a client in its handshake when the drain begins is let through and ended at once', async () => {
  const door = await startDoor({
    postgres: first.postgres,
    issuer: first.issuer,
    proxyYaml: (text) => text.replace('drain: 1s', 'drain: 60s'),
  })
  const client = await door.connect()
  client.startup()
  await client.next()
  const drained = door.proxy.drain()
  client.send(encodeSaslInitialResponse('OAUTHBEARER', encodeInitialResponse(new Secret(await door.issuer.mint()))))
  const messages = await client.until('E')
  assert.deepEqual([messages.at(-2)?.tag, messages.at(-1)?.code], ['Z', '57P01'])
  await drained
})

test('idle sessions alone, which a drain has not to wait for, all read why they end', async () => {
  const door = await startDoor({ postgres: first.postgres, issuer: first.issuer })
  const clients = await Promise.all(Array.from({ length: 10 }, () => door.session()))
  await door.proxy.drain()
  for (const client of clients) assert.equal((await client.next()).code, '57P01')
})

const second = await startDoor({ postgres: first.postgres, issuer: first.issuer })

test('drain does not wait for a transaction longer than it says', async () => {
  const busy = await second.session()
  await busy.query('begin')
  const startedAt = Date.now()
  await second.proxy.drain()
  const took = Date.now() - startedAt
  assert.ok(took >= 900 && took < 20_000, `${took} ms`)
  assert.equal((await busy.until('E')).at(-1)?.code, '57P01')
})
