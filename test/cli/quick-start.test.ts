import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { VERSION } from '../../src/cli/version.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop, profileFor, STORE_KEY } from '../support/laptop.ts'

const issuer = await startTestIssuer()
const laptop = openLaptop(profileFor(issuer))

/** The packages whose files a command's process loads, as Node's own tracing has it. */
async function packagesLoadedBy(...args: string[]): Promise<Set<string>> {
  const { code, stderr } = await laptop.run(args, { env: { NODE_DEBUG: 'esm,module' } })
  assert.equal(code, 0)
  assert.match(stderr, /dist\/src\/cli\/quick-start\.js/, 'the tracing works')
  return new Set([...stderr.matchAll(/node_modules\/((?:@[\w-]+\/)?[\w.-]+)\//g)].map(([, name]) => String(name)))
}

describe('what scripts run again and again loads no more than it needs', () => {
  before(async () => {
    assert.equal((await laptop.login(issuer)).code, 0)
    assert.equal((await laptop.run(['token'])).code, 0)
  })

  test('--version loads no package at all', async () => {
    assert.deepEqual(await packagesLoadedBy('--version'), new Set())
    assert.equal((await laptop.run(['--version'])).stdout, `${VERSION}\n`)
    assert.equal((await laptop.run(['-V'])).stdout, `${VERSION}\n`)
  })

  test('token with a cached token loads no package at all', async () => {
    assert.deepEqual(await packagesLoadedBy('token'), new Set())
    assert.deepEqual(await packagesLoadedBy('token', 'prod', '--claims'), new Set())
  })

  test('token with settings of its own is read by the parser, and means the same', async () => {
    const quick = await laptop.run(['token'])
    assert.equal((await laptop.run(['token', '--scopes', 'openid', 'prod'])).stdout, quick.stdout)
    assert.equal((await laptop.run(['--debug', 'token'])).stdout, quick.stdout)
    assert.equal((await laptop.run(['token', 'prod', '--', 'x'])).code, 2)
    assert.equal((await laptop.run(['token', 'prod', 'test'])).code, 2)
  })
})

describe('what is known of a profile is believed only while nothing has changed', () => {
  const other = `profiles:\n  prod: { issuer: "${issuer.url}", client_id: other, host: x }\n`

  test('an edited file, another variable or another name is seen at once', async () => {
    const one = openLaptop(profileFor(issuer))
    assert.equal((await one.login(issuer)).code, 0)
    const { stdout } = await one.run(['token'])
    assert.equal((await one.run(['token'])).stdout, stdout)
    assert.equal((await one.run(['token'], { env: { PGOAUTH_CLIENT_ID: 'other' } })).code, 3)
    assert.equal((await one.run(['token'], { env: { PGOAUTH_STROE: 'memory' } })).code, 2)
    assert.equal((await one.run(['token', 'prod'])).stdout, stdout)
    assert.equal((await one.run(['token', 'gone'])).code, 2)
    writeFileSync(one.configFile, other)
    assert.equal((await one.run(['token'])).code, 3)
    writeFileSync(one.configFile, 'profiles: [')
    assert.equal((await one.run(['token'])).code, 2)
  })

  test('a logout, a damaged entry and a wrong key are seen at once', async () => {
    const one = openLaptop(profileFor(issuer))
    assert.equal((await one.login(issuer)).code, 0)
    assert.equal((await one.run(['token'])).code, 0)
    assert.equal((await one.run(['token'], { env: { PGOAUTH_STORE_KEY: `${STORE_KEY}x` } })).code, 1)
    assert.equal((await one.run(['logout'])).code, 0)
    assert.equal((await one.run(['token'])).code, 3)
  })

  test('what is noted is damaged: the whole way is gone', async () => {
    const one = openLaptop(profileFor(issuer))
    assert.equal((await one.login(issuer)).code, 0)
    const { stdout } = await one.run(['token'])
    for (const text of ['{', 'null', '{}', '{"version":"0.1.0","asked":null,"variables":{}}']) {
      writeFileSync(join(one.home, '.cache', 'pgoauth', 'token.json'), text)
      assert.equal((await one.run(['token'])).stdout, stdout, text)
    }
  })
})

test('the version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  assert.equal(VERSION, version)
})
