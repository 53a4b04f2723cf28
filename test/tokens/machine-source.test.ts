import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { requestParameters, targetParameters } from '../../src/oauth/authorization-request.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop } from '../support/laptop.ts'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed = generateKeyPairSync('ed25519')
const machine = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }
const issuer = await startTestIssuer({
  settings: { scopes: ['orders:read', 'orders:write'] },
  clients: [
    { ...machine, client_id: 'basic', client_secret: 's3cret/+&%', token_endpoint_auth_method: 'client_secret_basic' },
    { ...machine, client_id: 'post', client_secret: 's3cret/+&%', token_endpoint_auth_method: 'client_secret_post' },
    ...[ec, rsa, ed].map(({ publicKey }, index) => ({
      ...machine,
      client_id: `key${index}`,
      token_endpoint_auth_method: 'private_key_jwt' as const,
      jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] },
      ...(index === 1 && { token_endpoint_auth_signing_alg: 'RS256' as const }),
    })),
  ],
})

function laptopFor(lines: string, env: Record<string, string> = {}) {
  const config = `profiles:\n  ci:\n${lines.trim().replace(/^/gm, '    ')}\n`
  return openLaptop(config, { PGOAUTH_STORE: undefined, PGOAUTH_STORE_KEY: undefined, ...env })
}

async function claimsOf(laptop: ReturnType<typeof openLaptop>) {
  const { code, stdout, stderr } = await laptop.run(['token', '--claims'])
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Record<string, unknown>
}

for (const client of ['basic', 'post']) {
  test(`client credentials with a secret sent as client_secret_${client}`, async () => {
    const laptop = laptopFor(
      `issuer: ${issuer.url}\nclient_id: ${client}\nclient_secret_env: CI_SECRET\nscopes: [orders:read]\nflow: client_credentials`,
      { CI_SECRET: 's3cret/+&%' },
    )
    const { client_id, scope } = await claimsOf(laptop)
    assert.deepEqual({ client_id, scope }, { client_id: client, scope: 'orders:read' })
  })
}

for (const [index, { privateKey }] of [ec, rsa, ed].entries()) {
  test(`client credentials with private_key_jwt and an ${privateKey.asymmetricKeyType} key`, async () => {
    const laptop = laptopFor(
      `issuer: ${issuer.url}\nclient_id: key${index}\nclient_key: ./client.pem\nflow: client_credentials`,
    )
    const pem = String(privateKey.export({ format: 'pem', type: 'pkcs8' }))
    writeFileSync(join(laptop.configFile, '..', 'client.pem'), pem)
    assert.equal((await claimsOf(laptop)).client_id, `key${index}`)
  })
}

test('client credentials with a private key as JWK', async () => {
  const laptop = laptopFor(`issuer: ${issuer.url}\nclient_id: key0\nclient_key: ~/client.jwk\nflow: client_credentials`)
  const jwk = { ...ec.privateKey.export({ format: 'jwk' }), kid: 'k1' }
  writeFileSync(join(laptop.home, 'client.jwk'), JSON.stringify(jwk))
  assert.equal((await claimsOf(laptop)).client_id, 'key0')
})

test('a resource is asked for (RFC 8707)', async () => {
  const laptop = laptopFor(
    `issuer: ${issuer.url}\nclient_id: basic\nclient_secret_env: CI_SECRET\nresource: postgres://prod\nscopes: [orders:write]\nflow: client_credentials`,
    { CI_SECRET: 's3cret/+&%' },
  )
  const { aud, scope } = await claimsOf(laptop)
  assert.deepEqual({ aud, scope }, { aud: 'postgres://prod', scope: 'orders:write' })
})

test('an audience is asked for, by every flow that asks an issuer', () => {
  const asked = { scopes: ['a:read'], resource: ['postgres://one', 'postgres://two'], audience: 'the-database' }
  const all = 'resource=postgres%3A%2F%2Fone&resource=postgres%3A%2F%2Ftwo&audience=the-database'
  assert.equal(targetParameters(asked).toString(), all)
  assert.equal(requestParameters(asked).toString(), `${all}&scope=a%3Aread`)
})

test('a wrong client secret names what to check, and is not printed', async () => {
  const laptop = laptopFor(
    `issuer: ${issuer.url}\nclient_id: basic\nclient_secret_env: CI_SECRET\nflow: client_credentials`,
    { CI_SECRET: 'wr0ng-secret' },
  )
  const { code, stderr } = await laptop.run(['token', '--debug'])
  assert.equal(code, 3)
  assert.match(stderr, /does not accept the client "basic"/)
  assert.match(stderr, /client_secret_env/)
  assert.ok(!stderr.includes('wr0ng-secret'))
})

