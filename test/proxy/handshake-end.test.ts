import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { encodeInitialResponse } from '../../src/sasl/oauthbearer.ts'
import { encodeSaslInitialResponse, encodeSaslResponse } from '../../src/wire/authentication.ts'
import { startDoor } from '../support/door.ts'
import type { RawClient } from '../support/raw-client.ts'

// How a handshake that leads nowhere ends: what the client is told, and what is on record.
const door = await startDoor({ proxyYaml: (text) => `${text}limits: { handshake: 1s }\n` })

/** At the challenge that answers a refused token. */
async function refusedClient(): Promise<RawClient> {
  const client = await door.connect()
  client.startup()
  await client.next()
  const token = new Secret(await door.issuer.mint({ aud: 'https://elsewhere.example' }))
  client.send(encodeSaslInitialResponse('OAUTHBEARER', encodeInitialResponse(token)))
  assert.equal((await client.next()).tag, 'R')
  return client
}

const refusals = () => door.audit.filter(({ event }) => event === 'session_refused')

test('a refused token is in the audit although its client answers the challenge with nonsense', async () => {
  const before = refusals().length
  const client = await refusedClient()
  client.send(encodeSaslResponse(Buffer.from('nonsense')))
  assert.equal((await client.next()).code, '08P01')
  assert.equal(refusals().length, before + 1)
  assert.match(String(refusals().at(-1)?.reason), /^token was refused: aud .* does not name this proxy/)
  assert.match(door.reasons().at(-1) ?? '', /kvsep.*before that: token was refused: aud/)
})

test('a refused token is in the audit although its client never answers the challenge', async () => {
  const before = refusals().length
  const client = await refusedClient()
  assert.equal((await client.next()).code, '08006')
  assert.equal(refusals().length, before + 1)
})

test('a refused token is in the audit although its client goes away at the challenge', async () => {
  const before = refusals().length
  const client = await refusedClient()
  client.close()
  for (let tries = 0; refusals().length === before && tries < 500; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.equal(refusals().length, before + 1)
})

for (const mode of ['session', 'transaction']) {
  test(`a ${mode} pool that stays full until limits.handshake is told 53300, as one that stays full until pool.wait is`, async () => {
    const small = await startDoor({
      postgres: door.postgres,
      issuer: door.issuer,
      proxyYaml: (text) =>
        `${text.replace('allow_shared_code: true', `pool: { mode: ${mode}, size: 1 }\n    allow_shared_code: true`)}limits: { handshake: 2s }\n`,
    })
    const holder = await small.session()
    await holder.query('begin')
    assert.equal(await small.outcome({ token: await door.issuer.mint({ sub: 'grace' }) }), '53300')
    assert.match(small.reasons().at(-1) ?? '', /not through after 2000 ms.*grace/)
    await holder.query('rollback')
    holder.close()
  })
}
