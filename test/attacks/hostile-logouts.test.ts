import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyLogoutToken } from '../../src/oauth/logout-token.ts'
import { LOGOUTS, type LogoutCase } from '../support/hostile-logouts.ts'
import { openMutant, replacing, withoutCalls } from '../support/mutants.ts'
import { judgeLogout, type VerifyLogout } from '../support/token-judge.ts'

const FILE = 'src/oauth/logout-token.js'

function isAsAsked({ refused }: LogoutCase, outcome: string): boolean {
  return refused === undefined ? outcome === 'accepted' : refused.test(outcome)
}

for (const one of LOGOUTS) {
  test(`a logout token, ${one.refused ? 'refused' : 'accepted'}: ${one.name}`, async () => {
    const outcome = await judgeLogout(one.token(), verifyLogoutToken)
    assert.ok(isAsAsked(one, outcome), outcome)
  })
}

for (const mutation of [
  ...withoutCalls([FILE], 'wrong'),
  ...withoutCalls([FILE], 'audienceMistake'),
  ...withoutCalls([FILE], 'timeMistake'),
  replacing(FILE, 'one.issuer === jwt.claims.iss', 'true'),
  replacing(FILE, '!signed.ok', 'false'),
  replacing(FILE, '!isObject(claims.events) || ', ''),
  replacing(FILE, ' && !Array.isArray(value)', ''),
  replacing(FILE, "value !== '' && ", ''),
]) {
  test(`a named case notices when this is gone: ${mutation.name}`, async (context) => {
    const { load, remove } = openMutant(mutation, ['src/base', 'src/oauth'])
    try {
      const { verifyLogoutToken: verify } = await load<{ verifyLogoutToken: VerifyLogout }>(FILE)
      for (const one of LOGOUTS) {
        const outcome = await judgeLogout(one.token(), verify).catch((error: Error) => `crashed: ${error.message}`)
        if (!isAsAsked(one, outcome)) return context.diagnostic(`noticed by "${one.name}"`)
      }
      assert.fail('no case noticed')
    } finally {
      remove()
    }
  })
}