test('a client secret that is not set is told by its variable', async () => {
  const laptop = laptopFor(
    `issuer: ${issuer.url}\nclient_id: basic\nclient_secret_env: CI_SECRET\nflow: client_credentials`,
  )
  const { code, stderr } = await laptop.run(['token'])
  assert.equal(code, 2)
  assert.match(stderr, /CI_SECRET, which is not set/)
})

test('a machine keeps nothing on disk but what it may', async () => {
  const laptop = laptopFor(
    `issuer: ${issuer.url}\nclient_id: basic\nclient_secret_env: CI_SECRET\nflow: client_credentials`,
    { CI_SECRET: 's3cret/+&%' },
  )
  await claimsOf(laptop)
  const files = readdirSync(laptop.home, { recursive: true }).map(String)
  assert.deepEqual(
    files.filter((file) => /state/.test(file)),
    [],
  )
})

test('token_file is read again when it changes', async () => {
  const laptop = laptopFor('flow: token_file\ntoken_file: ./token')
  const file = join(laptop.configFile, '..', 'token')
  const [one, two] = [await issuer.mint({ sub: 'one' }), await issuer.mint({ sub: 'two' })]
  writeFileSync(file, `${one}\n`)
  assert.equal((await laptop.run(['token'])).stdout, `${one}\n`)
  writeFileSync(file, two)
  assert.equal((await laptop.run(['token'])).stdout, `${two}\n`)
})

test('a token_file that is missing, expired or no token is each told', async () => {
  const laptop = laptopFor('flow: token_file\ntoken_file: ./token')
  const file = join(laptop.configFile, '..', 'token')
  const missing = await laptop.run(['token'])
  assert.equal(missing.code, 3)
  assert.match(missing.stderr, /cannot be read \(ENOENT\)/)
  writeFileSync(file, await issuer.mint({ exp: 1_700_000_000 }))
  const expired = await laptop.run(['token'])
  assert.equal(expired.code, 3)
  assert.match(expired.stderr, /expired \d+ s ago/)
  writeFileSync(file, 'not a token\nbut prose')
  const prose = await laptop.run(['token'])
  assert.equal(prose.code, 2)
  assert.ok(!prose.stderr.includes('prose'))
})

test('exec prints a token, or JSON with access_token and expires_in', async () => {
  const token = await issuer.mint()
  const laptop = laptopFor(`flow: exec\nexec: [my-tool, "an argument with spaces"]`)
  const tool = join(laptop.home, 'my-tool')
  const env = { PATH: `${laptop.home}:${process.env.PATH}` }
  const write = (script: string) => {
    writeFileSync(tool, `#!/bin/sh\n${script}\n`)
    chmodSync(tool, 0o755)
  }
  write(`[ "$1" = "an argument with spaces" ] && echo ${token}`)
  assert.equal((await laptop.run(['token'], { env })).stdout, `${token}\n`)
  write(`printf '{"access_token":"%s","expires_in":300}' ${token}`)
  assert.equal((await laptop.run(['token'], { env })).stdout, `${token}\n`)
})

test('exec that is missing, fails or prints no token is each told, and its output is not', async () => {
  const laptop = laptopFor('flow: exec\nexec: [./my-tool]')
  const tool = join(laptop.configFile, '..', 'my-tool')
  const missing = await laptop.run(['token'])
  assert.equal(missing.code, 3)
  assert.match(missing.stderr, /there is no such command/)
  writeFileSync(tool, '#!/bin/sh\necho half-a-token; echo "please log in" >&2; exit 7\n')
  chmodSync(tool, 0o755)
  const failing = await laptop.run(['token'])
  assert.match(failing.stderr, /ended with code 7; it said: please log in/)
  assert.ok(!failing.stderr.includes('half-a-token'))
  writeFileSync(tool, '#!/bin/sh\necho "Your token is: abc"\n')
  const chatty = await laptop.run(['token'])
  assert.match(chatty.stderr, /neither a token nor JSON/)
  assert.ok(!chatty.stderr.includes('abc'))
})

test('exec does not get the key of the store or the client secret', async () => {
  const laptop = laptopFor('flow: exec\nexec: [~/my-tool]\nclient_secret_env: CI_SECRET', {
    PGOAUTH_STORE_KEY: 'the-key',
    CI_SECRET: 'the-secret',
  })
  const tool = join(laptop.home, 'my-tool')
  writeFileSync(tool, `#!/bin/sh\nenv > ${laptop.home}/seen\necho token\n`)
  chmodSync(tool, 0o755)
  await laptop.run(['token'])
  const { readFileSync } = await import('node:fs')
  assert.doesNotMatch(readFileSync(join(laptop.home, 'seen'), 'utf8'), /the-key|the-secret/)
})
