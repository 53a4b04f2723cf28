import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Subject } from '../../src/base/brand.ts'
import type { Identity } from '../../src/base/identity.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Logout } from '../../src/oauth/logout-token.ts'
import { RevocationWatch } from '../../src/oauth/revocation-watch.ts'
import type { Verdict } from '../../src/oauth/verify-rules.ts'
import { FakeClock } from '../support/fake-clock.ts'

const ISSUER = 'https://id.example.com'
const IAT = Date.UTC(2026, 0, 1) / 1000

function identityOf(subject = 'ada', claims: Record<string, unknown> = {}): Identity {
  return {
    issuer: ISSUER,
    subject: subject as Subject,
    clientId: 'pgoauth',
    scopes: [],
    claims: { iat: IAT, ...claims },
    expiresAtSeconds: IAT + 3_600,
  }
}

const logoutOf = (more: Partial<Logout> = {}): Logout => ({
  issuer: ISSUER,
  subject: 'ada',
  sid: undefined,
  issuedAtSeconds: IAT + 10,
  ...more,
})

/** A watch whose issuer says what `says` holds. */
function watchOf() {
  const clock = new FakeClock()
  const issuer = { says: { ok: true, identity: identityOf() } as Verdict, asked: 0 }
  const watch = new RevocationWatch({
    clock,
    recheck: async () => {
      issuer.asked++
      return issuer.says
    },
  })
  const told: string[] = []
  const open = (name: string, identity = identityOf(), recheckMs?: number, token = 'token') =>
    watch.watch({ token: new Secret(token), identity, channel: {}, recheckMs }, (reason) =>
      told.push(`${name}: ${reason}`),
    )
  return { clock, issuer, watch, told, open }
}

test('a session is told within its recheck interval that its token was revoked, and once', async () => {
  const { clock, issuer, told, open } = watchOf()
  open('one', identityOf(), 30_000)
  issuer.says = { ok: false, reason: 'not active' }
  await clock.advance(29_999)
  assert.deepEqual(told, [])
  await clock.advance(1)
  assert.deepEqual(told, ['one: not active'])
  await clock.advance(300_000)
  assert.equal(told.length, 1)
  assert.equal(clock.waiting, 0)
})

test('sessions that share a token share its rechecks, and are all told', async () => {
  const { clock, issuer, told, open } = watchOf()
  for (let session = 0; session < 100; session++) open(`s${session}`, identityOf(), 30_000)
  await clock.advance(60_000)
  assert.equal(issuer.asked, 2)
  issuer.says = { ok: false, reason: 'not active' }
  await clock.advance(30_000)
  assert.equal(told.length, 100)
})

test('sessions with tokens of their own are asked about one by one', async () => {
  const { clock, issuer, open } = watchOf()
  open('one', identityOf(), 30_000, 'a')
  open('two', identityOf(), 30_000, 'b')
  await clock.advance(30_000)
  assert.equal(issuer.asked, 2)
})

test('an issuer that cannot be asked ends nobody, and is asked again', async () => {
  const { clock, issuer, told, open } = watchOf()
  open('one', identityOf(), 30_000)
  issuer.says = { ok: false, reason: 'could not be checked', isUnavailable: true }
  await clock.advance(90_000)
  assert.deepEqual([told, issuer.asked], [[], 3])
  issuer.says = { ok: false, reason: 'not active' }
  await clock.advance(30_000)
  assert.equal(told.length, 1)
})

test('a session is told that its issuer took a scope back, not that it gave one more', async () => {
  const { clock, issuer, told, open } = watchOf()
  const withScopes = (...scopes: string[]) => ({ ...identityOf(), scopes })
  open('one', withScopes('a', 'b'), 30_000)
  issuer.says = { ok: true, identity: withScopes('a', 'b', 'c') }
  await clock.advance(30_000)
  assert.deepEqual(told, [])
  issuer.says = { ok: true, identity: withScopes('a') }
  await clock.advance(30_000)
  assert.deepEqual(told, ['one: the issuer took scopes back (b)'])
})

test('a session is told that its token is somebody else’s now', async () => {
  const { clock, issuer, told, open } = watchOf()
  open('one', identityOf(), 30_000)
  issuer.says = { ok: true, identity: identityOf('grace') }
  await clock.advance(30_000)
  assert.match(String(told[0]), /somebody else’s/)
})

