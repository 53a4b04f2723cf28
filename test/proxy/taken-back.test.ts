import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { encodeInitialResponse } from '../../src/sasl/oauthbearer.ts'
import { encodeSaslResponse } from '../../src/wire/authentication.ts'
import { startDoor } from '../support/door.ts'
import { startTestIssuer } from '../support/issuer.ts'

// A token that is taken back ends its sessions within 5 s of the proxy's learning of it, in mid-result too.
const EVENT = { 'http://schemas.openid.net/event/backchannel-logout': {} }
const door = await startDoor({
  proxyYaml: (text) => `${text}logout: { address: "127.0.0.1:0", client_ids: [pgoauth] }\n`,
})
const logoutUrl = `http://127.0.0.1:${door.proxy.side?.logout?.port}/backchannel`
const seconds = () => Math.floor(Date.now() / 1000)

async function logoutToken(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
  const own = { aud: 'pgoauth', scope: undefined, client_id: undefined, events: EVENT, sub: undefined }
  return door.issuer.mint({ ...own, ...claims }, { typ: 'logout+jwt', ...header })
}

async function post(token: string, init: RequestInit = {}): Promise<number> {
  const response = await fetch(logoutUrl, {
    method: 'POST',
    body: new URLSearchParams({ logout_token: token }),
    ...init,
  })
  return response.status
}

test('a back-channel logout of a session at the issuer ends it in mid-statement, and keeps its token out', async () => {
  const token = await door.issuer.mint({ sid: 's-1' })
  const client = await door.session({ token })
  const other = await door.session({ token: await door.issuer.mint({ sid: 's-2' }) })
  const running = client.query('select pg_sleep(30)')
  await new Promise((resolve) => setTimeout(resolve, 200))
  const startedAt = Date.now()
  assert.equal(await post(await logoutToken({ sid: 's-1' })), 200)
  assert.ok(['57P01', '57014', 'closed'].includes(String((await running).error)))
  assert.ok(Date.now() - startedAt < 5_000)
  assert.equal(await door.outcome({ token }), '28000')
  assert.deepEqual((await other.query('select 1')).rows, [['1']])
  other.close()
})

test('a logout of a person ends all of theirs, and tokens issued after it are good', async () => {
  const old = await door.issuer.mint({ sub: 'grace', iat: seconds() - 10 })
  const client = await door.session({ token: old })
  assert.equal(await post(await logoutToken({ sub: 'grace', iat: seconds() - 5 })), 200)
  assert.equal((await client.next()).code, '57P01')
  assert.equal(await door.outcome({ token: old }), '28000')
  assert.equal(await door.outcome({ token: await door.issuer.mint({ sub: 'grace' }) }), 'ok')
})

test('a logout token that does not check out ends nobody', async () => {
  const client = await door.session()
  for (const token of [
    'nonsense',
    await door.issuer.mint({}),
    await logoutToken({ sub: 'ada', aud: 'another-client' }),
    await logoutToken({ sub: 'ada', events: undefined }),
    `${(await logoutToken({ sub: 'ada' })).slice(0, -6)}AAAAAA`,
  ]) {
    assert.equal(await post(token), 400)
  }
  assert.deepEqual((await client.query('select 1')).rows, [['1']])
  client.close()
})

test('the logout listener takes a form by POST, and nothing else', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal((await fetch(logoutUrl)).status, 405)
  assert.equal(
    (await fetch(logoutUrl, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status,
    415,
  )
  assert.equal((await fetch(logoutUrl, { method: 'POST', body: 'x'.repeat(100_000), headers: form })).status, 413)
  assert.equal(
    (await fetch(logoutUrl, { method: 'POST', body: 'logout_token=a&logout_token=b', headers: form })).status,
    400,
  )
  assert.equal((await fetch(logoutUrl, { method: 'POST', body: '', headers: form })).status, 400)
})

const opaque = await startTestIssuer({
  settings: {
    format: 'opaque',
    defaultResource: 'postgres://test',
    scopes: ['orders:read'],
    accounts: [{ subject: 'ada' }],
  },
  clients: [
    {
      client_id: 'proxy',
      client_secret: 'proxy-secret',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: [],
      response_types: [],
      redirect_uris: [],
    },
  ],
})
const secretFile = join(door.directory, 'introspection-secret')
writeFileSync(secretFile, 'proxy-secret')
const introspecting = await startDoor({
  postgres: door.postgres,
  issuer: opaque,
  proxyYaml: (text) =>
    `${text.replace('    algorithms: [ES256]\n', `    tokens: introspection\n    introspection: { client_id: proxy, client_secret_file: ${secretFile}, cache: 30s }\n`)}sessions: { recheck: 1s }\n`,
})

test('an opaque token opens a session, and its revocation at the issuer ends it within recheck', async () => {
  const { access_token: token } = await opaque.login('ada', 'openid orders:read')
  const client = await introspecting.session({ token })
  assert.deepEqual((await client.query('select count(*) from public.orders')).rows, [['2']])
  await fetch(`${opaque.url}/token/revocation`, {
    method: 'POST',
    body: new URLSearchParams({ token, client_id: 'pgoauth' }),
  })
  const startedAt = Date.now()
  assert.equal((await client.next()).code, '57P01')
  assert.ok(Date.now() - startedAt < 5_000)
})

test('an issuer that is down takes nothing back from running sessions, and lets nobody new in', async () => {
  const { access_token: token } = await opaque.login('ada', 'openid orders:read')
  const { access_token: other } = await opaque.login('ada', 'openid orders:read')
  const client = await introspecting.session({ token })
  opaque.weather.outage = true
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  assert.deepEqual((await client.query('select 1')).rows, [['1']])
  assert.equal(await introspecting.outcome({ token: other }), '28000')
  opaque.weather.outage = false
  client.close()
})

test('a renewal that the issuer cannot be asked about is tried again, and the session goes on meanwhile', async () => {
  const { access_token: token } = await opaque.login('ada', 'openid orders:read')
  const { access_token: newer } = await opaque.login('ada', 'openid orders:read')
  const client = await introspecting.session({ token, parameters: { '_pq_.pgoauth': '1' } })
  const renewed = () => introspecting.audit.filter(({ event }) => event === 'token_renewed').length
  opaque.weather.outage = true
  client.send(encodeSaslResponse(encodeInitialResponse(new Secret(newer))))
  assert.deepEqual((await client.query('select 1')).rows, [['1']])
  await waitUntil(() => introspecting.logs.some(({ msg }) => msg === 'a renewal could not be checked'))
  assert.equal(renewed(), 0)
  opaque.weather.outage = false
  await waitUntil(() => renewed() === 1)
  assert.deepEqual((await client.query('select 2')).rows, [['2']])
  client.close()
})

async function waitUntil(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 600; tries++) await new Promise((resolve) => setTimeout(resolve, 100))
  assert.ok(holds())
}
