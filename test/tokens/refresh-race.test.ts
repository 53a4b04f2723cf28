import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop, profileFor } from '../support/laptop.ts'

const PROCESSES = 8
const CALLS = 50
/** How often the token must have been rotated meanwhile; on a quick machine that takes more calls than those. */
const ROTATIONS = 8
const MOST_CALLS = 20 * CALLS

test('eight processes with fifty token calls each lose no login to rotation', async () => {
  // oidc-provider rotates at each refresh, and revokes the whole grant when a used refresh token comes back.
  const issuer = await startTestIssuer({ settings: { accessTokenSeconds: 2 } })
  const laptop = openLaptop(profileFor(issuer))
  assert.equal((await laptop.login(issuer)).code, 0)
  const before = issuer.count(/^\/token$/)
  const rotations = () => issuer.count(/^\/token$/) - before

  const failures: string[] = []
  let tokens = 0
  let calls = 0
  const loop = async () => {
    for (let call = 0; call < CALLS || (rotations() < ROTATIONS && call < MOST_CALLS); call++) {
      calls++
      const { code, stdout, stderr } = await laptop.run(['token'])
      if (code === 0 && /^ey[\w-]+\.[\w-]+\.[\w-]+\n$/.test(stdout) && stderr === '') tokens++
      else failures.push(`${code}: ${stderr}`)
    }
  }
  await Promise.all(Array.from({ length: PROCESSES }, loop))

  assert.deepEqual(failures, [])
  assert.equal(tokens, calls)
  assert.ok(rotations() >= ROTATIONS, `the token was refreshed again and again, not ${rotations()} times`)
  assert.equal((await laptop.run(['token'])).code, 0)
})
