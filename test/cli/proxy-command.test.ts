import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentAudit } from '../../src/audit/audit-log.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { readProxyFiles } from '../../src/cli/proxy-files.ts'
import { readImportedProfile } from '../../src/config/profile-import.ts'
import { startProxy } from '../../src/proxy/proxy.ts'
import { type CommandResult, runCommand, startCommand } from '../support/command.ts'
import { DOOR_SQL, startDoor } from '../support/door.ts'
import { startTestPostgres, superuserQuery } from '../support/postgres.ts'
import { RawClient } from '../support/raw-client.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

// The command `pgoauth proxy` and its verbs, each in a process of its own, on the files of a real door.
const door = await startDoor({
  proxyYaml: (text) => `${text}admin: { address: "127.0.0.1:0", token_file: ./admin-token }\n`,
})
const config = join(door.directory, 'proxy.yaml')
const file = (name: string) => join(door.directory, name)
const run = (...args: string[]): Promise<CommandResult> =>
  runCommand(['proxy', ...args], { env: { HOME: door.directory } })

function variant(name: string, edit: (text: string) => string): string {
  writeFileSync(file(name), edit(readFileSync(config, 'utf8')))
  return file(name)
}

test('check says that there are no mistakes, and exits 0', async () => {
  const { code, stderr } = await run('check', '--config', config)
  assert.equal(code, 0, stderr)
  assert.match(stderr, /no mistakes/)
})

test('check tells every mistake of configuration and policy with its place, and exits 2', async () => {
  const broken = variant('broken.yaml', (text) => text.replace('listen:', 'lisen:').replace('drain: 1s', 'drain: soon'))
  const { code, stderr } = await run('check', '--config', broken)
  assert.equal(code, 2)
  assert.match(stderr, /broken\.yaml:1:1: unknown key "lisen"; did you mean "listen"\?/)
  assert.match(stderr, /broken\.yaml:\d+:8: .*"soon" is not a duration/)
})

test('check tells mistakes of keys, between keys, of named files and of the policy in one go, and as JSON', async () => {
  writeFileSync(file('bad-policy.yaml'), 'version: 1\nscopes: { a: { selct: [public.orders] } }\n')
  const broken = variant('many.yaml', (text) =>
    text
      .replace('drain: 1s', 'drian: 1s')
      .replace('policy: ./policy.yaml', 'policy: ./bad-policy.yaml')
      .replace('cert: server.crt', 'cert: nowhere.crt')
      .replace('{ user: pgoauth_proxy,', '{ user: pgoauth_proxy, as_role: true,'),
  )
  const { code, stderr, stdout } = await run('check', '--config', broken, '--json')
  assert.equal(code, 2)
  for (const expected of [
    /many\.yaml:\d+:\d+: unknown key "drian"; did you mean "drain"\?/,
    /many\.yaml:\d+:\d+: tls\.cert: cannot read nowhere\.crt/,
    /many\.yaml:\d+:\d+: databases\.app\.login\.user: with as_role the role itself logs in/,
    /bad-policy\.yaml:2:\d+: .*"selct"; did you mean "select"\?/,
  ]) {
    assert.match(stderr, expected)
  }
  const { mistakes } = JSON.parse(stdout)
  assert.equal(mistakes.length, 4)
  assert.deepEqual(Object.keys(mistakes[0]).sort(), ['column', 'file', 'line', 'message'])
})

test('check warns where the wait for the pool cannot be waited for within a handshake', async () => {
  const long = variant('long.yaml', (text) =>
    text.replace('allow_shared_code: true', 'pool: { wait: 40s }\n    allow_shared_code: true'),
  )
  assert.match(
    (await run('check', '--config', long)).stderr,
    /warning: databases\.app\.pool\.wait \(40s\) is longer than/,
  )
  assert.doesNotMatch((await run('check', '--config', config)).stderr, /warning/)
})

test('check tells which named file cannot be read, where it is named', async () => {
  const broken = variant('missing.yaml', (text) =>
    text.replace('server.key', 'no.key').replace('./password', './nothing'),
  )
  const { code, stderr } = await run('check', '--config', broken)
  assert.equal(code, 2)
  assert.match(stderr, /missing\.yaml:4:\d+: tls\.key: cannot read no\.key \(ENOENT\)/)
  assert.match(stderr, /login\.password_file: cannot read \.\/nothing/)
})

