import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JwksKeys } from '../../src/oauth/jwks-keys.ts'
import { checkClaims } from '../../src/oauth/verify-claims.ts'
import { createTokenVerifier } from '../../src/oauth/verify-token.ts'
import { HOSTILE_CLAIMS } from '../support/hostile-claims.ts'
import { HOSTILE_FORMS, HOSTILE_KEY_SETS } from '../support/hostile-key-sets.ts'
import { ACCEPTED, HOSTILE } from '../support/hostile-tokens.ts'
import { complaint, judge } from '../support/token-judge.ts'

const modules = { JwksKeys, checkClaims, createTokenVerifier }

const ALL = [...HOSTILE, ...HOSTILE_FORMS, ...HOSTILE_KEY_SETS, ...HOSTILE_CLAIMS]

for (const one of ALL) {
  test(`refused, and the log says why: ${one.name}`, async () => {
    assert.equal(complaint(one, await judge(one, modules)), undefined)
  })
}

for (const one of ACCEPTED) {
  test(`accepted, with its scopes: ${one.name}`, async () => {
    assert.equal(complaint(one, await judge(one, modules)), undefined)
  })
}

test('no two cases have one name', () => {
  const names = [...ALL, ...ACCEPTED].map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
})
