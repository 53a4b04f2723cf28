import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOSTILE_CLAIMS } from '../support/hostile-claims.ts'
import { HOSTILE_FORMS, HOSTILE_KEY_SETS } from '../support/hostile-key-sets.ts'
import { ACCEPTED, HOSTILE } from '../support/hostile-tokens.ts'
import { type Mutation, openMutant, replacing, withoutCalls } from '../support/mutants.ts'
import { complaint, type JudgeModules, judge } from '../support/token-judge.ts'

const CLAIMS = 'src/oauth/verify-claims.js'
const SIGNATURE = 'src/oauth/verify-signature.js'
const SCOPES = 'src/oauth/verify-scopes.js'
const TOKEN = 'src/oauth/verify-token.js'
const KEYS = 'src/oauth/jwks-keys.js'
const JSON_TEXT = 'src/oauth/verify-json.js'

/** Each reason is said through wrong(): all of them are found here, also those that somebody adds tomorrow. */
const CHECKS = withoutCalls([CLAIMS, SIGNATURE, SCOPES, TOKEN], 'wrong').filter(
  // Needs an issuer over the network: test/oauth/introspection-client.test.ts has it.
  ({ name }) => !name.includes('the issuer does not take it'),
)

/** Checks within checks. */
const PARTS: Mutation[] = [
  replacing(CLAIMS, 'iss === rules.issuer', 'true'),
  replacing(CLAIMS, 'audience.includes(one)', 'true'),
  replacing(CLAIMS, "named.every((one) => typeof one === 'string')", 'true'),
  replacing(CLAIMS, "typeof value === 'number' && ", ''),
  replacing(CLAIMS, 'value >= 0 && ', ''),
  replacing(CLAIMS, ' && value <= LATEST_SECONDS', ''),
  replacing(CLAIMS, 'exp * 1000 + toleranceMs <= nowMs', 'exp * 1000 + toleranceMs < nowMs'),
  replacing(CLAIMS, 'exp * 1000 + toleranceMs <= nowMs', 'exp * 1000 <= nowMs'),
  replacing(CLAIMS, 'nbf * 1000 - toleranceMs > nowMs', 'nbf * 1000 - toleranceMs >= nowMs'),
  replacing(CLAIMS, 'nbf * 1000 - toleranceMs > nowMs', 'nbf * 1000 > nowMs'),
  replacing(CLAIMS, "accepted === 'any' && isPlain", 'isPlain'),
  replacing(CLAIMS, "accepted === 'any' && isPlain", "accepted === 'any'"),
  replacing(CLAIMS, "['nonce', 'at_hash', 'c_hash']", "['at_hash', 'c_hash']"),
  replacing(CLAIMS, "['nonce', 'at_hash', 'c_hash']", "['nonce', 'c_hash']"),
  replacing(CLAIMS, "['nonce', 'at_hash', 'c_hash']", "['nonce', 'at_hash']"),
  replacing(CLAIMS, '[typ, token_use, token_type]', '[token_use, token_type]'),
  replacing(CLAIMS, '[typ, token_use, token_type]', '[typ, token_type]'),
  replacing(CLAIMS, '[typ, token_use, token_type]', '[typ, token_use]'),
  replacing(CLAIMS, 'active === true', 'active'),
  replacing(CLAIMS, '\\p{Cc}\\p{Cs}', '\\p{Cs}'),
  replacing(CLAIMS, '\\p{Cc}\\p{Cs}', '\\p{Cc}'),
  replacing(CLAIMS, '{43}', '+'),
  replacing(CLAIMS, 'claims._claim_names === undefined && ', ''),
  replacing(CLAIMS, ' && claims.hasgroups === undefined', ''),
  replacing(SIGNATURE, '!algorithms.includes(alg)', 'false'),
  replacing(SIGNATURE, "['jwk', 'jku', 'x5u']", "['jku', 'x5u']"),
  replacing(SIGNATURE, "['jwk', 'jku', 'x5u']", "['jwk', 'x5u']"),
  replacing(SIGNATURE, "['jwk', 'jku', 'x5u']", "['jwk', 'jku']"),
  replacing(SIGNATURE, 'fatal: true', 'fatal: false'),
  replacing(SIGNATURE, 'ignoreBOM: true', 'ignoreBOM: false'),
  replacing(SIGNATURE, 'parts.every(isCanonical)', 'true'),
  replacing(SIGNATURE, 'await verifyWithAny(token, keySet, algorithms);', ''),
  replacing(SIGNATURE, 'texts.some(hasRepeatedName)', 'false'),
  replacing(SIGNATURE, 'texts.some(hasRepeatedName)', 'hasRepeatedName(texts[0])'),
  replacing(SIGNATURE, 'texts.some(hasRepeatedName)', 'hasRepeatedName(texts[1])'),
  replacing(JSON_TEXT, "lastString.includes('\\\\')", 'false'),
  replacing(JSON_TEXT, ' || Array.isArray(value)', ''),
  replacing(SCOPES, 'SCOPE.test(scope) && ', ''),
  replacing(SCOPES, ' && isAllowed(scope, rules.scopesAllowed)', ''),
  replacing(SCOPES, 'scope.startsWith(one.slice(0, -1))', 'true'),
  replacing(SCOPES, 'scope === one', 'scope.startsWith(one)'),
  replacing(SCOPES, '=> holdsAll(claims, when)', '=> true'),
  replacing(SCOPES, '.every(([path, values])', '.some(([path, values])'),
  replacing(TOKEN, 'one.issuer === jwt.claims.iss', 'true'),
  replacing(TOKEN, 'carried.length === bound.length && ', ''),
  replacing(TOKEN, 'timingSafeEqual(carried, bound)', 'true'),
  replacing(CLAIMS, "accepted === 'any' ? idTokenMark(claims) : undefined", 'undefined'),
  replacing(KEYS, 'bits < MIN_RSA_BITS ?', 'false ?'),
  replacing(KEYS, "if (key?.d !== undefined)\n        return 'a private key';", ''),
  replacing(
    KEYS,
    'createLocalJWKSet({ keys })',
    'createLocalJWKSet({ keys: keys.map(({ use, key_ops, alg, ...key }) => key) })',
  ),
  replacing(KEYS, 'createLocalJWKSet({ keys })', 'createLocalJWKSet({ keys: keys.map(({ kid, ...key }) => key) })'),
]

