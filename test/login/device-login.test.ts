import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop, profileFor } from '../support/laptop.ts'

const SCOPES = 'scopes: [openid, offline_access, orders:read]\n'

test('a device login gives a token for the asked scopes', async () => {
  const issuer = await startTestIssuer({ settings: { scopes: ['orders:read'] } })
  const laptop = openLaptop(profileFor(issuer, SCOPES))
  const { code, said } = await laptop.login(issuer)
  assert.equal(code, 0, said)
  const { stdout, stderr } = await laptop.run(['token', '--claims'])
  const { sub, scope, aud } = JSON.parse(stdout)
  assert.deepEqual(
    { sub, scope, aud, stderr },
    { sub: 'ada', scope: 'orders:read', aud: 'postgres://demo', stderr: '' },
  )
})
