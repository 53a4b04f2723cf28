import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop, profileFor } from '../support/laptop.ts'

const PROCESSES = 8
const CALLS = 50

test('eight processes with fifty token calls each lose no login to rotation', async () => {
  // oidc-provider rotates at each refresh, and revokes the whole grant when a used refresh token comes back.
  const issuer = await startTestIssuer({ settings: { accessTokenSeconds: 6 } })
  const laptop = openLaptop(profileFor(issuer))
  assert.equal((await laptop.login(issuer)).code, 0)
  const before = issuer.count(/^\/token$/)

  const failures: string[] = []
  let tokens = 0
  const loop = async () => {
    for (let call = 0; call < CALLS; call++) {
      const { code, stdout, stderr } = await laptop.run(['token'])
      if (code === 0 && /^ey[\w-]+\.[\w-]+\.[\w-]+\n$/.test(stdout) && stderr === '') tokens++
      else failures.push(`${code}: ${stderr}`)
    }
  }
  await Promise.all(Array.from({ length: PROCESSES }, loop))

  assert.deepEqual(failures, [])
  assert.equal(tokens, PROCESSES * CALLS)
  assert.ok(issuer.count(/^\/token$/) - before > 5, 'the token was refreshed again and again')
  assert.equal((await laptop.run(['token'])).code, 0)
})
