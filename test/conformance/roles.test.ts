import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDoor } from '../support/door.ts'
import { superuserQuery } from '../support/postgres.ts'

// DESIGN section 6: claims to role, and nothing that a client says or runs leads away from it.
const door = await startDoor({
  sql: `
create role expired nologin valid until '2000-01-01'; grant expired to pgoauth_proxy;
create role outsider nologin;
create role configured nologin; grant configured to pgoauth_proxy;
alter role configured set work_mem = '7MB';
alter role configured set search_path = 'Mixed Case', public;
alter role configured in database postgres set statement_timeout = '12s';
alter role configured set log_statement = 'all';
alter role configured set myapp.tenant = 'blue';
alter role configured in database postgres set work_mem = '9MB';
create function public.current_user_inside() returns text language sql as 'select current_user::text';
grant execute on function public.current_user_inside to public;
alter role pgoauth_proxy set statement_timeout = '33s';
`,
  policyYaml: `version: 1
roles:
  - { role: auditor, when: { groups: auditors } }
  - { role: analyst, when: { groups: [analysts, auditors] } }
  - { role: "{preferred_username}", among: [configured, grace], when: { templated: true } }
  - { role: analyst, when: { sub: ada } }
  - { role: expired, when: { sub: expired } }
  - { role: outsider, when: { sub: outsider } }
  - { role: no_such_role, when: { sub: nowhere } }
  - { role: postgres, when: { sub: superuser } }
  - { role: pgoauth_proxy, when: { sub: service } }
  - { role: configured, when: { sub: configured } }
scopes:
  orders:read: { select: [public.orders] }
  db:admin: all
always: { set: [work_mem, statement_timeout] }
`,
})
const mint = (claims: Record<string, unknown>) => door.issuer.mint({ scope: 'db:admin orders:read', ...claims })

async function roleOf(claims: Record<string, unknown>, user = 'anybody'): Promise<string> {
  const client = await door.session({ token: await mint(claims), parameters: { user } })
  const { rows } = await client.query('select current_user')
  client.close()
  return String(rows[0]?.[0])
}

test('the first rule that holds gives the role', async () => {
  assert.equal(await roleOf({ groups: ['auditors'] }), 'auditor')
})

test('the startup user takes a later role that the token yields', async () => {
  assert.equal(await roleOf({ groups: ['auditors'] }, 'analyst'), 'analyst')
})

test('the startup user grants nothing', async () => {
  for (const user of ['postgres', 'pgoauth_proxy', 'outsider', 'auditor'])
    assert.equal(await roleOf({}, user), 'analyst')
})

test('a template gives a role that is among those named', async () => {
  assert.equal(await roleOf({ sub: 'x', templated: true, preferred_username: 'configured' }), 'configured')
})

test('a template gives nothing else', async () => {
  for (const name of ['postgres', 'pgoauth_proxy', 'configured"', '', 'Configured', null]) {
    const token = await mint({ sub: 'x', templated: true, preferred_username: name })
    assert.equal(await door.outcome({ token }), '28000', String(name))
  }
})

for (const [name, sub, reason] of [
  ['no rule holds', 'unknown', /no role rule/],
  ['the role does not exist', 'nowhere', /"no_such_role" does not exist/],
  ['the login is no member of the role', 'outsider', /not a member of role "outsider"/],
  ['the role is past VALID UNTIL', 'expired', /VALID UNTIL/],
  ['the role is a superuser', 'superuser', /superuser/],
] as const) {
  test(`where ${name}, the client hears what it hears of a bad token, and the log says it`, async () => {
    const client = await door.connect()
    const messages = await client.login(await mint({ sub }))
    const bad = await door.connect()
    const refused = await bad.login('bad')
    assert.deepEqual(
      messages.map(({ tag, code, text }) => [tag, code, text]),
      refused.map(({ tag, code, text }) => [tag, code, text]),
    )
    assert.equal(messages.at(-1)?.code, '28000')
    assert.match(door.reasons().at(-2) ?? '', reason)
    client.close()
    bad.close()
  })
}

test('a role without CONNECT is refused, and the log says so', async () => {
  await superuserQuery(
    door.postgres,
    'revoke connect on database postgres from public; grant connect on database postgres to pgoauth_proxy, auditor, configured',
  )
  try {
    await new Promise((resolve) => setTimeout(resolve, 5_200))
    assert.equal(await door.outcome({ token: await mint({}) }), '28000')
    assert.match(door.reasons().at(-1) ?? '', /lacks CONNECT/)
  } finally {
    await superuserQuery(door.postgres, 'grant connect on database postgres to public')
    // For so long a refusal is remembered.
    await new Promise((resolve) => setTimeout(resolve, 2_200))
  }
})

