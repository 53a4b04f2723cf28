import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestIssuer } from '../support/issuer.ts'
import { jwtIssuer, openVerifier, reasonOf } from '../support/verifier.ts'

// Two real issuers in one configuration: what is true of one is never true of the other.
const settings = { scopes: ['orders:read', 'db:admin'] }
const [ours, theirs] = await Promise.all([
  startTestIssuer({ settings: { ...settings, defaultResource: 'postgres://ours' } }),
  startTestIssuer({ settings: { ...settings, defaultResource: 'postgres://theirs' } }),
])

function open() {
  return openVerifier([
    jwtIssuer({ url: ours.url, rules: { audience: ['postgres://ours'] } }),
    jwtIssuer({
      url: theirs.url,
      rules: {
        audience: ['postgres://theirs'],
        scopesAllowed: ['orders:*'],
        algorithms: ['ES256'],
        clockToleranceMs: 0,
      },
    }),
  ])
}

test('each one’s tokens are its own people’s', async () => {
  const verifier = open()
  const [one, two] = [await verifier.verify(await ours.mint()), await verifier.verify(await theirs.mint())]
  assert.ok(one.ok && two.ok)
  assert.deepEqual([one.identity.issuer, two.identity.issuer], [ours.url, theirs.url])
  assert.equal(one.identity.subject, two.identity.subject)
})

test('each confers what it may, whatever the other may', async () => {
  const verifier = open()
  const [one, two] = [await verifier.verify(await ours.mint()), await verifier.verify(await theirs.mint())]
  assert.deepEqual(one.ok && one.identity.scopes, ['db:admin', 'orders:read'])
  assert.deepEqual(two.ok && two.identity.scopes, ['orders:read'])
})

test('a token signed by one that says it is the other’s is refused, by kid and without', async () => {
  const verifier = open()
  const claims = { iss: ours.url, aud: 'postgres://ours' }
  assert.match(reasonOf(await verifier.verify(await theirs.mint(claims))), /no key for it/)
  assert.match(reasonOf(await verifier.verify(await theirs.mint(claims, { kid: undefined }))), /does not hold/)
  const stolenKid = String(ours.keys.find(({ alg }) => alg === 'ES256')?.kid)
  assert.match(reasonOf(await verifier.verify(await theirs.mint(claims, { kid: stolenKid }))), /does not hold/)
})

test('the audience of one does not do for the other', async () => {
  assert.match(reasonOf(await open().verify(await theirs.mint({ aud: 'postgres://ours' }))), /does not name this proxy/)
})

test('the algorithms and the tolerance of one do not do for the other', async () => {
  const verifier = open()
  const past = { exp: Math.floor(Date.now() / 1000) - 5 }
  assert.equal(reasonOf(await verifier.verify(await ours.mint({}, { alg: 'RS256' }))), 'accepted')
  assert.match(reasonOf(await verifier.verify(await theirs.mint({}, { alg: 'RS256' }))), /alg "RS256" is not allowed/)
  assert.equal(reasonOf(await verifier.verify(await ours.mint(past))), 'accepted')
  assert.equal(reasonOf(await verifier.verify(await theirs.mint(past))), 'expired')
})

test('an outage of one is nothing to the other', async () => {
  const verifier = open()
  theirs.weather.outage = true
  try {
    assert.match(reasonOf(await verifier.verify(await theirs.mint())), /could not be checked/)
    assert.equal(reasonOf(await verifier.verify(await ours.mint())), 'accepted')
  } finally {
    theirs.weather.outage = false
  }
})

test('a flood of invented keys at one does not slow a rotation at the other', async () => {
  const verifier = open()
  await verifier.verify(await ours.mint())
  for (let token = 0; token < 20; token++) await verifier.verify(await theirs.mint({}, { kid: `invented-${token}` }))
  ours.rotateKeys()
  assert.equal(reasonOf(await verifier.verify(await ours.mint())), 'accepted')
})
