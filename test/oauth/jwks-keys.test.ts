import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { fail } from '../../src/base/errors.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { JwksKeys } from '../../src/oauth/jwks-keys.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type ForgeKey, newForgeKey, publicJwk } from '../support/token-forge.ts'

const A = newForgeKey('ES256', 'a')
const B = newForgeKey('ES256', 'b')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Keys whose place is a variable: `set` is what a fetch finds, undefined an outage. */
function keysOf(...first: ForgeKey[]) {
  const clock = new FakeClock()
  const warnings: object[] = []
  const log: Log = { ...silentLog, warn: (fields) => warnings.push(fields) }
  const place = { set: { keys: first.map(publicJwk) } as unknown, fetches: 0, latencyMs: 0 }
  const keys = new JwksKeys({
    issuer: 'https://id.example.com',
    async fetchKeySet() {
      place.fetches++
      if (place.latencyMs > 0) await clock.sleep(place.latencyMs)
      return place.set ?? fail('ISSUER_UNREACHABLE', { detail: 'down' })
    },
    clock,
    log,
  })
  return { keys, clock, place, warnings }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a thousand that wait for keys make one fetch', async () => {
  const { keys, place } = keysOf(A)
  await Promise.all(Array.from({ length: 1_000 }, () => keys.current()))
  assert.equal(place.fetches, 1)
})

test('keys serve for five minutes without a fetch', async () => {
  const { keys, clock, place } = keysOf(A)
  await keys.current()
  await clock.advance(5 * MINUTE - 1)
  await keys.current()
  assert.equal(place.fetches, 1)
})

test('after five minutes one fetch runs behind, and nobody waits for it', async () => {
  const { keys, clock, place } = keysOf(A)
  const first = await keys.current()
  place.latencyMs = 1_000
  await clock.advance(5 * MINUTE)
  assert.equal(await keys.current(), first)
  assert.equal(await keys.current(), first)
  assert.equal(place.fetches, 2)
})

test('keys that come again unchanged are the same keys', async () => {
  const { keys, clock } = keysOf(A)
  const first = await keys.current()
  await clock.advance(5 * MINUTE)
  await keys.current()
  await turn()
  assert.equal(await keys.current(), first)
  assert.ok(keys.stillVouches(first))
})

test('what a withdrawn key vouched for counts no more, though nobody asked for keys', async () => {
  const { keys, clock, place } = keysOf(A, B)
  const first = await keys.current()
  place.set = { keys: [publicJwk(A)] }
  await clock.advance(5 * MINUTE)
  assert.ok(keys.stillVouches(first), 'until the fetch that this sets off is back')
  await turn()
  assert.ok(!keys.stillVouches(first))
})

test('a token of an unknown key is worth a fetch at once', async () => {
  const { keys, place } = keysOf(A)
  const first = await keys.current()
  place.set = { keys: [publicJwk(A), publicJwk(B)] }
  assert.notEqual(await keys.newer(first), first)
})

test('whoever comes with old keys after a fetch gets the new ones without another', async () => {
  const { keys, place } = keysOf(A)
  const first = await keys.current()
  place.set = { keys: [publicJwk(B)] }
  const second = await keys.newer(first)
  assert.equal(await keys.newer(first), second)
  assert.equal(place.fetches, 2)
})

test('a flood of invented keys costs three fetches, then one in ten seconds', async () => {
  const { keys, clock, place } = keysOf(A)
  const first = await keys.current()
  for (let token = 0; token < 1_000; token++) await keys.newer(first)
  assert.equal(place.fetches, 3)
  await clock.advance(10_000)
  for (let token = 0; token < 1_000; token++) await keys.newer(first)
  assert.equal(place.fetches, 4)
})

test('through an outage the keys serve for four hours', async () => {
  const { keys, clock, place } = keysOf(A)
  const first = await keys.current()
  place.set = undefined
  await clock.advance(4 * HOUR - 1)
  assert.equal(await keys.current(), first)
  assert.ok(keys.areReady)
})