test('check tells the mistakes of the policy file', async () => {
  writeFileSync(file('bad-policy.yaml'), 'version: 1\nroles: []\nscopes: { a: { selct: [x.y] } }\n')
  const broken = variant('bad.yaml', (text) => text.replace('policy: ./policy.yaml', 'policy: ./bad-policy.yaml'))
  const { code, stderr } = await run('check', '--config', broken)
  assert.equal(code, 2)
  assert.match(stderr, /bad-policy\.yaml:3:16: unknown key "selct"; did you mean "select"/)
})

test('check tells each row rule where it stands in the policy, and leaves no blank at the end of a line', async () => {
  const policy = 'version: 1\nscopes:\n  a:\n    select: [public.orders]\n    rows:\n      public.orders: "true"\n'
  writeFileSync(file('rows.yaml'), policy)
  const named = variant('with-rows.yaml', (text) => text.replace('policy: ./policy.yaml', 'policy: ./rows.yaml'))
  const { code, stderr } = await run('check', '--config', named)
  assert.equal(code, 2)
  assert.match(stderr, /^\S*\/rows\.yaml:6:22: rows of scope "a": row rules are not built yet; remove them$/m)
  assert.doesNotMatch(stderr, / $/m)
  assert.doesNotMatch(stderr, /with-rows\.yaml:/)
})

test('check --live finds roles and memberships that are missing, and exits 1', async () => {
  const { code, stderr } = await run('check', '--live', '--config', config)
  assert.equal(code, 1)
  assert.match(stderr, /^ok {4}issuer http/m)
  assert.match(stderr, /^ok {4}database app/m)
  assert.match(stderr, /^ok {4}role analyst/m)
  assert.match(stderr, /^WRONG role nowhere in app: .*does not exist/m)
  assert.match(stderr, /^WRONG role stranger in app: .*not a member/m)
  assert.match(stderr, /^WRONG role postgres in app: .*superuser/m)
})

test('check --live warns of names that collide and of views that show what never hides', async () => {
  const postgres = await startTestPostgres({
    prepare: `${DOOR_SQL}
create schema hr; create table hr.salaries (id int, amount int); create table hr.people (id int, name text, pay int);
create view public.payroll as select * from hr.salaries;
create view public.payroll_too as select id from public.payroll;
create view public.names as select id, name from hr.people;
create view public.pay as select pay from hr.people;
create view public.own with (security_invoker = true) as select * from hr.salaries;
create view hr.secret as select * from hr.salaries;
create table hr.orders (id int);
create function hr.lower(text) returns text language sql as 'select $1';`,
  })
  writeFileSync(
    file('never.yaml'),
    `${readFileSync(file('policy.yaml'), 'utf8')}never:\n  select: [hr.salaries, hr.secret, "hr.people (pay)"]\n`,
  )
  const collided = variant('collided.yaml', (text) =>
    text.replace(`port: ${door.postgres.port}`, `port: ${postgres.port}`).replace('./policy.yaml', './never.yaml'),
  )
  const { stderr, stdout } = await run('check', '--config', collided, '--live', '--json')
  const warnings = (JSON.parse(stdout).warnings as string[]).filter((one) => one.startsWith('database app: '))
  assert.deepEqual(
    warnings.map((one) => one.slice('database app: '.length)),
    [
      'relation "orders" is in hr, public: by its bare name it is allowed only where each of them is',
      'function "lower" is in hr, pg_catalog: by its bare name it is allowed only where each of them is',
      'view public.pay shows hr.people, which never hides',
      'view public.payroll shows hr.salaries, which never hides',
      'view public.payroll_too shows hr.salaries, which never hides',
    ],
    stderr,
  )
})

test('check --live exits 5 where something cannot be reached', async () => {
  const gone = variant('gone.yaml', (text) => text.replace(`port: ${door.postgres.port}`, 'port: 1'))
  assert.equal((await run('check', '--live', '--config', gone)).code, 5)
})

