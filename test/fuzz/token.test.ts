import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Log, silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { JwksKeys } from '../../src/oauth/jwks-keys.ts'
import { parseUniqueObject } from '../../src/oauth/verify-json.ts'
import { createTokenVerifier } from '../../src/oauth/verify-token.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { EC, forge, ISSUER, NOW_SECONDS, RULES } from '../support/hostile-tokens.ts'
import { Random, testSeed } from '../support/random.ts'
import { publicJwk, signTexts } from '../support/token-forge.ts'

const BUDGET_MS = Number(process.env.PGOAUTH_FUZZ_MS ?? 3_000)
const seed = testSeed()
const random = new Random(seed)

/** What nobody expects of a check: the log's word for it, which only an issuer's outage may bring. */
const surprises: object[] = []
const log: Log = { ...silentLog, warn: (fields) => surprises.push(fields), error: (fields) => surprises.push(fields) }
const clock = new FakeClock(NOW_SECONDS * 1000)
const keys = new JwksKeys({ issuer: ISSUER, fetchKeySet: async () => ({ keys: [publicJwk(EC)] }), clock, log })
const verifier = createTokenVerifier({ issuers: [{ ...RULES, tokens: 'jwt', keys }], clock, log })
const GOOD = forge()

const ODD = ['.', '..', '=', '-', '_', 'A', '\0', ' ', '\n', 'é', '\ud800', 'eyJ', 'e30', '{', '"', '\\u0000', '%00']

/** A text a few edits away. */
function bend(text: string): string {
  let bent = text
  for (let edits = 1 + random.below(4); edits > 0; edits--) {
    const [at, length] = [random.below(bent.length + 1), random.below(4)]
    const put = random.below(3) === 0 ? '' : random.pick(ODD)
    const isMove = random.below(6) === 0
    const from = random.below(bent.length + 1)
    bent = isMove
      ? bent.slice(0, at) + bent.slice(from, from + random.below(40)) + bent.slice(at)
      : bent.slice(0, at) + put + bent.slice(at + length)
  }
  return bent
}

/** Any JSON, with names that mean something among its names. */
function anyValue(depth: number): unknown {
  const kind = random.below(depth > 3 ? 6 : 8)
  if (kind === 6) return Array.from({ length: random.below(4) }, () => anyValue(depth + 1))
  if (kind === 7) return anyObject(depth + 1)
  return [null, true, random.next() * 1e12, -1, random.pick(['', ISSUER, 'at+jwt', 'ES256', 'none', 'ada']), 1e308][
    kind
  ]
}

function anyObject(depth = 0): Record<string, unknown> {
  const names = [
    'iss',
    'aud',
    'exp',
    'nbf',
    'sub',
    'cnf',
    'scope',
    'scp',
    'typ',
    'alg',
    'kid',
    'crit',
    '__proto__',
    'jwk',
  ]
  return Object.fromEntries(Array.from({ length: random.below(6) }, () => [random.pick(names), anyValue(depth)]))
}

async function isRefused(token: string): Promise<boolean> {
  return !(await verifier.verify(new Secret(token), {})).ok
}

test(`bent tokens are refused, none by surprise (seed ${seed})`, async (context) => {
  const endMs = performance.now() + BUDGET_MS / 2
  let count = 0
  for (; performance.now() < endMs; count++) {
    const token = bend(GOOD)
    if (token !== GOOD) assert.ok(await isRefused(token), `seed ${seed}: ${JSON.stringify(token)}`)
  }
  assert.deepEqual(surprises, [], `seed ${seed}`)
  context.diagnostic(`${count} tokens`)
})

test(`whatever an issuer may sign gets a verdict, never a surprise (seed ${seed})`, async (context) => {
  const endMs = performance.now() + BUDGET_MS / 2
  let [count, accepted] = [0, 0]
  for (; performance.now() < endMs; count++) {
    const header = random.below(2) ? { alg: 'ES256', typ: 'at+jwt', kid: EC.kid, ...anyObject() } : anyObject()
    const claims = { iss: ISSUER, aud: 'postgres://prod', exp: NOW_SECONDS + 60, sub: 'ada', ...anyObject() }
    const token = signTexts(JSON.stringify(header), JSON.stringify(claims), EC)
    if (!(await isRefused(token))) accepted++
  }
  assert.deepEqual(surprises, [], `seed ${seed}`)
  assert.ok(accepted > 0, 'some have to be good, or nothing was tried')
  context.diagnostic(`${count} tokens, ${accepted} accepted`)
})

test(`a name twice is found wherever it stands, and nowhere else (seed ${seed})`, () => {
  for (let round = 0; round < 2_000; round++) {
    const value = { ...anyObject(), nested: { ...anyObject(), last: 1 } }
    const text = JSON.stringify(value)
    assert.deepEqual({ ...parseUniqueObject(text) }, { ...JSON.parse(text) }, `seed ${seed}: ${text}`)
    const doubled = text.replace('"nested":{', () => '"nested":{"twice":{"a":"}\\"{,"},"t\\u0077ice":1,')
    assert.ok(JSON.parse(doubled), 'JSON it is')
    assert.equal(parseUniqueObject(doubled), undefined, `seed ${seed}: ${doubled}`)
  }
})
