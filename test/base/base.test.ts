import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { z } from 'zod'
import { systemClock } from '../../src/base/clock.ts'
import { asPgoauthError, ERRORS, fail, PgoauthError } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import { suggest } from '../../src/base/suggest.ts'
import { parseDurationMs, parseSizeBytes } from '../../src/base/units.ts'
import { checkYaml, mistakeText, readYamlOrThrow } from '../../src/base/yaml-document.ts'

test('every error has a SQLSTATE, an exit code, and a text that names no detail', () => {
  for (const [code, kind] of Object.entries(ERRORS)) {
    assert.match(kind.sqlstate, /^[0-9A-Z]{5}$/, code)
    assert.ok([1, 2, 3, 4, 5].includes(kind.exit), code)
    assert.match(kind.say, /^[a-zA-Z][^\n:]*[^.\n]$/, code)
  }
})

test('an error says its row, and keeps detail, fix and cause apart from what may cross the wire', () => {
  const cause = new Error('why')
  assert.throws(
    () => fail('TOKEN_REFUSED', { detail: 'signature', fix: 'log in', cause }),
    (error) =>
      error instanceof PgoauthError &&
      error.say === 'token was refused' &&
      error.message === 'token was refused: signature' &&
      error.fix === 'log in' &&
      error.cause === cause &&
      error.sqlstate === '28000' &&
      error.exit === 4 &&
      error.fault === 'user',
  )
})

test('what is thrown by others becomes INTERNAL and keeps its cause', () => {
  const thrown = new TypeError('x is not a function')
  assert.equal(asPgoauthError(thrown).code, 'INTERNAL')
  assert.equal(asPgoauthError(thrown).cause, thrown)
})

test('a secret prints as [redacted] in a string, in JSON, in the console and in its keys', () => {
  const secret = new Secret('hunter2')
  const printed = [`${secret}`, JSON.stringify({ secret }), inspect({ secret }), inspect(secret, { showHidden: true })]
  for (const text of printed) {
    assert.ok(text.includes('[redacted]'), text)
    assert.ok(!text.includes('hunter2'), text)
  }
  assert.equal(secret.reveal(), 'hunter2')
})

test('a duration needs its unit, and 0 needs none', () => {
  assert.equal(parseDurationMs('30s'), 30_000)
  assert.equal(parseDurationMs('250ms'), 250)
  assert.equal(parseDurationMs('1.5h'), 5_400_000)
  assert.equal(parseDurationMs(0), 0)
  for (const wrong of ['30', '', '-1s', '1 s', 's', '1w', 30]) assert.equal(parseDurationMs(wrong), undefined)
})

test('a size is bytes, or has its unit', () => {
  assert.equal(parseSizeBytes('16MiB'), 16 << 20)
  assert.equal(parseSizeBytes('1GB'), 1e9)
  assert.equal(parseSizeBytes(512), 512)
  for (const wrong of ['MiB', '-1', '1mb', '1 MiB']) assert.equal(parseSizeBytes(wrong), undefined)
})

test('a mistyped word finds the one that was meant, and a strange one finds none', () => {
  const known = ['login', 'logout', 'status', 'profile']
  assert.equal(suggest('lgoin', known), 'login')
  assert.equal(suggest('statsu', known), 'status')
  assert.equal(suggest('Profile', known), 'profile')
  assert.equal(suggest('banana', known), undefined)
})

const SCHEMA = z.strictObject({
  profiles: z.record(z.string(), z.strictObject({ host: z.string(), port: z.number().int().default(5432) })),
})

test('every mistake of a file is reported at once, with line, column and a suggestion', () => {
  const text = 'profiles:\n  prod:\n    hots: x\n    port: many\nprofile: 1\n'
  const result = checkYaml('config.yaml', text, SCHEMA)
  assert.ok(!result.ok)
  const mistakes = result.mistakes.map(mistakeText)
  assert.equal(mistakes.length, 4)
  assert.match(mistakes[0] ?? '', /^config\.yaml:3:5: (unknown key "hots"; did you mean "host"\?|profiles\.prod\.host)/)
  assert.ok(mistakes.includes('config.yaml:3:5: unknown key "hots"; did you mean "host"?'))
  assert.ok(mistakes.includes('config.yaml:3:5: profiles.prod.host is missing'))
  assert.ok(mistakes.includes('config.yaml:4:11: profiles.prod.port must be a number'))
  assert.ok(mistakes.includes('config.yaml:5:1: unknown key "profile"; did you mean "profiles"?'))
})

test('a value that fits no option of a union says what would, or what its nearest option lacks', () => {
  const scopes = z.union([z.literal('all'), z.array(z.string()), z.strictObject({ select: z.array(z.string()) })])
  const schema = z.strictObject({ scopes })
  const mistakesIn = (text: string) => {
    const result = checkYaml('p.yaml', text, schema)
    return result.ok ? [] : result.mistakes.map(mistakeText)
  }
  assert.deepEqual(mistakesIn('scopes: 7\n'), ['p.yaml:1:9: scopes must be "all" or a list or a mapping'])
  assert.deepEqual(
    mistakesIn('scopes: { selct: [a] }\n').at(-1),
    'p.yaml:1:11: unknown key "selct"; did you mean "select"?',
  )
  assert.deepEqual(mistakesIn('scopes: [1]\n'), ['p.yaml:1:10: scopes.0 must be a text'])
})

test('a file that is not YAML names the place', () => {
  const result = checkYaml('config.yaml', 'a: [1\nb: 2\n', SCHEMA)
  assert.ok(!result.ok)
  assert.match(mistakeText(result.mistakes[0] ?? assert.fail()), /^config\.yaml:[12]:\d+: /)
})

test('a key that stands twice is a mistake', () => {
  const result = checkYaml('config.yaml', 'profiles: {}\nprofiles: {}\n', SCHEMA)
  assert.ok(!result.ok)
  assert.match(mistakeText(result.mistakes[0] ?? assert.fail()), /^config\.yaml:2:1: /)
})

test('a good file gives its value with defaults, and where each part stands', () => {
  const document = readYamlOrThrow('config.yaml', 'profiles:\n  prod:\n    host: x\n', SCHEMA)
  assert.deepEqual(document.value, { profiles: { prod: { host: 'x', port: 5432 } } })
  assert.deepEqual(document.locate(['profiles', 'prod', 'host']), { file: 'config.yaml', line: 3, column: 11 })
})

test('an alias bomb is refused rather than expanded', () => {
  const bomb = `a: &a [${'x,'.repeat(20)}x]\nb: &b [${'*a,'.repeat(20)}*a]\nc: [${'*b,'.repeat(20)}*b]\n`
  const result = checkYaml('config.yaml', bomb, SCHEMA)
  assert.ok(!result.ok)
})

test('a sleep ends with its signal', async () => {
  const stop = new AbortController()
  const sleeping = systemClock.sleep(60_000, stop.signal)
  stop.abort(new Error('stopped'))
  await assert.rejects(sleeping, /stopped/)
})
