import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop, profileFor } from '../support/laptop.ts'

function loginsOf(home: string): string[] {
  const folder = join(home, '.local', 'state', 'pgoauth', 'logins')
  return existsSync(folder) ? readdirSync(folder) : []
}

test('logout revokes at the issuer and removes the entry', async () => {
  const issuer = await startTestIssuer({ settings: { accessTokenSeconds: 600 } })
  const laptop = openLaptop(profileFor(issuer))
  await laptop.login(issuer)
  const [file = ''] = loginsOf(laptop.home)
  const kept = readFileSync(join(laptop.home, '.local/state/pgoauth/logins', file))
  const { code, stderr } = await laptop.run(['logout'])
  assert.equal(code, 0)
  assert.match(stderr, /✓ logged out of prod \(revoked at the issuer, and deleted here\)/)
  assert.deepEqual(loginsOf(laptop.home), [])
  // Whoever had a copy of the entry cannot refresh with it.
  writeFileSync(join(laptop.home, '.local/state/pgoauth/logins', file), kept)
  issuer.settings.accessTokenSeconds = 1
  const env = { NODE_OPTIONS: '--import=data:text/javascript,{const%20n=Date.now;Date.now=()=>n()%2B3600000}' }
  const later = await laptop.run(['token'], { env })
  assert.equal(later.code, 3, later.stdout)
  assert.match(later.stderr, /has ended/)
})

test('with the issuer down logout removes locally, and says what remains', async () => {
  const issuer = await startTestIssuer()
  const laptop = openLaptop(profileFor(issuer))
  await laptop.login(issuer)
  issuer.weather.outage = true
  const { code, stderr } = await laptop.run(['logout'])
  assert.equal(code, 0)
  assert.match(stderr, /✓ logged out of prod \(deleted here\)/)
  assert.match(stderr, /! the refresh token could not be revoked and stays good until it expires/)
  assert.deepEqual(loginsOf(laptop.home), [])
})

test('logout of nobody is no error', async () => {
  const issuer = await startTestIssuer()
  const { code, stderr } = await openLaptop(profileFor(issuer)).run(['logout'])
  assert.deepEqual({ code, stderr }, { code: 0, stderr: 'nobody was logged in to prod\n' })
})

test('logout clears an entry that cannot be read', async () => {
  const issuer = await startTestIssuer()
  const laptop = openLaptop(profileFor(issuer))
  await laptop.login(issuer)
  const [file = ''] = loginsOf(laptop.home)
  writeFileSync(join(laptop.home, '.local/state/pgoauth/logins', file), 'damaged')
  const broken = await laptop.run(['token'])
  assert.equal(broken.code, 1)
  assert.match(broken.stderr, /is damaged.*\n.*pgoauth logout prod/)
  const { code, stderr } = await laptop.run(['logout'])
  assert.equal(code, 0)
  assert.match(stderr, /could not be read, so nothing could be revoked/)
  assert.deepEqual(loginsOf(laptop.home), [])
})

test('logout --all ends every login, also of profiles that are gone from the file', async () => {
  const issuer = await startTestIssuer()
  const profile = (name: string) => `  ${name}: { issuer: "${issuer.url}", client_id: pgoauth }\n`
  const laptop = openLaptop(`profiles:\n${profile('one')}${profile('two')}${profile('gone')}`)
  for (const name of ['one', 'two', 'gone']) assert.equal((await laptop.login(issuer, 'ada', name)).code, 0)
  assert.equal((await laptop.run(['profile', 'password', 'one'])).code, 0)
  writeFileSync(laptop.configFile, `profiles:\n${profile('one')}${profile('two')}`)
  const { code, stderr } = await laptop.run(['logout', '--all'])
  assert.equal(code, 0, stderr)
  assert.match(stderr, /✓ logged out of one.*\n✓ logged out of two/)
  assert.match(stderr, /deleted: gone\|/)
  assert.deepEqual(loginsOf(laptop.home), [])
})