test('past exp the session’s own expiry decides', async () => {
  const { clock, issuer, told, open } = watchOf()
  open('one', { ...identityOf(), expiresAtSeconds: IAT + 30 }, 30_000)
  issuer.says = { ok: false, reason: 'not active' }
  await clock.advance(60_000)
  assert.deepEqual(told, [])
})

test('who has stopped watching is told nothing, and nothing is asked for it', async () => {
  const { clock, issuer, told, open, watch } = watchOf()
  open('one', identityOf(), 30_000)()
  watch.logOut(logoutOf())
  await clock.advance(60_000)
  assert.deepEqual([told, issuer.asked, clock.waiting], [[], 0, 0])
})

test('a logout without sid ends all sessions of that person at that issuer, and no other', () => {
  const { told, open, watch } = watchOf()
  open('ada here', identityOf('ada', { sid: 's-1' }))
  open('ada there', identityOf('ada', { sid: 's-2' }))
  open('ada elsewhere', { ...identityOf('ada'), issuer: 'https://other.example.com' })
  open('grace', identityOf('grace'))
  assert.equal(watch.logOut(logoutOf()), 2)
  assert.deepEqual(
    told.map((one) => one.split(':')[0]),
    ['ada here', 'ada there'],
  )
})

test('a logout with sid ends that session, and those that do not say which they are', () => {
  const { told, open, watch } = watchOf()
  open('this', identityOf('ada', { sid: 's-1' }))
  open('another', identityOf('ada', { sid: 's-2' }))
  open('unsaid', identityOf('ada'))
  open('grace', identityOf('grace'))
  watch.logOut(logoutOf({ sid: 's-1' }))
  assert.deepEqual(
    told.map((one) => one.split(':')[0]),
    ['this', 'unsaid'],
  )
})

test('a logout with sid alone ends that session', () => {
  const { open, watch } = watchOf()
  open('this', identityOf('ada', { sid: 's-1' }))
  open('unsaid', identityOf('ada'))
  assert.equal(watch.logOut(logoutOf({ subject: undefined, sid: 's-1' })), 1)
})

test('the tokens of a logout are kept out from then on, those issued after it are not', () => {
  const { watch } = watchOf()
  assert.equal(watch.takenBack(identityOf()), undefined)
  watch.logOut(logoutOf())
  assert.match(String(watch.takenBack(identityOf())), /logged out/)
  assert.match(String(watch.takenBack(identityOf('ada', { iat: IAT + 10 }))), /logged out/)
  assert.equal(watch.takenBack(identityOf('ada', { iat: IAT + 11 })), undefined)
})

test('a token that does not say when it was issued is kept out', () => {
  const { watch } = watchOf()
  watch.logOut(logoutOf())
  assert.match(String(watch.takenBack(identityOf('ada', { iat: undefined }))), /logged out/)
})

test('an old logout sent again ends nobody who logged in since', () => {
  const { open, watch } = watchOf()
  watch.logOut(logoutOf())
  open('later', identityOf('ada', { iat: IAT + 60 }))
  assert.equal(watch.logOut(logoutOf()), 0)
})

test('an old logout sent again does not bring back what a newer one ended', () => {
  const { watch } = watchOf()
  watch.logOut(logoutOf({ issuedAtSeconds: IAT + 100 }))
  watch.logOut(logoutOf({ issuedAtSeconds: IAT + 10 }))
  assert.match(String(watch.takenBack(identityOf('ada', { iat: IAT + 50 }))), /logged out/)
})

test('a logout between a token’s check and its session is not missed', async () => {
  const { told, open, watch } = watchOf()
  watch.logOut(logoutOf())
  open('late')
  await Promise.resolve()
  assert.equal(told.length, 1)
})

test('logouts are forgotten after a day, and a flood of them is bounded', async () => {
  const { clock, watch } = watchOf()
  watch.logOut(logoutOf())
  await clock.advance(24 * 3_600_000)
  assert.equal(watch.takenBack(identityOf()), undefined)
  for (let one = 0; one < 20_001; one++) watch.logOut(logoutOf({ subject: `s${one}` }))
  assert.equal(watch.takenBack(identityOf('s0')), undefined)
  assert.match(String(watch.takenBack(identityOf('s20000'))), /logged out/)
})
