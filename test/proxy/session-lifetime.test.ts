import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { encodeInitialResponse } from '../../src/sasl/oauthbearer.ts'
import { encodeSaslResponse } from '../../src/wire/authentication.ts'
import { encodeQuery } from '../../src/wire/client-messages.ts'
import { startDoor } from '../support/door.ts'
import type { RawClient } from '../support/raw-client.ts'

// DESIGN section 9: sessions live as long as their token.
const door = await startDoor({
  proxyYaml: (text) => `${text}sessions: { grace: 1s, expiry_transaction_limit: 6s }\n`,
  policyYaml: `version: 1
roles:
  - { role: auditor, when: { groups: auditors } }
  - { role: analyst, when: { sub: [ada, grace] } }
scopes: { "orders:read": { select: [public.orders] }, "db:admin": all }
`,
})
// Ends 3 to 4 s from now with its second of grace: time enough to log in on a busy machine, whose sessions end all the same.
const SOON = 3
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds
const mint = (claims: Record<string, unknown> = {}) => door.issuer.mint(claims)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const renewal = (token: string) => encodeSaslResponse(encodeInitialResponse(new Secret(token)))
const renewable = (token: string): Promise<RawClient> => door.session({ token, parameters: { '_pq_.pgoauth': '1' } })

test('an idle session is ended on time with 57P01', async () => {
  const client = await door.session({ token: await mint({ exp: inSeconds(SOON) }) })
  const startedAt = Date.now()
  const last = await client.next()
  assert.deepEqual([last.tag, last.code, last.text], ['E', '57P01', 'token expired'])
  assert.ok(Date.now() - startedAt < 10_000)
  assert.equal((await client.next()).tag, 'closed')
})

test('a statement that runs past the end finishes first', async () => {
  const client = await door.session({ token: await mint({ exp: inSeconds(SOON) }) })
  const { rows, error } = await client.query('select 1 from pg_sleep(5.5)')
  assert.deepEqual([rows, error], [[['1']], undefined])
  assert.equal((await client.next()).code, '57P01')
})

test('a statement that runs past the limit is cut off', async () => {
  const client = await door.session({ token: await mint({ exp: inSeconds(SOON) }) })
  const startedAt = Date.now()
  client.send(encodeQuery('select pg_sleep(60)'))
  await client.until('closed')
  const took = Date.now() - startedAt
  assert.ok(took > 2_000 && took < 30_000, `${took} ms`)
})

test('a renewal carries the session past its first token, without an answer', async () => {
  const client = await renewable(await mint({ exp: inSeconds(SOON) }))
  client.send(renewal(await mint({ exp: inSeconds(60) })))
  await pause(5_500)
  assert.deepEqual((await client.query('select 1')).rows, [['1']])
  client.close()
})

test('a renewal replaces the grants', async () => {
  const client = await renewable(await mint({ scope: 'orders:read' }))
  assert.equal((await client.query('select count(*) from public.orders')).error, undefined)
  client.send(renewal(await mint({ scope: 'nothing' })))
  // It is checked on the side; what is asked meanwhile is judged by the first token.
  let error: string | undefined
  for (let time = 0; time < 200 && error === undefined; time++) {
    await pause(20)
    error = (await client.query('select count(*) from public.orders')).error
  }
  assert.equal(error, '42501')
  client.close()
})

test('a renewal without our protocol option ends the session', async () => {
  const client = await door.session()
  client.send(renewal(await mint()))
  assert.equal((await client.until('E')).at(-1)?.code, '08P01')
})

for (const [name, claims] of [
  ['of another subject', { sub: 'grace' }],
  ['that has expired', { exp: inSeconds(-60) }],
  ['for another audience', { aud: 'postgres://other' }],
] as const) {
  test(`a renewal with a token ${name} ends the session with 28000`, async () => {
    const client = await renewable(await mint())
    client.send(renewal(await mint(claims)))
    const last = (await client.until('E')).at(-1)
    assert.deepEqual([last?.code, last?.text], ['28000', 'token was refused'])
    assert.equal((await client.next()).tag, 'closed')
  })
}

test('a flood of renewals ends the session rather than wait in memory', async () => {
  const client = await renewable(await mint())
  const body = renewal(await mint())
  client.send(...Array.from({ length: 200 }, () => body))
  assert.equal((await client.until('E')).at(-1)?.code, '28000')
  const reasons = door.audit.filter(({ event }) => event === 'token_refused').map(({ reason }) => String(reason))
  assert.equal(reasons.filter((reason) => reason.includes('too many renewals')).length, 1)
})

test('a renewal that is no OAUTHBEARER response ends the session', async () => {
  const client = await renewable(await mint())
  client.send(encodeSaslResponse(Buffer.from('nonsense')))
  assert.equal((await client.until('E')).at(-1)?.code, '08P01')
})

test('an empty renewal ends the session', async () => {
  const client = await renewable(await mint())
  client.send(encodeSaslResponse(encodeInitialResponse(undefined)))
  assert.equal((await client.until('E')).at(-1)?.code, '28000')
})

test('a session whose role is no longer yielded ends when its transaction does', async () => {
  const client = await renewable(await mint({ sub: 'x', groups: ['auditors'] }))
  await client.query('begin')
  client.send(renewal(await mint({ sub: 'x', groups: ['others'] })))
  await pause(200)
  assert.equal((await client.query('select 1')).error, undefined)
  client.send(encodeQuery('commit'))
  const messages = await client.until('E')
  assert.equal(messages.at(-1)?.code, '57P01')
})

test('a token that arrives past its end is refused', async () => {
  assert.equal(await door.outcome({ token: await mint({ exp: inSeconds(-31) }) }), '28000')
})

test('refused renewals are in the audit, and so are those taken', () => {
  const events = door.audit.map(({ event }) => event)
  assert.ok(events.includes('token_renewed'))
  assert.ok(events.includes('token_refused'))
})
