import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FakeClock } from '../support/fake-clock.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { newForgeKey, publicJwk, signTexts } from '../support/token-forge.ts'
import { jwtIssuer, openVerifier, reasonOf } from '../support/verifier.ts'

const settings = {
  scopes: ['orders:read', 'orders:write'],
  accounts: [{ subject: 'ada', claims: { groups: ['dba'] } }],
}
const issuer = await startTestIssuer({ settings })
const { access_token, id_token, refresh_token } = await issuer.login('ada', 'openid offline_access orders:read')
const realNow = () => new FakeClock(Date.now())

test('a real login’s access token is accepted, with subject, client, scopes and claims', async () => {
  const verdict = await openVerifier([jwtIssuer({ url: issuer.url })]).verify(access_token)
  assert.ok(verdict.ok, reasonOf(verdict))
  const { subject, clientId, scopes, claims } = verdict.identity
  assert.deepEqual([subject, clientId, scopes, claims.groups], ['ada', 'pgoauth', ['orders:read'], ['dba']])
})

test('the ID token of the same login is refused by its typ, though its audience were ours', async () => {
  const rules = { audience: ['postgres://demo', 'pgoauth'] }
  const verifier = openVerifier([jwtIssuer({ url: issuer.url, rules })])
  assert.match(reasonOf(await verifier.verify(String(id_token))), /typ nothing is not that of an access token/)
})

test('the ID token of the same login is refused by its audience where any typ will do', async () => {
  // It has no typ, nonce or at_hash: where any typ will do, only an audience that is no client tells the two apart.
  const verifier = openVerifier([jwtIssuer({ url: issuer.url, rules: { typ: 'any' } })])
  assert.match(reasonOf(await verifier.verify(String(id_token))), /aud "pgoauth" does not name this proxy/)
})

test('the refresh token of the same login is refused', async () => {
  const verifier = openVerifier([jwtIssuer({ url: issuer.url })])
  assert.match(reasonOf(await verifier.verify(String(refresh_token))), /not a JWT/)
})

test('a token for another resource of the same issuer is refused', async () => {
  const other = await issuer.login('ada', 'orders:read', 'https://api.example.com')
  const verifier = openVerifier([jwtIssuer({ url: issuer.url })])
  assert.match(reasonOf(await verifier.verify(other.access_token)), /aud "https:.*" does not name this proxy/)
})

test('a key that the issuer adds is taken up with the first token it signs', async () => {
  const verifier = openVerifier([jwtIssuer({ url: issuer.url })])
  assert.ok((await verifier.verify(await issuer.mint())).ok)
  issuer.rotateKeys()
  assert.equal(reasonOf(await verifier.verify(await issuer.mint())), 'accepted')
})

test('a key that the issuer withdraws counts no more after five minutes, for remembered tokens neither', async () => {
  const clock = realNow()
  const verifier = openVerifier([jwtIssuer({ url: issuer.url, clock })], { clock })
  const token = await issuer.mint({ exp: Math.floor(Date.now() / 1000) + 3_600 })
  assert.ok((await verifier.verify(token)).ok)
  issuer.rotateKeys({ keepOld: false })
  await clock.advance(5 * 60_000)
  await verifier.verify(token)
  await until(async () => !(await verifier.verify(token)).ok)
  assert.match(reasonOf(await verifier.verify(token)), /the issuer has no key for it/)
})

test('while the issuer is down, tokens of known keys go on being accepted', async () => {
  const clock = realNow()
  const verifier = openVerifier([jwtIssuer({ url: issuer.url, clock })], { clock })
  assert.ok((await verifier.verify(await issuer.mint())).ok)
  issuer.weather.outage = true
  try {
    await clock.advance(3 * 3_600_000)
    const token = await issuer.mint({ exp: Math.floor(clock.nowMs() / 1000) + 300 })
    assert.equal(reasonOf(await verifier.verify(token)), 'accepted')
    await clock.advance(3_600_000)
    const later = await issuer.mint({ exp: Math.floor(clock.nowMs() / 1000) + 300 })
    const verdict = await verifier.verify(later)
    assert.match(reasonOf(verdict), /could not be checked/)
    assert.ok(!verdict.ok && verdict.isUnavailable)
  } finally {
    issuer.weather.outage = false
  }
})

