import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ageOf, refreshAtSeconds } from '../../src/tokens/freshness.ts'

const T = 1_800_000_000

test('a token of an hour is refreshed at 80 % of it', () => {
  assert.equal(refreshAtSeconds({ obtainedAtSeconds: T, expiresAtSeconds: T + 3600 }), T + 2880)
})

test('a token of four minutes is refreshed a minute before its end, which is earlier', () => {
  assert.equal(refreshAtSeconds({ obtainedAtSeconds: T, expiresAtSeconds: T + 240 }), T + 180)
})

test('a token of a minute is used for half of it rather than never', () => {
  assert.equal(refreshAtSeconds({ obtainedAtSeconds: T, expiresAtSeconds: T + 60 }), T + 30)
})

test('fresh, then due, then over', () => {
  const life = { obtainedAtSeconds: T, expiresAtSeconds: T + 3600 }
  assert.equal(ageOf(life, T + 2879), 'fresh')
  assert.equal(ageOf(life, T + 2880), 'due')
  assert.equal(ageOf(life, T + 3594), 'due')
  assert.equal(ageOf(life, T + 3595), 'over')
})

test('a laptop that slept finds its token over, though no timer ran', () => {
  assert.equal(ageOf({ obtainedAtSeconds: T, expiresAtSeconds: T + 3600 }, T + 8 * 3600), 'over')
})

test('a clock that was set back makes a token over rather than good for longer', () => {
  assert.equal(ageOf({ obtainedAtSeconds: T, expiresAtSeconds: T + 3600 }, T - 61), 'over')
  assert.equal(ageOf({ obtainedAtSeconds: T, expiresAtSeconds: T + 3600 }, T - 30), 'fresh')
})

test('a token of unknown life is good until it is refused', () => {
  assert.equal(ageOf({ obtainedAtSeconds: T, expiresAtSeconds: undefined }, T + 10 ** 9), 'fresh')
})
