import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgoauthError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { pathsOf } from '../../src/config/paths.ts'
import { resolveProfile } from '../../src/config/profiles.ts'
import { accountOf, readRecord, recordOf, writeRecord } from '../../src/tokens/login-record.ts'
import { openLoginSource } from '../../src/tokens/login-source.ts'
import { openMemoryStore } from '../../src/tokens/memory-store.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const issuer = await startTestIssuer({ settings: { accessTokenSeconds: 3600 } })

/** A person logged in at the test issuer, on a clock that stands still. */
async function loggedIn() {
  const home = temporaryDirectory()
  const env = { HOME: home }
  const paths = pathsOf({ env, home, platform: 'linux' })
  const flags = { issuer: issuer.url, client_id: 'pgoauth' }
  const profile = await resolveProfile(undefined, { env, flags, home, paths })
  const clock = new FakeClock(Date.now())
  const store = { ...openMemoryStore(), shared: true }
  const warnings: string[] = []
  const deps = {
    env,
    platform: 'linux' as const,
    paths,
    clock,
    log: silentLog,
    warn: (message: string) => warnings.push(message),
  }
  const answer = await issuer.login('ada', 'openid offline_access')
  const nowSeconds = Math.floor(clock.nowMs() / 1000)
  const grant = {
    accessToken: new Secret(answer.access_token),
    refreshToken: answer.refresh_token ? new Secret(answer.refresh_token) : undefined,
    expiresAtSeconds: nowSeconds + answer.expires_in,
    scopes: undefined,
    person: 'ada',
    hasIdToken: true,
  }
  const account = accountOf(profile)
  await store.write(account, writeRecord(recordOf(grant, profile, nowSeconds)))
  const stored = async () => readRecord((await store.read(account)) ?? '', profile, '')
  return {
    source: openLoginSource(profile, deps, store),
    clock,
    store,
    account,
    stored,
    warnings,
    first: answer,
    profile,
    deps,
  }
}

test('a fresh token is given without asking the issuer', async () => {
  const { source, first } = await loggedIn()
  const asked = issuer.requests.length
  assert.equal((await source.fresh()).token.reveal(), first.access_token)
  assert.equal(issuer.requests.length, asked)
})

test('at 80 % of its life a token is refreshed, and what is rotated is written', async () => {
  const { source, clock, first, stored } = await loggedIn()
  await clock.advance(2_880_000)
  const token = (await source.fresh()).token.reveal()
  assert.notEqual(token, first.access_token)
  const record = await stored()
  assert.equal(record.accessToken.reveal(), token)
  assert.notEqual(record.refreshToken?.reveal(), first.refresh_token)
})

test('callers at the same time share one refresh', async () => {
  const { source, clock } = await loggedIn()
  await clock.advance(3_500_000)
  const before = issuer.count(/^\/token$/)
  const tokens = await Promise.all(Array.from({ length: 20 }, () => source.fresh()))
  assert.equal(new Set(tokens.map(({ token }) => token.reveal())).size, 1)
  assert.equal(issuer.count(/^\/token$/), before + 1)
})

test('a laptop that slept past the end of its token refreshes at once', async () => {
  const { source, clock, first } = await loggedIn()
  clock.suspend(9 * 3_600_000)
  assert.notEqual((await source.fresh()).token.reveal(), first.access_token)
})

test('a token that was refused is replaced, however fresh', async () => {
  const { source, first } = await loggedIn()
  const refused = new Secret(first.access_token)
  const token = (await source.fresh({ replacing: refused })).token.reveal()
  assert.notEqual(token, first.access_token)
  assert.equal((await source.fresh({ replacing: refused })).token.reveal(), token, 'the new one is not refused')
})

test('with the issuer down a token that is still good is used, with one warning', async () => {
  const { source, clock, first, warnings } = await loggedIn()
  await clock.advance(3_000_000)
  issuer.weather.outage = true
  try {
    const before = issuer.requests.length
    assert.equal((await source.fresh()).token.reveal(), first.access_token)
    assert.equal((await source.fresh()).token.reveal(), first.access_token)
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /the issuer cannot be reached.*still good for 600 s/)
    assert.ok(issuer.requests.length - before <= 2, 'the second call backs off')
  } finally {
    issuer.weather.outage = false
  }
  await clock.advance(60_000)
  assert.notEqual((await source.fresh()).token.reveal(), first.access_token, 'and is refreshed once it is back')
})

test('with the issuer answering 503 a token that is still good is used', async () => {
  const { source, clock, first } = await loggedIn()
  await clock.advance(3_000_000)
  issuer.weather.failWith = 503
  try {
    assert.equal((await source.fresh()).token.reveal(), first.access_token)
  } finally {
    issuer.weather.failWith = undefined
  }
})

