import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { introspectedIssuer, jwtIssuer, openVerifier, reasonOf } from '../support/verifier.ts'

const assertionKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const machine = { grant_types: [], response_types: [], redirect_uris: [] }
const issuer = await startTestIssuer({
  settings: {
    format: 'opaque',
    scopes: ['orders:read', 'orders:write'],
    accounts: [{ subject: 'ada', claims: { groups: ['dba'] } }],
  },
  clients: [
    {
      ...machine,
      client_id: 'proxy',
      client_secret: 'proxy-secret',
      token_endpoint_auth_method: 'client_secret_basic',
    },
    {
      ...machine,
      client_id: 'odd: client',
      client_secret: 'p%+&=:/?',
      token_endpoint_auth_method: 'client_secret_basic',
    },
    {
      ...machine,
      client_id: 'proxy-key',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [{ ...assertionKey.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' }] },
    },
  ],
})
const login = await issuer.login('ada', 'openid offline_access orders:read')
const ENDPOINT = /\/token\/introspection/
const asked = () => issuer.count(ENDPOINT)
const realNow = () => new FakeClock(Date.now())

test('a real opaque token is accepted, with subject, client, scopes and claims', async () => {
  assert.doesNotMatch(login.access_token, /\./)
  const verdict = await openVerifier([introspectedIssuer({ url: issuer.url })]).verify(login.access_token)
  assert.ok(verdict.ok, reasonOf(verdict))
  const { issuer: from, subject, clientId, scopes, claims } = verdict.identity
  assert.deepEqual([from, subject, clientId, scopes], [issuer.url, 'ada', 'pgoauth', ['orders:read']])
  assert.deepEqual(claims.groups, ['dba'])
})

test('the refresh token of the same login is refused, though the issuer calls it active', async () => {
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url, rules: { audience: ['pgoauth'] } })])
  assert.match(reasonOf(await verifier.verify(String(login.refresh_token))), /refresh token|aud/)
})

test('a token for another resource is refused', async () => {
  const other = await issuer.login('ada', 'orders:read', 'https://api.example.com')
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url })])
  assert.match(reasonOf(await verifier.verify(other.access_token)), /does not name this proxy/)
})

test('an invented token is refused', async () => {
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url })])
  assert.match(reasonOf(await verifier.verify('invented')), /the issuer says it is not active/)
})

test('a client id and a secret full of odd characters get through (RFC 6749 section 2.3.1)', async () => {
  const clientSecret = () => new Secret('p%+&=:/?')
  const odd = introspectedIssuer({ url: issuer.url, clientId: 'odd: client', clientSecret })
  assert.equal(reasonOf(await openVerifier([odd]).verify(login.access_token)), 'accepted')
})

test('the proxy proves itself with a private key (private_key_jwt)', async () => {
  const pem = new Secret(String(assertionKey.privateKey.export({ type: 'pkcs8', format: 'pem' })))
  const keyed = introspectedIssuer({
    url: issuer.url,
    clientId: 'proxy-key',
    privateKey: () => pem,
    privateKeyAlgorithm: 'ES256',
    keyId: 'k1',
  })
  const verifier = openVerifier([keyed])
  assert.equal(reasonOf(await verifier.verify(login.access_token)), 'accepted')
  assert.equal(reasonOf(await verifier.recheck(login.access_token)), 'accepted', 'each assertion has a jti of its own')
})

test('a private key of another kind than configured is named without being shown', async () => {
  const pem = new Secret(String(assertionKey.privateKey.export({ type: 'pkcs8', format: 'pem' })))
  const keyed = introspectedIssuer({ url: issuer.url, clientId: 'proxy-key', privateKey: () => pem })
  const reason = reasonOf(await openVerifier([keyed]).verify(login.access_token))
  assert.match(reason, /private_key_file is no private key for RS256/)
  assert.doesNotMatch(reason, /PRIVATE|BEGIN/)
})

test('a wrong secret lets nobody in, and the log says 401', async () => {
  const wrong = introspectedIssuer({ url: issuer.url, clientSecret: () => new Secret('guessed') })
  const verdict = await openVerifier([wrong]).verify(login.access_token)
  assert.match(reasonOf(verdict), /could not be checked: .*HTTP 401/)
})

test('a secret that was rotated counts without a restart', async () => {
  let secret = 'the old one'
  const clientSecret = () => new Secret(secret)
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url, clientSecret })])
  assert.match(reasonOf(await verifier.verify(login.access_token)), /HTTP 401/)
  secret = 'proxy-secret'
  assert.equal(reasonOf(await verifier.verify(login.access_token)), 'accepted')
})

test('a thousand first connections with one token ask once', async () => {
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url })])
  const before = asked()
  const verdicts = await Promise.all(Array.from({ length: 1_000 }, () => verifier.verify(login.access_token)))
  assert.ok(verdicts.every(({ ok }) => ok))
  assert.equal(asked() - before, 1)
})

test('an answer is remembered for its cache time and no longer', async () => {
  const clock = realNow()
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url, clock, cacheMs: 30_000 })], { clock })
  const before = asked()
  await verifier.verify(login.access_token)
  await clock.advance(29_999)
  await verifier.verify(login.access_token)
  assert.equal(asked() - before, 1)
  await clock.advance(1)
  await verifier.verify(login.access_token)
  assert.equal(asked() - before, 2)
})

