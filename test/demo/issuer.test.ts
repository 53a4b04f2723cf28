import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { browse, startTestIssuer } from '../support/issuer.ts'

const issuer = await startTestIssuer({
  settings: {
    scopes: ['orders:read', 'orders:write'],
    accounts: [
      { subject: 'ada', scopes: ['orders:read'], claims: { groups: ['analysts'], email_verified: true } },
      { subject: 'grace' },
    ],
    clientClaims: { machine: { groups: ['robots'] } },
  },
  clients: [
    { client_id: 'proxy', client_secret: 'secret', redirect_uris: [], response_types: [], grant_types: [] },
    {
      client_id: 'machine',
      client_secret: 'secret',
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    },
  ],
})
const jwks = createRemoteJWKSet(new URL(`${issuer.url}/jwks`), { cooldownDuration: 0 })

function discover(id = 'pgoauth', secret?: string): Promise<client.Configuration> {
  return client.discovery(
    new URL(issuer.url),
    id,
    undefined,
    secret ? client.ClientSecretBasic(secret) : client.None(),
    {
      execute: [client.allowInsecureRequests],
    },
  )
}

test('a device login gives an ES256 access token for the default resource, with the scopes the account may have', async () => {
  const { access_token, scope } = await issuer.login('ada', 'openid orders:read orders:write')
  const { payload } = await jwtVerify(access_token, jwks, {
    issuer: issuer.url,
    audience: 'postgres://demo',
    algorithms: ['ES256'],
    typ: 'at+jwt',
  })
  assert.deepEqual(
    [payload.sub, payload.scope, payload.groups, scope],
    ['ada', 'orders:read', ['analysts'], 'orders:read'],
  )
})

test('a resource that is named becomes the audience', async () => {
  const { access_token } = await issuer.login('ada', 'orders:read', 'postgres://prod')
  await jwtVerify(access_token, jwks, { audience: 'postgres://prod' })
})

test('a refused device login is access_denied to the device', async () => {
  const configuration = await discover()
  const asked = await client.initiateDeviceAuthorization(configuration, { scope: 'orders:read' })
  await browse(String(asked.verification_uri_complete), { account: 'ada', refuse: true })
  await assert.rejects(client.pollDeviceAuthorizationGrant(configuration, asked), { error: 'access_denied' })
})

test('authorization code with PKCE comes back to a loopback port, with iss, and needs its verifier', async () => {
  const configuration = await discover()
  const landing = createServer((_request, response) => response.end('landed'))
  await new Promise<void>((resolve) => landing.listen(0, '127.0.0.1', resolve))
  const redirect = `http://127.0.0.1:${(landing.address() as AddressInfo).port}/callback`
  const arrived = new Promise<string>((resolve) => landing.on('request', ({ url }) => resolve(String(url))))
  const verifier = client.randomPKCECodeVerifier()
  const start = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirect,
    scope: 'openid offline_access orders:read',
    prompt: 'consent',
    state: 's1',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  assert.equal(await browse(start.href, { account: 'grace' }), 'landed')
  const callback = new URL(await arrived, redirect)
  landing.close()
  assert.equal(callback.searchParams.get('iss'), issuer.url)
  const tokens = await client.authorizationCodeGrant(configuration, callback, {
    pkceCodeVerifier: verifier,
    expectedState: 's1',
  })
  assert.equal(tokens.claims()?.sub, 'grace')
  assert.ok(tokens.refresh_token)
})

test('a refresh token rotates, and using an old one again ends the family', async () => {
  const configuration = await discover()
  const first = String((await issuer.login('ada', 'offline_access orders:read')).refresh_token)
  const second = String((await client.refreshTokenGrant(configuration, first)).refresh_token)
  assert.notEqual(second, first)
  await assert.rejects(client.refreshTokenGrant(configuration, first), { error: 'invalid_grant' })
  await assert.rejects(client.refreshTokenGrant(configuration, second), { error: 'invalid_grant' })
})

test('an opaque token is explained by introspection, until it is revoked', async () => {
  issuer.settings.format = 'opaque'
  const { access_token } = await issuer.login('ada', 'orders:read').finally(() => {
    issuer.settings.format = 'jwt'
  })
  const proxy = await discover('proxy', 'secret')
  const { active, sub, scope, aud, groups, iss } = await client.tokenIntrospection(proxy, access_token)
  assert.deepEqual(
    { active, sub, scope, aud, groups, iss },
    { active: true, sub: 'ada', scope: 'orders:read', aud: 'postgres://demo', groups: ['analysts'], iss: issuer.url },
  )
  await client.tokenRevocation(await discover(), access_token)
  assert.deepEqual(await client.tokenIntrospection(proxy, access_token), { active: false })
})

test('a machine gets a token of its own by client_credentials', async () => {
  const { access_token } = await client.clientCredentialsGrant(await discover('machine', 'secret'), {
    scope: 'orders:read',
  })
  const { payload } = await jwtVerify(access_token, jwks, { audience: 'postgres://demo' })
  assert.deepEqual([payload.sub, payload.client_id, payload.groups], ['machine', 'machine', ['robots']])
})

test('after a rotation of keys new tokens verify, old ones still do, and refresh tokens stay good', async () => {
  const { access_token, refresh_token } = await issuer.login('ada', 'offline_access orders:read')
  issuer.rotateKeys()
  const renewed = await client.refreshTokenGrant(await discover(), String(refresh_token))
  await jwtVerify(renewed.access_token, createRemoteJWKSet(new URL(`${issuer.url}/jwks`)))
  await jwtVerify(access_token, createRemoteJWKSet(new URL(`${issuer.url}/jwks`)))
  assert.notEqual(decodeProtectedHeader(renewed.access_token).kid, decodeProtectedHeader(access_token).kid)
})

test('a minted token verifies, and can be made wrong in one claim', async () => {
  const fresh = createRemoteJWKSet(new URL(`${issuer.url}/jwks`))
  await jwtVerify(await issuer.mint(), fresh, { audience: 'postgres://demo', issuer: issuer.url })
  await assert.rejects(jwtVerify(await issuer.mint({ exp: 1 }), fresh), { code: 'ERR_JWT_EXPIRED' })
})

test('in an outage the issuer drops connections, and counts what was asked', async () => {
  const before = issuer.count(/^\/jwks$/)
  issuer.weather.outage = true
  await assert.rejects(fetch(`${issuer.url}/jwks?${randomBytes(4).toString('hex')}`))
  issuer.weather.outage = false
  assert.equal(issuer.count(/^\/jwks$/), before + 1)
})