test('a superuser role is served where the database says so', async () => {
  const allowing = await startDoor({
    postgres: door.postgres,
    issuer: door.issuer,
    sql: 'grant postgres to pgoauth_proxy',
    policyYaml: 'version: 1\nroles: [{ role: postgres, when: { sub: superuser } }]\nscopes: {}\n',
    proxyYaml: (text) => text.replace('  app:\n', '  app:\n    allow_superuser: true\n'),
  })
  try {
    assert.equal(await allowing.outcome({ token: await mint({ sub: 'superuser' }) }), 'ok')
  } finally {
    await superuserQuery(door.postgres, 'revoke postgres from pgoauth_proxy')
  }
})

const ESCAPES = [
  'reset role',
  'reset all',
  'discard all',
  'set session authorization default',
  'reset session authorization',
  'set role none',
  'set role pgoauth_proxy',
  "set role 'pgoauth_proxy'",
  'set local role none',
  'set session authorization pgoauth_proxy',
  "select set_config('role', 'none', false)",
  "select set_config('ROLE', 'pgoauth_proxy', false)",
  "select pg_catalog.set_config('session_authorization', 'pgoauth_proxy', false)",
  "select set_config('ro' || 'le', 'none', false)",
  'alter role analyst set role = auditor',
  'alter role current_user set role to auditor',
  'alter database postgres set role = auditor',
  "update pg_settings set setting = 'none' where name = 'role'",
  'begin; set local role none; commit',
  "do $$ begin perform set_config('role', 'none', false); end $$",
  "create function pg_temp.f() returns void language sql set role = 'auditor' as 'select 1'",
]

for (const sql of ESCAPES) {
  test(`no way out of the role: ${sql}`, async () => {
    const client = await door.session({ token: await mint({ scope: 'orders:read' }) })
    await client.query(sql)
    await client.query('rollback')
    assert.deepEqual((await client.query('select current_user')).rows, [['analyst']])
    await client.query('reset all')
    assert.deepEqual((await client.query('select current_user')).rows, [['analyst']])
    client.close()
  })
}

for (const sql of ESCAPES.filter((one) => !one.startsWith('do ') && !one.includes("'ro' ||"))) {
  test(`not even with all: ${sql}`, async () => {
    const client = await door.session({ token: await mint({}) })
    await client.query(sql)
    await client.query('rollback')
    assert.deepEqual((await client.query('select current_user')).rows, [['analyst']])
    client.close()
  })
}

for (const [name, value] of [
  ['role', 'auditor'],
  ['ROLE', 'auditor'],
  ['session_authorization', 'postgres'],
  ['options', '-c role=auditor'],
  ['options', '-crole=auditor'],
  ['options', '--role=auditor'],
  ['options', '-c ROLE=auditor'],
  ['options', '--session-authorization=postgres'],
  ['options', '-c session_authorization=postgres'],
  ['options', '-c work_mem=4MB -c\\ role=auditor'],
  ['options', '-c work_mem=4MB\t-c\nrole=auditor'],
  ['options', '-r file'],
  ['options', '-p tlist'],
  ['options', 'role=auditor'],
  ['options', '-c'],
  ['options', '-c role'],
  ['pgoauth.subject', 'somebody'],
  ['pgoauth.context', 'x'],
  ['PGOAUTH.subject', 'somebody'],
  ['client_encoding', 'SJIS'],
  ['client_encoding', 'LATIN1'],
  ['CLIENT_ENCODING', 'BIG5'],
  ['options', '-c client_encoding=sjis'],
  ['standard_conforming_strings', 'off'],
  ['backslash_quote', 'on'],
  ['search_path', 'public, "unfinished'],
  ['search_path', 'public,,other'],
  ['options', '-c search_path=a"b'],
  ['log_statement', 'none'],
  ['session_preload_libraries', 'auto_explain'],
  ['local_preload_libraries', 'x'],
  ['weird name', 'x'],
  ['a;b', 'x'],
] as const) {
  test(`a startup packet with ${name}=${JSON.stringify(value)} is refused`, async () => {
    const token = await mint({ scope: 'orders:read' })
    assert.equal(await door.outcome({ token, parameters: { [name]: value } }), '42501')
  })
}

