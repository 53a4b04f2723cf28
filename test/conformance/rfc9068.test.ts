import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestIssuer } from '../support/issuer.ts'
import { jwtIssuer, openVerifier, reasonOf } from '../support/verifier.ts'

// RFC 9068 (JWT access tokens): sections 2 and 4, with tokens of a real issuer's key.
const issuer = await startTestIssuer({ settings: { scopes: ['orders:read'] } })
const verifier = openVerifier([jwtIssuer({ url: issuer.url })])
const reason = async (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
  reasonOf(await verifier.verify(await issuer.mint(claims, header)))

test('section 4: typ is at+jwt or application/at+jwt, nothing else', async () => {
  assert.equal(await reason({}, { typ: 'at+jwt' }), 'accepted')
  assert.equal(await reason({}, { typ: 'application/at+jwt' }), 'accepted')
  assert.match(await reason({}, { typ: 'JWT' }), /typ "JWT"/)
  assert.match(await reason({}, { typ: undefined }), /typ nothing/)
})

test('section 4: iss is exactly the issuer', async () => {
  assert.match(await reason({ iss: `${issuer.url}/` }), /not a configured issuer/)
})

test('section 4: aud names this resource, alone or among others', async () => {
  assert.equal(await reason({ aud: ['https://api.example.com', 'postgres://demo'] }), 'accepted')
  assert.match(await reason({ aud: ['https://api.example.com'] }), /does not name this proxy/)
})

test('section 4: the signature is made with the algorithm that the header names, and it is not none', async () => {
  const [, payload] = (await issuer.mint()).split('.')
  const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
  assert.match(reasonOf(await verifier.verify(`${header}.${payload}.`)), /alg "none" is not allowed/)
})

test('section 4: the current time is before exp', async () => {
  assert.match(await reason({ exp: Math.floor(Date.now() / 1000) - 31 }), /expired/)
})

test('section 2.2: iss, exp, aud and sub are required', async () => {
  for (const name of ['iss', 'exp', 'aud', 'sub']) {
    assert.notEqual(await reason({ [name]: undefined }), 'accepted', name)
  }
})

test('section 2.2.3: scope is a list with spaces between', async () => {
  const verdict = await verifier.verify(await issuer.mint({ scope: 'b a' }))
  assert.deepEqual(verdict.ok && verdict.identity.scopes, ['a', 'b'])
})

test('section 5: the subject of a client’s own token is the client, and does not collide with another issuer’s people', async () => {
  const other = await startTestIssuer({ settings: { scopes: ['orders:read'] } })
  const both = openVerifier([jwtIssuer({ url: issuer.url }), jwtIssuer({ url: other.url })])
  const [one, two] = await Promise.all([both.verify(await issuer.mint()), both.verify(await other.mint())])
  assert.ok(one.ok && two.ok)
  assert.equal(one.identity.subject, two.identity.subject)
  assert.notEqual(one.identity.issuer, two.identity.issuer)
})
