import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { PgoauthError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import type { DatabaseConfig, LoginConfig } from '../../src/config/proxy-config.ts'
import { readProxyConfig } from '../../src/config/proxy-config-file.ts'
import { ServerCredentials } from '../../src/pool/server-credentials.ts'
import { ServerLogin } from '../../src/pool/server-login.ts'
import { SharedPool } from '../../src/pool/shared-pool.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startTestPostgres, superuserQuery } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const directory = temporaryDirectory()
const postgres = await startTestPostgres({
  prepare: `
create role good login password 'pw'; create role analyst nologin; grant analyst to good;
create role super login superuser password 'pw'; create role bypass login bypassrls password 'pw';
create role maker login createrole password 'pw'; create role app_user login password 'pw';`,
})
writeFileSync(join(directory, 'pw'), 'pw\n')

function database(login: string, extra = ''): DatabaseConfig {
  const text = `listen: [{ address: "127.0.0.1:0" }]
issuers: [{ issuer: "https://id.example.com", audience: x }]
policy: p.yaml
databases:
  app:
    server: { host: 127.0.0.1, port: ${postgres.port}, database: postgres, tls: { mode: disable } }
    ${login}
    ${extra}
`
  const read = readProxyConfig(join(directory, 'proxy.yaml'), text)
  if (!read.ok) throw new Error(JSON.stringify(read.mistakes))
  return read.config.databases.get('app') as DatabaseConfig
}

function login(text: string): ServerLogin {
  const config = database(`login: ${text}`)
  return new ServerLogin({
    database: config,
    login: config.login as LoginConfig,
    clock: systemClock,
    env: process.env,
    log: silentLog,
  })
}

async function failureOf(action: Promise<unknown>): Promise<string> {
  try {
    await action
    return 'no error'
  } catch (error) {
    if (error instanceof PgoauthError) return `${error.code}: ${error.detail}`
    throw error
  }
}

for (const [user, right] of [
  ['super', 'SUPERUSER'],
  ['bypass', 'BYPASSRLS'],
  ['maker', 'CREATEROLE'],
] as const) {
  test(`a service login that is ${right} is refused`, async () => {
    const one = login(`{ user: ${user}, password_file: ./pw }`)
    assert.match(await failureOf(one.check()), new RegExp(`SERVER_UNFIT.*${right}`))
    one.close()
  })
}

test('a service login without such rights is taken, and its connections become the role', async () => {
  const one = login('{ user: good, password_file: ./pw }')
  await one.check()
  const connection = await one.open('analyst', new Map())
  assert.equal(connection.parameters.get('session_authorization'), 'good')
  connection.close()
  one.close()
})

test('an inquiry connection that died while idle is replaced unseen', async () => {
  const one = login('{ user: good, password_file: ./pw }')
  await one.check()
  await superuserQuery(postgres, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'good'")
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.deepEqual(await one.ask('select 1'), [['1']])
  one.close()
})

test('as_role logs in as the role itself', async () => {
  const one = login('{ as_role: true, password_file: ./pw }')
  const connection = await one.open('app_user', new Map())
  assert.equal(connection.parameters.get('session_authorization'), 'app_user')
  connection.close()
  one.close()
})

test('as_role refuses a superuser all the same', async () => {
  const one = login('{ as_role: true, password_file: ./pw }')
  assert.match(await failureOf(one.open('super', new Map())), /ROLE_REFUSED.*superuser/)
  one.close()
})

test('logins gives each role its own login, and none to others', async () => {
  const config = database('logins: { analyst: { user: good, password_file: ./pw } }')
  const pool = new SharedPool({ database: config, clock: systemClock, env: process.env, log: silentLog })
  const request = { issuer: 'i', subject: 's', settings: new Map() }
  const lease = await pool.lease({ ...request, role: 'analyst' } as never)
  lease.release(true)
  assert.match(
    await failureOf(pool.lease({ ...request, role: 'other' } as never)),
    /ROLE_REFUSED.*no entry for role "other"/,
  )
  pool.close()
})

function execLogin(
  script: string,
  clock = new FakeClock(),
): { credentials: ServerCredentials; clock: FakeClock; runs: () => number } {
  const runs = join(directory, `runs-${Math.random()}`)
  const file = join(directory, `exec-${Math.random()}.sh`)
  writeFileSync(file, `#!/bin/sh\necho x >> ${runs}\n${script}\n`)
  chmodSync(file, 0o755)
  writeFileSync(runs, '')
  const config = database(`login: { user: good, exec: [${file}] }`)
  const credentials = new ServerCredentials({ login: config.login as LoginConfig, clock, env: process.env })
  return { credentials, clock, runs: () => readFileSync(runs, 'utf8').length / 2 }
}
const context = { PGUSER: 'good', PGHOST: 'db', PGPORT: '5432', PGDATABASE: 'postgres' }

test('a command prints the password, and is told whom it is for', async () => {
  const { credentials } = execLogin('echo "$PGUSER@$PGHOST"')
  assert.equal((await credentials.password(context))?.reveal(), 'good@db')
})

for (const [name, field] of [
  ['RDS', 'password'],
  ['Azure', 'accessToken'],
  ['Cloud SQL', 'access_token'],
] as const) {
  test(`a command prints JSON as ${name} tools do`, async () => {
    const { credentials } = execLogin(`echo '{"${field}": "tok", "expires_in": 900}'`)
    assert.equal((await credentials.password(context))?.reveal(), 'tok')
  })
}

test('what a command printed is kept until it expires, and asked for once by all who wait', async () => {
  const { credentials, clock, runs } = execLogin(`echo '{"password": "tok", "expires_in": 900}'`)
  await Promise.all([credentials.password(context), credentials.password(context), credentials.password(context)])
  assert.equal(runs(), 1)
  await clock.advance(860_000)
  await credentials.password(context)
  assert.equal(runs(), 1)
  await clock.advance(20_000)
  await credentials.password(context)
  assert.equal(runs(), 2)
})

test('a refused password is asked for anew', async () => {
  const { credentials, runs } = execLogin('echo secret')
  await credentials.password(context)
  credentials.forget()
  await credentials.password(context)
  assert.equal(runs(), 2)
})

test('a command that fails says why, and its output is in no error', async () => {
  const { credentials } = execLogin('echo topsecret; echo "no credentials found" >&2; exit 3')
  const failure = await failureOf(credentials.password(context))
  assert.match(failure, /SERVER_REFUSED.*no credentials found/)
  assert.doesNotMatch(failure, /topsecret/)
})

test('a command that prints nothing is an error, and the next one tries again', async () => {
  const { credentials, runs } = execLogin('true')
  assert.match(await failureOf(credentials.password(context)), /printed no password/)
  assert.match(await failureOf(credentials.password(context)), /printed no password/)
  assert.equal(runs(), 2)
})