test('an answer is not remembered past exp', async () => {
  const clock = realNow()
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url, clock, cacheMs: 3_600_000 })], { clock })
  await verifier.verify(login.access_token)
  await clock.advance(issuer.settings.accessTokenSeconds * 1000 + 30_000)
  assert.equal(reasonOf(await verifier.verify(login.access_token)), 'expired')
})

test('a refusal is remembered for two seconds', async () => {
  const clock = realNow()
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url, clock })], { clock })
  const before = asked()
  await verifier.verify('hammering')
  await clock.advance(1_999)
  await verifier.verify('hammering')
  assert.equal(asked() - before, 1)
  await clock.advance(1)
  await verifier.verify('hammering')
  assert.equal(asked() - before, 2)
})

test('a cache of 0 asks each time, and still once for all who ask together', async () => {
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url, cacheMs: 0 })])
  const before = asked()
  await Promise.all([verifier.verify(login.access_token), verifier.verify(login.access_token)])
  await verifier.verify(login.access_token)
  assert.equal(asked() - before, 2)
})

test('a revoked token is found out by a recheck, and then refused to new connections too', async () => {
  const { access_token } = await issuer.login('ada', 'orders:read')
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url, cacheMs: 3_600_000 })])
  assert.ok((await verifier.verify(access_token)).ok)
  await fetch(`${issuer.url}/token/revocation`, {
    method: 'POST',
    body: new URLSearchParams({ token: access_token, client_id: 'pgoauth' }),
  })
  assert.equal(reasonOf(await verifier.verify(access_token)), 'accepted', 'it is remembered')
  const verdict = await verifier.recheck(access_token)
  assert.match(reasonOf(verdict), /not active/)
  assert.ok(!verdict.ok && !verdict.isUnavailable)
  assert.match(reasonOf(await verifier.verify(access_token)), /not active/)
})

test('a recheck into an outage knows nothing against the token, and what was known stands', async () => {
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url })])
  assert.ok((await verifier.verify(login.access_token)).ok)
  issuer.weather.outage = true
  const verdict = await verifier.recheck(login.access_token).finally(() => {
    issuer.weather.outage = false
  })
  assert.ok(!verdict.ok && verdict.isUnavailable)
  assert.equal(reasonOf(await verifier.verify(login.access_token)), 'accepted')
})

test('five failures open the circuit: nobody is let in, nothing is asked, and after ten seconds one tries', async () => {
  const clock = realNow()
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url, clock })], { clock })
  await verifier.verify('to-find-the-endpoint')
  issuer.weather.failWith = 503
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      assert.match(reasonOf(await verifier.verify(login.access_token)), /HTTP 503/)
    }
    const before = asked()
    const verdict = await verifier.verify(login.access_token)
    assert.match(reasonOf(verdict), /paused after failures/)
    assert.ok(!verdict.ok && verdict.isUnavailable)
    assert.equal(asked(), before)

    await clock.advance(10_000)
    const tokens = Array.from({ length: 20 }, (_, at) => `token-${at}`)
    const all = await Promise.all(tokens.map((token) => verifier.verify(token)))
    assert.equal(all.filter((one) => /HTTP 503/.test(reasonOf(one))).length, 1)
    assert.equal(asked() - before, 1)
  } finally {
    issuer.weather.failWith = undefined
  }
  await clock.advance(10_000)
  assert.equal(reasonOf(await verifier.verify(login.access_token)), 'accepted')
})

test('tokens that the issuer dislikes do not open the circuit', async () => {
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url })])
  issuer.weather.only = ENDPOINT
  issuer.weather.failWith = 400
  try {
    for (let attempt = 0; attempt < 20; attempt++) {
      assert.match(reasonOf(await verifier.verify(`poison-${attempt}`)), /does not take it \(HTTP 400\)/)
    }
  } finally {
    issuer.weather.failWith = undefined
    issuer.weather.only = undefined
  }
  assert.equal(reasonOf(await verifier.verify(login.access_token)), 'accepted')
})

test('a token of 60,000 characters is refused by the real issuer without opening the circuit', async () => {
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url })])
  for (let attempt = 0; attempt < 6; attempt++) {
    assert.match(reasonOf(await verifier.verify(`${attempt}${'x'.repeat(60_000)}`)), /does not take it|not active/)
  }
  assert.equal(reasonOf(await verifier.verify(login.access_token)), 'accepted')
})

test('what is no bearer token is not sent to the issuer', async () => {
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url })])
  const before = asked()
  await verifier.verify('two words')
  await verifier.verify('x'.repeat(65_537))
  assert.equal(asked(), before)
})

test('an issuer that is down takes no other issuer’s opaque tokens with it', async () => {
  const down = introspectedIssuer({ url: 'http://127.0.0.1:1' })
  const verifier = openVerifier([down, introspectedIssuer({ url: issuer.url })])
  assert.equal(reasonOf(await verifier.verify(login.access_token)), 'accepted')
  const verdict = await verifier.verify('unknown-to-the-one-that-is-up')
  assert.ok(!verdict.ok && verdict.isUnavailable, 'the one that is down may know it')
})

test('a JWT is asked about at its own issuer alone', async () => {
  const jwts = await startTestIssuer({ settings: { scopes: ['orders:read'] } })
  const before = asked()
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url }), jwtIssuer({ url: jwts.url })])
  assert.equal(reasonOf(await verifier.verify(await jwts.mint())), 'accepted')
  assert.equal(asked(), before)
})
