import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { freePort } from '../../src/demo/port.ts'
import { DATABASE } from '../../src/demo/sample-database.ts'
import { createCertificateAuthority, testCertificates } from '../support/certificates.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop } from '../support/laptop.ts'
import { startStack } from '../support/stack.ts'

const stack = await startStack()
const caFile = join(dirname(stack.files.profileYaml), 'ca.pem')

const GOOD = {
  host: 'localhost',
  port: stack.proxyPort,
  database: DATABASE,
  tls: { ca: caFile } as Record<string, string>,
  issuer: stack.issuer.url,
  client_id: 'pgoauth',
  scopes: ['openid', 'offline_access', 'orders:read'],
} as Record<string, unknown>

const laptop = openLaptop(configOf(GOOD))
assert.equal((await laptop.login(stack.issuer)).code, 0)

function configOf(profile: Record<string, unknown>): string {
  return `profiles:\n  prod: ${JSON.stringify(profile)}\n`
}

interface Report {
  readonly ok: boolean
  readonly checks: readonly { check: string; ok: boolean | null; detail: string; fix: string | null }[]
}

async function examine(config: string, env: Record<string, string | undefined> = {}) {
  writeFileSync(laptop.configFile, config)
  const { code, stdout, stderr } = await laptop.run(['doctor', '--json'], { env })
  assert.equal(stderr, '')
  const report = JSON.parse(stdout) as Report
  const first = report.checks.find(({ ok }) => ok === false)
  return { code, report, first: first?.check, detail: first?.detail ?? '', fix: first?.fix ?? '' }
}

async function passes(config: string, env: Record<string, string | undefined> = {}) {
  const { code, report, detail } = await examine(config, env)
  assert.equal(code, 0, detail)
  assert.ok(report.ok)
  assert.ok(report.checks.every(({ ok }) => ok !== false))
}

test('every step of a profile that works is ✓, down to the database role', async () => {
  const { code, stdout } = await laptop.run(['doctor', 'prod'])
  assert.equal(code, 0, stdout)
  const marks = stdout.split('\n').flatMap((line) => /^([✓✗-]) (\w+)/.exec(line)?.slice(1, 3).join(' ') ?? [])
  const steps = ['config', 'keychain', 'issuer', 'tcp', 'tls', 'token', 'handshake', 'role']
  assert.deepEqual(
    marks,
    steps.map((step) => `✓ ${step}`),
  )
  assert.match(stdout, /✓ role +the database role is \w+/)
  assert.ok(stdout.split('\n').every((line) => line.length <= 120))
})

test('nothing secret is in the report', async () => {
  const { stdout: token } = await laptop.run(['token'])
  const { stdout, stderr } = await laptop.run(['doctor', '--json', '--debug'])
  assert.ok(!`${stdout}${stderr}`.includes(token.trim()))
})