test('after four hours of outage they serve no more', async () => {
  const { keys, clock, place } = keysOf(A)
  const first = await keys.current()
  place.set = undefined
  await clock.advance(4 * HOUR)
  await assert.rejects(keys.current(), /ISSUER_UNREACHABLE|cannot be reached/)
  assert.ok(!keys.areReady)
  assert.ok(!keys.stillVouches(first))
})

test('in an outage one attempt is made in ten seconds, whoever asks', async () => {
  const { keys, clock, place } = keysOf(A)
  await keys.current()
  place.set = undefined
  await clock.advance(6 * MINUTE)
  for (let token = 0; token < 100; token++) {
    await keys.current()
    await turn()
  }
  assert.equal(place.fetches, 2)
  await clock.advance(10_000)
  await keys.current()
  assert.equal(place.fetches, 3)
})

test('without any keys an outage is asked into three times, then once in ten seconds', async () => {
  const { keys, clock, place } = keysOf()
  place.set = undefined
  for (let token = 0; token < 100; token++) await assert.rejects(keys.current())
  assert.equal(place.fetches, 3)
  await clock.advance(10_000)
  for (let token = 0; token < 100; token++) await assert.rejects(keys.current())
  assert.equal(place.fetches, 4)
})

test('keys are there as soon as the issuer is back', async () => {
  const { keys, clock, place } = keysOf(A)
  const set = place.set
  place.set = undefined
  await assert.rejects(keys.current())
  place.set = set
  await clock.advance(10_000)
  assert.ok(await keys.current())
})

test('a clock that was set back does not make keys young', async () => {
  const clock = new FakeClock()
  let nowMs = clock.nowMs()
  let fetches = 0
  const keys = new JwksKeys({
    issuer: 'https://id.example.com',
    fetchKeySet: async () => {
      fetches++
      return { keys: [publicJwk(A)] }
    },
    clock: { nowMs: () => nowMs, sleep: clock.sleep.bind(clock), after: clock.after.bind(clock) },
    log: silentLog,
  })
  await keys.current()
  nowMs -= 10 * HOUR
  await keys.current()
  assert.equal(fetches, 2)
})

test('an answer without keys is named as such', async () => {
  const { keys, place } = keysOf()
  place.set = { jwks: [] }
  await assert.rejects(keys.current(), /has no keys/)
})

test('one key that is no key does not take the others with it, and is named', async () => {
  const { keys, place, warnings } = keysOf(A)
  place.set = { keys: [null, { kty: 'EC', kid: 'bent', crv: 'P-256', x: 'AAAA', y: 'AAAA' }, publicJwk(A)] }
  await keys.current()
  assert.deepEqual(
    warnings.map((one) => (one as { reason: string }).reason),
    ['not a public key of a known kind', 'not a valid key'],
  )
})

for (const [name, key] of [
  ['a shared key', { kty: 'oct', k: 'c2VjcmV0', kid: 'x' }],
  ['a private key', { ...A.privateKey.export({ format: 'jwk' }), kid: 'x' }],
  [
    'an RSA key of 1024 bits',
    { ...generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }) },
  ],
] as const) {
  test(`${name} in the set is not used`, async () => {
    const { keys, place } = keysOf()
    place.set = { keys: [key] }
    await assert.rejects(keys.current(), /no usable public key/)
  })
}

for (const [name, set] of [
  ['no keys', {}],
  ['a hundred and one keys', { keys: Array.from({ length: 101 }, () => publicJwk(A)) }],
  ['an empty list', { keys: [] }],
  ['null', null],
] as const) {
  test(`a set with ${name} changes nothing`, async () => {
    const { keys, clock, place } = keysOf(A)
    const first = await keys.current()
    place.set = set === null ? 'null' : set
    await clock.advance(5 * MINUTE)
    await keys.current()
    await turn()
    assert.equal(await keys.current(), first)
  })
}