test('check --token says each check, the role and the grants, and not the token', async () => {
  const token = await door.issuer.mint({ scope: 'orders:read' })
  writeFileSync(file('token'), `${token}\n`)
  const { code, stdout, stderr } = await run('check', '--token', file('token'), '--config', config)
  assert.equal(code, 0, stderr)
  for (const check of ['iss', 'alg', 'typ', 'aud', 'exp', 'sub', 'verdict'])
    assert.match(stdout, new RegExp(`^ok +${check}: `, 'm'))
  assert.match(stdout, /database app: role analyst; scopes orders:read/)
  assert.match(stdout, /orders:read: select public\.orders/)
  assert.ok(!stdout.includes(token) && !stderr.includes(token))
})

test('check --token - reads stdin, and exits 4 for a token that is refused', async () => {
  const token = await door.issuer.mint({ aud: 'postgres://other' })
  const { code, stdout } = await runCommand(['proxy', 'check', '--config', config, '--token', '-'], { stdin: token })
  assert.equal(code, 4)
  assert.match(stdout, /REFUSED aud: "postgres:\/\/other"; wanted postgres:\/\/test/)
})

test('init writes what check and a PostgreSQL of its own take as it is, and a token opens a session through it', async () => {
  const directory = temporaryDirectory()
  const postgres = await startTestPostgres({ prepare: 'create table public.orders (id int)' })
  const database = ['--database', 'postgres', '--port', String(postgres.port)]
  const made = await run(
    'init',
    '--dir',
    directory,
    '--issuer',
    door.issuer.url,
    '--audience',
    'postgres://test',
    ...database,
  )
  assert.equal(made.code, 0, made.stderr)
  assert.equal(statSync(join(directory, 'password')).mode & 0o777, 0o600)
  assert.equal(statSync(join(directory, 'server.key')).mode & 0o777, 0o600)
  const file = join(directory, 'proxy.yaml')
  const checked = await run('check', '--config', file)
  assert.equal(checked.code, 0, checked.stderr)
  await superuserQuery(postgres, readFileSync(join(directory, 'bootstrap.sql'), 'utf8'))
  const live = await run('check', '--config', file, '--live')
  assert.equal(live.code, 0, live.stderr)
  assert.match(live.stderr, /ok +role analyst in postgres/)

  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('0.0.0.0:6432', '127.0.0.1:0').replace('127.0.0.1:9433', '127.0.0.1:0'),
  )
  const files = readProxyFiles(file)
  const proxy = await startProxy({ ...files, audit: silentAudit, clock: systemClock, log: silentLog, env: {} })
  try {
    const client = await RawClient.connect(proxy.addresses[0]?.port ?? 0)
    const token = await door.issuer.mint({ groups: ['analysts'], scope: 'orders:read' })
    assert.equal((await client.login(token, { database: 'postgres' })).at(-1)?.tag, 'Z')
    assert.deepEqual((await client.query('select count(*) from public.orders')).rows, [['0']])
    client.close()
  } finally {
    await proxy.stop()
  }
})

test('init keeps a password and a certificate that are there', async () => {
  const directory = temporaryDirectory()
  for (const name of ['password', 'server.crt', 'server.key']) writeFileSync(join(directory, name), `my ${name}`)
  assert.equal((await run('init', '--dir', directory, '--force')).code, 0)
  for (const name of ['password', 'server.crt', 'server.key']) {
    assert.equal(readFileSync(join(directory, name), 'utf8'), `my ${name}`)
  }
})

test('init replaces nothing unless it is told to', async () => {
  const directory = temporaryDirectory()
  assert.equal((await run('init', '--dir', directory)).code, 0)
  writeFileSync(join(directory, 'policy.yaml'), 'mine')
  assert.equal((await run('init', '--dir', directory)).code, 2)
  assert.equal(readFileSync(join(directory, 'policy.yaml'), 'utf8'), 'mine')
  assert.equal((await run('init', '--dir', directory, '--force')).code, 0)
})