test('with the issuer down and the token over, that is what is said', async () => {
  const { source, clock } = await loggedIn()
  await clock.advance(4_000_000)
  issuer.weather.outage = true
  try {
    await assert.rejects(source.fresh(), { code: 'ISSUER_UNREACHABLE', exit: 5 })
  } finally {
    issuer.weather.outage = false
  }
  assert.ok((await source.fresh()).token.reveal())
})

test('a refresh token that another program rotated in the meantime is read again', async () => {
  const { source, clock, store, account, profile, deps } = await loggedIn()
  // Another program, without this lock: what it writes comes between our read and the issuer's answer.
  const mine = (await store.read(account)) ?? ''
  await clock.advance(4_000_000)
  await openLoginSource(profile, deps, store).fresh()
  const theirs = (await store.read(account)) ?? ''
  let reads = 0
  const racing = { ...store, read: async () => (reads++ < 2 ? mine : theirs) }
  const token = (await openLoginSource(profile, deps, racing).fresh()).token.reveal()
  assert.equal(token, (JSON.parse(theirs) as { access_token: string }).access_token)
  assert.ok(source)
})

test('a login that the issuer ended says so, and the issuer is not asked again', async () => {
  const { source, clock, first } = await loggedIn()
  await fetch(`${issuer.url}/token/revocation`, {
    method: 'POST',
    body: new URLSearchParams({ token: first.refresh_token ?? '', client_id: 'pgoauth' }),
  })
  await clock.advance(4_000_000)
  await assert.rejects(source.fresh(), {
    code: 'LOGIN_NEEDED',
    exit: 3,
    message: /has ended/,
    fix: 'pgoauth login default',
  })
  const asked = issuer.requests.length
  await assert.rejects(source.fresh(), { code: 'LOGIN_NEEDED' })
  assert.equal(issuer.requests.length, asked)
})

test('a logout elsewhere counts at once', async () => {
  const { source, store, account } = await loggedIn()
  await source.fresh()
  await store.remove(account)
  await assert.rejects(source.fresh(), { code: 'LOGIN_NEEDED', message: /nobody is logged in/ })
})

test('an entry that pgoauth did not write is reported', async () => {
  const { source, store, account } = await loggedIn()
  for (const foreign of [
    'hunter2',
    '{"pgoauth":"login","version":1}',
    '[]',
    'null',
    '{"pgoauth":"login","version":2}',
  ]) {
    await store.write(account, foreign)
    await assert.rejects(source.fresh(), { code: 'STORE_CORRUPT', fix: /pgoauth logout default/ }, foreign)
  }
})

test('a store that cannot be written is found before the issuer is asked, so that no login is lost', async () => {
  const { clock, store, profile, deps, stored, warnings, first } = await loggedIn()
  const full = {
    ...store,
    write: async () => {
      throw new PgoauthError('STORE_UNAVAILABLE', { detail: 'the disk is full' })
    },
  }
  const before = { asked: issuer.count(/^\/token$/), record: await stored() }
  await clock.advance(3_000_000)
  const due = await openLoginSource(profile, deps, full).fresh()
  assert.equal(due.token.reveal(), first.access_token, 'the token at hand is still good')
  assert.match(warnings.join(), /the disk is full.*still good for \d+ s/)
  await clock.advance(4_000_000)
  await assert.rejects(openLoginSource(profile, deps, full).fresh(), { code: 'STORE_UNAVAILABLE' })
  assert.equal(issuer.count(/^\/token$/), before.asked)
  assert.equal((await stored()).refreshToken?.reveal(), before.record.refreshToken?.reveal())
  assert.notEqual((await openLoginSource(profile, deps, store).fresh()).token.reveal(), first.access_token)
})

test('a profile that names another resource needs another login, and the refresh token is not spent on it', async () => {
  const { source, profile, deps, store, first } = await loggedIn()
  const before = issuer.count(/^\/token$/)
  for (const other of [{ resource: ['postgres://other'] }, { audience: 'other' }]) {
    await assert.rejects(openLoginSource({ ...profile, ...other }, deps, store).fresh(), {
      code: 'LOGIN_NEEDED',
      message: /was made for no resource, and the profile now says (resource postgres:\/\/other|audience other)/,
    })
  }
  assert.equal(issuer.count(/^\/token$/), before)
  assert.equal((await source.fresh()).token.reveal(), first.access_token)
})

test('an answer that cannot be written is not given out, and said to be lost', async () => {
  const { clock, store, profile, deps } = await loggedIn()
  await clock.advance(4_000_000)
  let writes = 0
  const full = {
    ...store,
    // The first one finds out whether the store can be written at all.
    write: async (name: string, text: string) => {
      if (++writes === 1) return store.write(name, text)
      throw new Error('the disk is full')
    },
  }
  const pending = assert.rejects(openLoginSource(profile, deps, full).fresh(), {
    code: 'STORE_UNAVAILABLE',
    message: /could not be written \(the disk is full\), so it is lost/,
  })
  for (let step = 0; step < 200; step++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    await clock.advance(250)
  }
  await pending
})
