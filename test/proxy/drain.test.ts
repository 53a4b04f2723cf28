import assert from 'node:assert/strict'
import { test } from 'node:test'
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
