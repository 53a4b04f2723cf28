import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Subject } from '../../src/base/brand.ts'
import { type Answer, VerdictCache } from '../../src/oauth/verify-cache.ts'
import { FakeClock } from '../support/fake-clock.ts'

const START_SECONDS = Date.UTC(2026, 0, 1) / 1000

function good(more: Partial<Answer> = {}, expiresAtSeconds = START_SECONDS + 3_600): Answer {
  const identity = {
    issuer: 'https://id.example.com',
    subject: 'ada' as Subject,
    clientId: undefined,
    scopes: [],
    claims: {},
    expiresAtSeconds,
  }
  return { checked: { ok: true, token: { identity, boundToCertificate: undefined } }, keepMs: 60_000, ...more }
}
const bad: Answer = { checked: { ok: false, reason: 'bad' }, keepMs: 60_000 }
const unavailable: Answer = { checked: { ok: false, reason: 'down', isUnavailable: true }, keepMs: 60_000 }

function cacheOf() {
  const clock = new FakeClock()
  const cache = new VerdictCache(clock)
  const asked: string[] = []
  const ask =
    (answer: Answer, token = 'token') =>
    async () => {
      asked.push(token)
      return answer
    }
  const get = async (answer: Answer, token = 'token') => (await cache.get(token, ask(answer, token))).ok
  const renew = async (answer: Answer, token = 'token') => (await cache.renew(token, ask(answer, token))).ok
  return { clock, cache, asked, get, renew }
}

test('a good answer is kept for its time', async () => {
  const { clock, asked, get } = cacheOf()
  await get(good())
  await clock.advance(59_999)
  await get(good())
  assert.equal(asked.length, 1)
  await clock.advance(1)
  await get(good())
  assert.equal(asked.length, 2)
})

test('a good answer is not kept past exp', async () => {
  const { clock, asked, get } = cacheOf()
  await get(good({}, START_SECONDS + 10))
  await clock.advance(10_000)
  await get(good({}, START_SECONDS + 10))
  assert.equal(asked.length, 2)
})

test('a refusal is kept for two seconds', async () => {
  const { clock, asked, get } = cacheOf()
  await get(bad)
  await clock.advance(1_999)
  assert.equal(await get(good()), false)
  await clock.advance(1)
  assert.equal(await get(good()), true)
  assert.equal(asked.length, 2)
})

test('what could not be found out is not kept', async () => {
  const { get } = cacheOf()
  assert.equal(await get(unavailable), false)
  assert.equal(await get(good()), true)
})

test('an answer whose ground is gone is not used', async () => {
  const { asked, get } = cacheOf()
  let stillHolds = true
  await get(good({ stillHolds: () => stillHolds }))
  await get(good())
  stillHolds = false
  await get(good())
  assert.equal(asked.length, 2)
})

test('tokens are told apart', async () => {
  const { get } = cacheOf()
  await get(good(), 'a')
  assert.equal(await get(bad, 'b'), false)
})

test('who asks meanwhile gets the answer that is under way', async () => {
  const { cache, asked, get } = cacheOf()
  const answers = await Promise.all([get(good()), get(good()), get(good())])
  assert.deepEqual([answers, asked.length, cache.misses], [[true, true, true], 1, 1])
})

test('a check that throws is told to all who wait, and asked anew by the next', async () => {
  const { cache, get } = cacheOf()
  const fail = async () => Promise.reject(new Error('broken'))
  await Promise.all([
    assert.rejects(async () => cache.get('token', fail)),
    assert.rejects(async () => cache.get('token', fail)),
  ])
  assert.equal(await get(good()), true)
})

test('a recheck asks though the answer is known, and replaces it', async () => {
  const { asked, get, renew } = cacheOf()
  await get(good())
  assert.equal(await renew(bad), false)
  assert.equal(await get(good()), false)
  assert.equal(asked.length, 2)
})

test('a recheck does not take the answer of a check that began before it', async () => {
  const { cache, renew } = cacheOf()
  let answer: (value: Answer) => void = () => {}
  const slow = cache.get('token', () => new Promise<Answer>((resolve) => (answer = resolve)))
  assert.equal(await renew(bad), false)
  answer(good())
  await slow
})

test('a check that began before a recheck does not undo what it found', async () => {
  const { cache, get, renew } = cacheOf()
  let answer: (value: Answer) => void = () => {}
  const slow = cache.get('token', () => new Promise<Answer>((resolve) => (answer = resolve)))
  await renew(bad)
  answer(good())
  await slow
  assert.equal(await get(good()), false)
})

test('a recheck that finds nothing out leaves what was known', async () => {
  const { asked, get, renew } = cacheOf()
  await get(good())
  await renew(unavailable)
  assert.equal(await get(bad), true)
  assert.equal(asked.length, 2)
})

test('at most 10,000 good answers are kept, the oldest goes first', async () => {
  const { asked, get } = cacheOf()
  for (let token = 0; token <= 10_000; token++) await get(good(), `t${token}`)
  asked.length = 0
  await get(good(), 't10000')
  await get(good(), 't1')
  await get(good(), 't0')
  assert.deepEqual(asked, ['t0'])
})

test('good answers with much in them are kept up to 32 MiB, the oldest goes first', async () => {
  const { asked, get } = cacheOf()
  const { checked } = good()
  assert.ok(checked.ok)
  const identity = { ...checked.token.identity, claims: { groups: 'x'.repeat(1024 ** 2) } }
  const large = { checked: { ok: true as const, token: { identity, boundToCertificate: undefined } }, keepMs: 60_000 }
  for (let token = 0; token < 32; token++) await get(large, `t${token}`)
  asked.length = 0
  await get(large, 't31')
  await get(large, 't1')
  await get(large, 't0')
  assert.deepEqual(asked, ['t0'])
})

test('refusals drive no good answer out', async () => {
  const { asked, get } = cacheOf()
  await get(good(), 'good')
  for (let token = 0; token < 10_000; token++) await get(bad, `t${token}`)
  asked.length = 0
  await get(good(), 'good')
  assert.deepEqual(asked, [])
})
