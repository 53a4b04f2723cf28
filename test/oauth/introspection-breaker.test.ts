import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { CircuitBreaker } from '../../src/oauth/introspection-breaker.ts'
import { FakeClock } from '../support/fake-clock.ts'

function breakerOf() {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker(clock)
  const attempt = async (isGood: boolean, isFailure = true) => {
    if (!breaker.mayTry()) return 'not tried'
    const outcome = isGood ? Promise.resolve('good') : Promise.reject(new Error('bad'))
    return breaker.watch(outcome, () => isFailure).catch(() => 'bad')
  }
  const fail = async (times: number) => {
    for (let time = 0; time < times; time++) await attempt(false)
  }
  return { clock, breaker, attempt, fail }
}

test('four failures in a row stop nothing', async () => {
  const { attempt, fail } = breakerOf()
  await fail(4)
  assert.equal(await attempt(true), 'good')
})

test('five failures in a row stop everything', async () => {
  const { breaker, attempt, fail } = breakerOf()
  await fail(5)
  assert.ok(breaker.isOpen)
  assert.equal(await attempt(true), 'not tried')
})

test('a success between failures starts the count anew', async () => {
  const { attempt, fail } = breakerOf()
  await fail(4)
  await attempt(true)
  await fail(4)
  assert.equal(await attempt(true), 'good')
})

test('an error that is not the other side’s fault shows that it is there', async () => {
  const { attempt, fail } = breakerOf()
  await fail(4)
  assert.equal(await attempt(false, false), 'bad')
  await fail(4)
  assert.equal(await attempt(true), 'good')
})

test('nothing is tried for ten seconds', async () => {
  const { clock, attempt, fail } = breakerOf()
  await fail(5)
  await clock.advance(9_999)
  assert.equal(await attempt(true), 'not tried')
  await clock.advance(1)
  assert.equal(await attempt(true), 'good')
})

test('after them one tries, and nobody else until it has', async () => {
  const { breaker, clock, fail, attempt } = breakerOf()
  await fail(5)
  await clock.advance(10_000)
  assert.ok(breaker.mayTry())
  assert.equal(await attempt(true), 'not tried')
  await breaker.watch(Promise.resolve(1), () => true)
  assert.equal(await attempt(true), 'good')
})

test('a try that fails stops everything for ten seconds more, and no longer', async () => {
  const { clock, attempt, fail } = breakerOf()
  await fail(5)
  await clock.advance(10_000)
  assert.equal(await attempt(false), 'bad')
  await clock.advance(9_999)
  assert.equal(await attempt(true), 'not tried')
  await clock.advance(1)
  assert.equal(await attempt(true), 'good')
})

test('a clock that was set back does not keep it open', async () => {
  const clock = new FakeClock()
  let backMs = 0
  const breaker = new CircuitBreaker({ ...systemClock, nowMs: () => clock.nowMs() - backMs })
  for (let time = 0; time < 5; time++) {
    breaker.mayTry()
    await breaker.watch(Promise.reject(new Error('bad')), () => true).catch(() => {})
  }
  backMs = 3_600_000
  assert.ok(breaker.mayTry())
})