test('a token that could not be checked is not remembered as bad', async () => {
  const verifier = openVerifier([jwtIssuer({ url: issuer.url })])
  const token = await issuer.mint()
  issuer.weather.outage = true
  const first = await verifier.verify(token).finally(() => {
    issuer.weather.outage = false
  })
  assert.match(reasonOf(first), /could not be checked/)
  assert.equal(reasonOf(await verifier.verify(token)), 'accepted')
})

test('a thousand first connections with one token make one fetch of the keys and one check', async () => {
  const verifier = openVerifier([jwtIssuer({ url: issuer.url })])
  const token = await issuer.mint()
  issuer.requests.length = 0
  const verdicts = await Promise.all(Array.from({ length: 1_000 }, () => verifier.verify(token)))
  assert.ok(verdicts.every(({ ok }) => ok))
  assert.deepEqual(issuer.requests, ['/.well-known/openid-configuration', '/jwks'])
  assert.equal(verifier.counts().misses, 1)
})

test('a thousand first connections with as many tokens make one fetch of the keys', async () => {
  const verifier = openVerifier([jwtIssuer({ url: issuer.url })])
  const tokens = await Promise.all(Array.from({ length: 1_000 }, () => issuer.mint()))
  issuer.requests.length = 0
  const verdicts = await Promise.all(tokens.map((token) => verifier.verify(token)))
  assert.ok(verdicts.every(({ ok }) => ok))
  assert.deepEqual(issuer.requests, ['/.well-known/openid-configuration', '/jwks'])
})

test('a discovery document of another issuer is refused', async () => {
  const alias = issuer.url.replace('127.0.0.1', 'localhost')
  const verifier = openVerifier([jwtIssuer({ url: alias })])
  const verdict = await verifier.verify(await issuer.mint({ iss: alias }))
  assert.match(reasonOf(verdict), /does not name the issuer http:\/\/localhost/)
})

test('a token that was taken back is refused though it is remembered as good', async () => {
  const over = new Set<string>()
  const takenBack = ({ subject }: { subject: string }) => (over.has(subject) ? 'logged out' : undefined)
  const verifier = openVerifier([jwtIssuer({ url: issuer.url })], { takenBack })
  const token = await issuer.mint()
  assert.equal(reasonOf(await verifier.verify(token)), 'accepted')
  over.add('ada')
  assert.equal(reasonOf(await verifier.verify(token)), 'logged out')
})

test('keys from a file need no network, and a key taken out of it counts no more after five seconds', async () => {
  const file = join(temporaryDirectory(), 'jwks.json')
  const clock = realNow()
  const url = 'https://unreachable.invalid'
  const [one, two] = [newForgeKey('ES256', 'one'), newForgeKey('ES256', 'two')]
  const tokenOf = (key: typeof one) => {
    const now = Math.floor(clock.nowMs() / 1000)
    const claims = { iss: url, sub: 'ada', aud: 'postgres://demo', exp: now + 300 }
    return signTexts(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: key.kid }), JSON.stringify(claims), key)
  }
  writeFileSync(file, JSON.stringify({ keys: [publicJwk(one)] }))
  const verifier = openVerifier([jwtIssuer({ url, jwksFile: file, clock })], { clock })
  const token = tokenOf(one)
  assert.equal(reasonOf(await verifier.verify(token)), 'accepted')
  writeFileSync(file, JSON.stringify({ keys: [publicJwk(two)] }))
  assert.equal(reasonOf(await verifier.verify(tokenOf(two))), 'accepted')
  await clock.advance(5_000)
  await until(async () => !(await verifier.verify(token)).ok)
})

test('a key file that is missing is named in the log, and nobody is let in', async () => {
  const verifier = openVerifier([jwtIssuer({ url: issuer.url, jwksFile: '/nonexistent/jwks.json' })])
  assert.match(reasonOf(await verifier.verify(await issuer.mint())), /cannot read keys from \/nonexistent\/jwks.json/)
})

/** Bounded: a fetch in the background has its turn. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail('it did not come to hold')
}
