import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { commandEnvironment } from '../../src/tunnel/command-environment.ts'
import { connectionFacts } from '../../src/tunnel/connection-facts.ts'
import { stablePorts } from '../../src/tunnel/stable-port.ts'

const TCP = { host: '127.0.0.1', port: 20001, sslmode: 'disable', localAuth: 'same-user' } as const

test('odd names are quoted for each of the forms', () => {
  const facts = connectionFacts({ name: 'p', user: "o'hara $x", database: 'my db' }, TCP, 1)
  assert.equal(facts.url, "postgres://o'hara%20%24x@127.0.0.1:20001/my%20db?sslmode=disable")
  assert.equal(
    facts.psql,
    "psql 'host=127.0.0.1 port=20001 dbname='\\''my db'\\'' user='\\''o\\'\\''hara $x'\\'' sslmode=disable'",
  )
  assert.equal(facts.jdbc, "jdbc:postgresql://127.0.0.1:20001/my%20db?user=o'hara%20%24x&sslmode=disable")
})

test('an IPv6 address is bracketed in URLs', () => {
  const facts = connectionFacts({ name: 'p', user: undefined, database: undefined }, { ...TCP, host: '::1' }, 1)
  assert.equal(facts.url, 'postgres://[::1]:20001/?sslmode=disable')
})

test('a command’s environment has the password in PGPASSWORD and DATABASE_URL, and the caller’s is gone', () => {
  const facts = connectionFacts({ name: 'p', user: 'ada', database: 'app' }, TCP, 1)
  const base = { PGPASSWORD: 'another', PGSERVICE: 'x', PGOPTIONS: '-c geqo=off', PGAPPNAME: 'mine' }
  const env = commandEnvironment(base, facts, { password: new Secret('s3/cret'), login: 'root' })
  assert.equal(env.PGPASSWORD, 's3/cret')
  assert.equal(env.DATABASE_URL, 'postgres://ada:s3%2Fcret@127.0.0.1:20001/app?sslmode=disable')
  assert.deepEqual([env.PGSERVICE, env.PGOPTIONS, env.PGAPPNAME], [undefined, '-c geqo=off', 'mine'])
  assert.equal(commandEnvironment(base, facts, { password: undefined, login: 'root' }).PGPASSWORD, undefined)
})

test('a command’s PGUSER is the profile’s, else the caller’s own, else the login name, in DATABASE_URL too', () => {
  const userFor = (base: NodeJS.ProcessEnv, user: string | undefined) => {
    const facts = connectionFacts({ name: 'p', user, database: 'app' }, TCP, 1)
    const env = commandEnvironment(base, facts, { password: undefined, login: 'root' })
    assert.equal(env.DATABASE_URL, `postgres://${env.PGUSER}@127.0.0.1:20001/app?sslmode=disable`)
    return env.PGUSER
  }
  assert.equal(userFor({ PGUSER: 'mine' }, 'ada'), 'ada')
  assert.equal(userFor({ PGUSER: 'mine' }, undefined), 'mine')
  assert.equal(userFor({}, undefined), 'root')
})

test('a profile’s ports are the same each time, and other users’ are other ones', () => {
  assert.deepEqual(stablePorts('prod', '1000'), stablePorts('prod', '1000'))
  assert.notDeepEqual(stablePorts('prod', '1000'), stablePorts('prod', '1001'))
  assert.notDeepEqual(stablePorts('prod', '1000'), stablePorts('staging', '1000'))
  for (const port of stablePorts('prod', '1000')) assert.ok(port >= 20_000 && port < 32_768)
})