for (const [name, value] of [
  ['TimeZone', 'Nowhere/Nothing'],
  ['statement_timeout', 'soon'],
  ['options', '-c work_mem=lots'],
] as const) {
  test(`a startup packet with ${name}=${JSON.stringify(value)} is told what PostgreSQL tells: 22023`, async () => {
    const token = await mint({ scope: 'orders:read' })
    assert.equal(await door.outcome({ token, parameters: { [name]: value } }), '22023')
    assert.equal(await door.outcome({ token }), 'ok')
  })
}

for (const [name, value, sql, expected] of [
  ['client_encoding', 'utf-8', 'show client_encoding', 'UTF8'],
  ['client_encoding', 'UNICODE', 'show client_encoding', 'UTF8'],
  ['DateStyle', 'German', 'show datestyle', 'German, DMY'],
  ['TimeZone', 'Pacific/Auckland', 'show timezone', 'Pacific/Auckland'],
  ['extra_float_digits', '2', 'show extra_float_digits', '2'],
  ['options', '-c work_mem=5MB', 'show work_mem', '5MB'],
  ['options', '--statement-timeout=4s', 'show statement_timeout', '4s'],
  ['options', '-c statement_timeout=4s --work-mem=6MB', 'show work_mem', '6MB'],
  ['search_path', '"Mixed Case", public', 'show search_path', '"Mixed Case", public'],
  ['application_name', "o'brien", 'show application_name', "o'brien"],
] as const) {
  test(`a startup packet may set ${name}=${JSON.stringify(value)}`, async () => {
    const client = await door.session({ token: await mint({ scope: 'orders:read' }), parameters: { [name]: value } })
    assert.deepEqual((await client.query(sql)).rows, [[expected]])
    client.close()
  })
}

test('RESET and SET TO DEFAULT fall back to what the startup packet asked for, as PostgreSQL does', async () => {
  const parameters = { options: '-c statement_timeout=4s', search_path: 'sales' }
  const client = await door.session({ token: await mint({ scope: 'orders:read' }), parameters })
  await client.query("set statement_timeout = '7s'; set search_path = public")
  await client.query('reset statement_timeout')
  await client.query('set search_path to default')
  assert.deepEqual((await client.query('show statement_timeout')).rows, [['4s']])
  assert.deepEqual((await client.query('show search_path')).rows, [['sales']])
  client.close()
})

test('a client without application_name is seen as who it is', async () => {
  const client = await door.session({ token: await mint({}) })
  assert.deepEqual((await client.query('show application_name')).rows, [['ada via pgoauth']])
  client.close()
})

test('the subject is in a setting, and a reset puts it back', async () => {
  const client = await door.session({ token: await mint({}) })
  await client.query('reset all')
  await client.query('discard all')
  assert.deepEqual((await client.query("select current_setting('pgoauth.subject')")).rows, [['ada']])
  client.close()
})

test("the role's own settings are in place as its login would have them, and stay what a reset falls back to", async () => {
  const client = await door.session({ token: await mint({ sub: 'configured' }) })
  const settings =
    "select current_setting('work_mem'), current_setting('statement_timeout'), current_setting('myapp.tenant'), current_setting('search_path')"
  const expected = [['9MB', '12s', 'blue', '"Mixed Case", public']]
  assert.deepEqual((await client.query(settings)).rows, expected)
  await client.query("set work_mem = '1MB'")
  await client.query('reset all')
  assert.deepEqual((await client.query(settings)).rows, expected)
  client.close()
})

test("a client's own setting wins over the role's", async () => {
  const client = await door.session({ token: await mint({ sub: 'configured' }), parameters: { work_mem: '3MB' } })
  assert.deepEqual((await client.query('show work_mem')).rows, [['3MB']])
  client.close()
})

test('a setting of the role that needs a superuser is left out, and the log says so', async () => {
  const client = await door.session({ token: await mint({ sub: 'configured' }) })
  client.close()
  assert.ok(
    door.logs.some(
      ({ msg, settings }) => String(msg).includes('need a superuser') && String(settings) === 'log_statement',
    ),
  )
})

test('who was refused for want of a role is in the log', async () => {
  await door.outcome({ token: await mint({ sub: 'somebody' }) })
  assert.match(door.reasons().at(-1) ?? '', /no role rule.*subject "somebody" of http/)
})

test('an unknown database is told only to those with a good token', async () => {
  assert.equal(await door.outcome({ token: 'bad', parameters: { database: 'nothing' } }), '28000')
  assert.equal(await door.outcome({ token: await mint({}), parameters: { database: 'nothing' } }), '3D000')
})