/** Out of a clean check of it all the first case that notices, or nothing. */
async function firstToNotice(mutation: Mutation): Promise<string | undefined> {
  const { load, remove } = openMutant(mutation, ['src/base', 'src/oauth'])
  try {
    const modules = {
      ...(await load<Pick<JudgeModules, 'createTokenVerifier'>>(TOKEN)),
      ...(await load<Pick<JudgeModules, 'checkClaims'>>(CLAIMS)),
      ...(await load<Pick<JudgeModules, 'JwksKeys'>>(KEYS)),
    }
    for (const one of [...HOSTILE, ...HOSTILE_FORMS, ...HOSTILE_KEY_SETS, ...HOSTILE_CLAIMS, ...ACCEPTED]) {
      const outcome = await judge(one, modules).catch((error: Error) => `it crashed: ${error.message}`)
      if (complaint(one, outcome) !== undefined) return one.name
    }
    return undefined
  } finally {
    remove()
  }
}

test('there is a check behind each clause of the design', () => {
  assert.ok(CHECKS.length >= 40, `only ${CHECKS.length} checks were found`)
})

for (const mutation of [...CHECKS, ...PARTS]) {
  test(`a named case notices when this is gone: ${mutation.name}`, async (context) => {
    const noticed = await firstToNotice(mutation)
    assert.notEqual(noticed, undefined)
    context.diagnostic(`noticed by "${noticed}"`)
  })
}