test('profile prints what "profile add --from" takes', async () => {
  const { code, stdout } = await run(
    'profile',
    '--config',
    config,
    '--host',
    'pg.example.com',
    '--port',
    '6432',
    '--name',
    'prod',
  )
  assert.equal(code, 0)
  const { name, profile } = readImportedProfile('stdout', stdout)
  assert.equal(name, 'prod')
  assert.equal(profile.issuer, door.issuer.url)
})

test('a proxy runs, lists and ends sessions, reloads on SIGHUP and on change, and drains on SIGTERM', async () => {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const own = variant('own.yaml', (text) =>
    text
      .replace('"127.0.0.1:0"', '"127.0.0.1:0"')
      .replace('admin: { address: "127.0.0.1:0"', `admin: { address: "127.0.0.1:${port}"`),
  )
  const proxy = startCommand(['proxy', '--config', own])
  const listening = JSON.parse((await proxy.says(/"msg":"listening"/)).input) as { port: number }
  await proxy.says(/"msg":"ready"/)
  const login = async (): Promise<RawClient> => {
    const client = await RawClient.connect(listening.port)
    assert.equal((await client.login(await door.issuer.mint())).at(-1)?.tag, 'Z')
    return client
  }
  const client = await login()
  const listed = await run('sessions', '--config', own, '--json')
  const [session] = JSON.parse(listed.stdout) as { session_id: string; subject: string }[]
  assert.equal(session?.subject, 'ada')
  assert.equal((await run('kill', '--config', own, String(session?.session_id))).code, 0)
  assert.equal((await client.next()).code, '57P01')
  assert.equal((await run('kill', '--config', own, 'nobody')).code, 1)

  proxy.process.kill('SIGHUP')
  await proxy.says(/configuration reloaded/)
  writeFileSync(own, `${readFileSync(own, 'utf8')}nonsense: 1\n`)
  await proxy.says(/configuration refused/)
  const still = await login()
  proxy.process.kill('SIGTERM')
  assert.equal((await still.next()).code, '57P01')
  assert.deepEqual(await proxy.end(), { code: 0, signal: null })
})

test('a second signal ends a draining proxy at once', async () => {
  const own = variant('drain.yaml', (text) => text.replace('drain: 1s', 'drain: 60s').replace(/admin:.*/, ''))
  const proxy = startCommand(['proxy', '--config', own])
  const listening = JSON.parse((await proxy.says(/"msg":"listening"/)).input) as { port: number }
  await proxy.says(/"msg":"ready"/)
  const client = await RawClient.connect(listening.port)
  await client.login(await door.issuer.mint())
  await client.query('begin')
  proxy.process.kill('SIGTERM')
  await proxy.says(/"msg":"draining"/)
  assert.equal((await client.query('select 1')).error, undefined)
  const startedAt = Date.now()
  proxy.process.kill('SIGTERM')
  assert.equal((await proxy.end()).code, 128 + 15)
  // Long before the minute that it would drain for.
  assert.ok(Date.now() - startedAt < 30_000)
  client.close()
})

test('a proxy does not start on a service login that is a superuser', async () => {
  await superuserQuery(door.postgres, "create role too_much login superuser password 'proxy-password'")
  const unfit = variant('unfit.yaml', (text) => text.replace('user: pgoauth_proxy', 'user: too_much'))
  const { code, stderr } = await run('--config', unfit)
  assert.equal(code, 1)
  assert.match(stderr, /service login "too_much" is SUPERUSER/)
})

test('a proxy does not start where one login of several roles meets a scope that runs code', async () => {
  const shared = variant('shared.yaml', (text) => text.replace('allow_shared_code: true', 'allow_shared_code: false'))
  const { code, stderr } = await run('--config', shared)
  assert.equal(code, 1)
  assert.match(stderr, /scope "db:admin" lets its holder run code.*\n.*try:.*allow_shared_code/)
})

test('a port in use is said, with what to do', async () => {
  const taken = variant('taken.yaml', (text) => text.replace('"127.0.0.1:0"', `"127.0.0.1:${door.port}"`))
  const { code, stderr } = await run('--config', taken)
  assert.equal(code, 1)
  assert.match(stderr, /EADDRINUSE[\s\S]*try:/)
})
