import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'pg'
import { encodePasswordMessage } from '../../src/wire/authentication.ts'
import { startDoor } from '../support/door.ts'
import { RawClient } from '../support/raw-client.ts'

// A listener with `auth: password`: the token arrives as a cleartext password, over TLS only.
const door = await startDoor({ proxyYaml: (text) => text.replace('server.key }', 'server.key, required: false }') })
const port = door.passwordPort

test('a token as password opens a session', async () => {
  assert.equal(await door.outcome({ port }), 'ok')
})

test('the pg driver gets in with the token as its password', async () => {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: 'ada',
    database: 'app',
    password: await door.issuer.mint(),
    ssl: { rejectUnauthorized: false },
  })
  await client.connect()
  assert.deepEqual((await client.query('select current_user')).rows, [{ current_user: 'analyst' }])
  await client.end()
})

test('without TLS it is refused before a password is asked for, even where TLS is not required', async () => {
  const client = await RawClient.connect(port, { tls: 'none' })
  client.startup()
  assert.deepEqual(await client.next().then(({ tag, code }) => [tag, code]), ['E', '28000'])
  client.close()
})

test('where TLS is not required OAUTHBEARER is still offered without it', async () => {
  const client = await RawClient.connect(door.port, { tls: 'none' })
  client.startup()
  assert.equal((await client.next()).tag, 'R')
  client.close()
})

test('an empty and a wrong password are refused in the same words', async () => {
  for (const token of ['', 'wrong', 'a.b.c']) assert.equal(await door.outcome({ port, token }), '28000')
})

test('a token of 64 KB is read, one of a byte more is refused at its header', async () => {
  const { length } = await door.issuer.mint({ padding: '' })
  let padding = Math.floor(((64 * 1024 - length) * 3) / 4)
  let token = await door.issuer.mint({ padding: 'x'.repeat(padding) })
  while (token.length > 64 * 1024) token = await door.issuer.mint({ padding: 'x'.repeat(--padding) })
  assert.ok(token.length > 65_531, String(token.length))
  assert.equal(await door.outcome({ port, token }), 'ok')
  for (const [bytes, expected] of [
    [64 * 1024, '28000'],
    [64 * 1024 + 1, '08P01'],
  ] as const) {
    assert.equal(await door.outcome({ port, token: 'x'.repeat(bytes) }), expected)
  }
})

test('a password message over the bound is refused at its header', async () => {
  const client = await RawClient.connect(port)
  client.startup()
  await client.next()
  client.send(encodePasswordMessage('x'.repeat(70_000)).subarray(0, 6))
  assert.equal((await client.next()).code, '08P01')
  client.close()
})

test('a password with bytes behind its NUL is a violation', async () => {
  const client = await RawClient.connect(port)
  client.startup()
  await client.next()
  client.send(Buffer.from('p\0\0\0\x08a\0b\0', 'latin1'))
  assert.equal((await client.next()).code, '08P01')
  client.close()
})