describe('an induced fault is the first ✗, and its fix makes it pass', () => {
  test('1: a mistyped key', async () => {
    const { code, first, detail } = await examine(configOf({ ...GOOD, databse: DATABASE }))
    assert.deepEqual({ code, first }, { code: 2, first: 'config' })
    assert.match(detail, /config\.yaml:2:\d+: unknown key "databse"; did you mean "database"\?/)
    await passes(configOf(GOOD))
  })

  test('2: a certificate file that is not there', async () => {
    const { code, first, detail, fix } = await examine(configOf({ ...GOOD, tls: { ca: './gone.pem' } }))
    assert.deepEqual({ code, first }, { code: 2, first: 'config' })
    assert.match(detail, /tls\.ca: \S+gone\.pem cannot be read \(ENOENT\)/)
    assert.match(fix, /correct tls\.ca in profile prod/)
    await passes(configOf({ ...GOOD, tls: { ca: caFile } }))
  })

  test('3: no keychain', async () => {
    const { code, first, fix } = await examine(configOf(GOOD), { PGOAUTH_STORE: 'keychain' })
    assert.deepEqual({ code, first }, { code: 1, first: 'keychain' })
    assert.match(fix, /--store file/)
    await passes(configOf(GOOD), { PGOAUTH_STORE: 'file' })
  })

  test('4: an issuer that nothing listens at', async () => {
    const { code, first, detail, fix } = await examine(
      configOf({ ...GOOD, issuer: `http://127.0.0.1:${await freePort()}` }),
    )
    assert.deepEqual({ code, first }, { code: 5, first: 'issuer' })
    assert.match(detail, /connection refused/)
    assert.match(fix, /check the network and "issuer"/)
    await passes(configOf(GOOD))
  })

  test('5: a network that interposes its own authority before the issuer, which is named', async () => {
    const corporate = testCertificates(createCertificateAuthority('Corp Inspection CA'))
    const behind = await startTestIssuer({ tls: corporate.server })
    const token = (await stack.issuer.login('ada', 'openid orders:read')).access_token
    writeFileSync(join(laptop.home, 'token'), token)
    const { scopes: _, ...rest } = GOOD
    const machine = { ...rest, issuer: behind.url, flow: 'token_file', token_file: join(laptop.home, 'token') }
    const { code, first, detail, fix } = await examine(configOf(machine))
    assert.deepEqual({ code, first }, { code: 5, first: 'issuer' })
    assert.match(detail, /signed by "Corp Inspection CA"/)
    assert.match(fix, /issuer_tls\.ca/)
    writeFileSync(join(laptop.home, 'corp.pem'), corporate.ca)
    await passes(configOf({ ...machine, issuer_tls: { ca: join(laptop.home, 'corp.pem') } }))
  })

  test('6: a port that nothing listens at', async () => {
    const { code, first, detail, fix } = await examine(configOf({ ...GOOD, port: 1 }))
    assert.deepEqual({ code, first }, { code: 5, first: 'tcp' })
    assert.match(detail, /localhost:1: connection refused/)
    assert.match(fix, /check "host" and "port" in profile prod/)
    await passes(configOf(GOOD))
  })

  test('7: a host that does not resolve', async () => {
    const { code, first, detail } = await examine(configOf({ ...GOOD, host: 'pg.invalid' }))
    assert.deepEqual({ code, first }, { code: 5, first: 'tcp' })
    assert.match(detail, /pg\.invalid:\d+: the host name (does not resolve|cannot be resolved)/)
    await passes(configOf(GOOD))
  })

  test('8: a server certificate by an authority that is not trusted, which is named', async () => {
    const { tls: _, ...rest } = GOOD
    const { code, first, detail, fix } = await examine(configOf(rest))
    assert.deepEqual({ code, first }, { code: 5, first: 'tls' })
    assert.match(detail, /signed by an authority that is not trusted here: it is signed by "/)
    assert.match(fix, /tls\.ca in the profile, --tls-ca, or PGOAUTH_TLS_CA/)
    await passes(configOf(rest), { PGOAUTH_TLS_CA: caFile })
  })

  test('9: a server certificate for another name', async () => {
    const other = { ca: caFile, server_name: 'pg.example.com' }
    const { code, first, detail, fix } = await examine(configOf({ ...GOOD, tls: other }))
    assert.deepEqual({ code, first }, { code: 5, first: 'tls' })
    assert.match(detail, /is not for pg\.example\.com, but for .*localhost/)
    assert.match(fix, /tls\.server_name/)
    await passes(configOf({ ...GOOD, tls: { ca: caFile, server_name: 'localhost' } }))
  })

  test('10: nobody logged in', async () => {
    assert.equal((await laptop.run(['logout'])).code, 0)
    const { code, first, detail, fix, report } = await examine(configOf(GOOD))
    assert.deepEqual({ code, first }, { code: 3, first: 'token' })
    assert.match(detail, /nobody is logged in to "prod"/)
    assert.equal(fix, 'pgoauth login prod')
    assert.deepEqual(
      report.checks.filter(({ ok }) => ok === null).map(({ check }) => check),
      ['handshake', 'role'],
    )
    assert.equal((await laptop.login(stack.issuer)).code, 0)
    await passes(configOf(GOOD))
  })

  test('11: a token for another resource', async () => {
    const machine = { ...GOOD, flow: 'token_file', token_file: join(laptop.home, 'other-token') }
    const other = await stack.issuer.login('ada', 'openid orders:read', 'postgres://other')
    writeFileSync(join(laptop.home, 'other-token'), other.access_token)
    const { code, first, fix, report } = await examine(configOf(machine))
    assert.deepEqual({ code, first }, { code: 4, first: 'handshake' })
    assert.match(report.checks.find(({ check }) => check === 'token')?.detail ?? '', /for postgres:\/\/other/)
    assert.match(fix, /its aud with "resource" or "audience"/)
    writeFileSync(
      join(laptop.home, 'other-token'),
      (await stack.issuer.login('ada', 'openid orders:read')).access_token,
    )
    await passes(configOf(machine))
  })

  test('12: a database that is not there', async () => {
    const { code, first, fix } = await examine(configOf({ ...GOOD, database: 'nowhere' }))
    assert.deepEqual({ code, first }, { code: 1, first: 'handshake' })
    assert.match(fix, /set "database" in profile prod, or --database/)
    await passes(configOf({ ...GOOD, database: DATABASE }))
  })
})

test('13: a port where nobody answers in Postgres’ protocol is given up after ten seconds', async () => {
  const silent = createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
  after(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const { code, first, detail, fix } = await examine(configOf({ ...GOOD, port }))
  assert.deepEqual({ code, first }, { code: 5, first: 'tls' })
  assert.match(detail, /did not answer within 10 s when asked for TLS/)
  assert.match(fix, /check host and port/)
})

test('without a host everything up to there is checked', async () => {
  const { host: _, ...rest } = GOOD
  const { first, fix } = await examine(configOf(rest))
  assert.equal(first, 'tcp')
  assert.match(fix, /set "host" in the profile, or --host/)
  assert.ok(readFileSync(laptop.configFile, 'utf8'))
})
