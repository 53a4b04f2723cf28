import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDoor } from '../support/door.ts'

const door = await startDoor()
const longAgo = Math.floor(Date.now() / 1000) - 3600

test('refusals of every cause are the same bytes, but for the request id', async () => {
  const tokens = [
    'nonsense',
    await door.issuer.mint({ iss: 'https://other.example.com' }),
    `${(await door.issuer.mint()).slice(0, -6)}AAAAAA`,
    await door.issuer.mint({ exp: longAgo }),
    await door.issuer.mint({ aud: 'other' }),
    await door.issuer.mint({ sub: 'nobody' }),
    await door.issuer.mint({ sub: 'nowhere' }),
    await door.issuer.mint({ sub: 'stranger' }),
    await door.issuer.mint({ sub: 'superuser' }),
  ]
  const told = new Set<string>()
  for (const token of tokens) {
    const client = await door.connect()
    const messages = await client.login(token)
    told.add(messages.map(({ tag, body }) => tag + body.toString('latin1').replace(/[0-9a-f]{16}/, 'ID')).join('|'))
    client.close()
  }
  assert.equal(told.size, 1)
  assert.equal(new Set(door.reasons()).size, tokens.length)
})

test('a request id that the client was told finds the reason in the log', async () => {
  const client = await door.connect()
  const last = (await client.login('nonsense')).at(-1)
  const id = /[0-9a-f]{16}/.exec(last?.body.toString('latin1') ?? '')?.[0]
  assert.ok(door.logs.some(({ request_id, reason }) => request_id === id && String(reason).length > 0))
  client.close()
})
