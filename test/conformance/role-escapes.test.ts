import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client } from 'pg'
import { startDoor } from '../support/door.ts'

// DESIGN section 6: the role of the startup packet is what every reset falls back to, and nothing leads away from it, in
// session pooling as in transaction pooling, with every right that a policy can give short of code.
const door = await startDoor({
  sql: `
create role configured nologin; grant configured to pgoauth_proxy;
alter role configured set role = 'auditor';
alter role configured in database postgres set role to 'pgoauth_proxy';
alter role configured in database postgres set session_authorization to 'pgoauth_proxy';
create function public.away() returns text language plpgsql as $$ begin
  perform set_config('role', 'auditor', false); return current_user; end $$;
create function public.away_by_set() returns text language sql set role = 'auditor' as 'select current_user::text';
grant execute on function public.away, public.away_by_set to public;`,
  policyYaml: `version: 1
roles:
  - { role: configured, when: { sub: configured } }
  - { role: analyst, when: { sub: ada } }
scopes:
  everything: all
  few: { select: [public.orders], set: ["*"], execute: [public.away, public.away_by_set] }
`,
  proxyYaml: (text) => {
    const entry = / {2}app:[\s\S]*(?=policy:)/.exec(text)?.[0] ?? ''
    const shared = entry.replace('  app:', '  shared:').replace(/\n$/, '\n    pool: { mode: transaction, size: 2 }\n')
    return text.replace(entry, `${entry}${shared}`)
  },
})

async function open(database: string, scope: string, more: Record<string, string> = {}): Promise<Client> {
  const { sub = 'ada', ...options } = more
  const client = new Client({
    host: '127.0.0.1',
    port: door.passwordPort,
    user: 'anybody',
    database,
    password: await door.issuer.mint({ sub, scope }),
    ssl: { rejectUnauthorized: false },
    ...options,
  })
  client.on('error', () => {})
  await client.connect()
  after(() => client.end().catch(() => {}))
  return client
}

const whoAmI = async (client: Client): Promise<unknown> =>
  (await client.query('select current_user::text as me')).rows[0]?.me

/** Values that come as Bind parameters stand behind the text. */
const ATTEMPTS: readonly (readonly [sql: string, ...values: string[]])[] = [
  ['reset role'],
  ['reset all'],
  ['reset session authorization'],
  ['discard all'],
  ['discard all; select 1'],
  ['set session authorization default'],
  ['set role none'],
  ["set role = 'none'"],
  ['set role to auditor'],
  ['SET "role" TO auditor'],
  ['set session role auditor'],
  ['set local role auditor'],
  ['set session authorization pgoauth_proxy'],
  ['set local session authorization postgres'],
  ["select set_config('role', 'auditor', false)"],
  ["select set_config('Role', 'auditor', true)"],
  ["select pg_catalog.set_config('session_authorization', 'pgoauth_proxy', false)"],
  ["select set_config(lower('ROLE'), 'auditor', false)"],
  ["select set_config(n, 'auditor', false) from (values ('role')) v (n)"],
  ['select set_config($1, $2, false)', 'role', 'auditor'],
  ['select set_config($1, $2, $3)', 'role', 'none', 'false'],
  ['select set_config($1::text, $2, false)', 'session_authorization', 'pgoauth_proxy'],
  ["select set_config(chr(114) || 'ole', 'auditor', false)"],
  ["prepare p (text) as select set_config($1, 'auditor', false); execute p ('role')"],
  ["explain analyze select set_config('role', 'auditor', false)"],
  ["declare c cursor with hold for select set_config('role', 'auditor', false); fetch c"],
  ["copy (select set_config('role', 'auditor', false)) to stdout"],
  ["begin; select set_config('role', 'auditor', false); commit"],
  ["update pg_settings set setting = 'auditor' where name = 'role'"],
  ["alter role analyst set role = 'auditor'"],
  ["alter role current_user set role = 'auditor'"],
  ["alter role all set role = 'auditor'"],
  ['alter database postgres set role = auditor'],
  ["alter system set role = 'auditor'"],
  ['alter function public.away() set role = auditor'],
]

for (const database of ['app', 'shared']) {
  for (const scope of ['few', 'everything']) {
    test(`${database}, scope ${scope}: no statement leads away from the role, and no reset after it`, async () => {
      const client = await open(database, scope)
      for (const [sql, ...values] of ATTEMPTS) {
        await (values.length > 0 ? client.query(sql, values) : client.query(sql)).catch(() => {})
        await client.query('rollback').catch(() => {})
        assert.equal(await whoAmI(client), 'analyst', `${sql} ${values}`)
      }
      for (const sql of ['reset role', 'reset all', 'discard all', 'set session authorization default', 'reset all']) {
        await client.query(sql)
        assert.equal(await whoAmI(client), 'analyst', sql)
      }
      const next = await open(database, scope)
      assert.equal(await whoAmI(next), 'analyst')
    })
  }

  test(`${database}: what a function changes unseen is gone with the lease, and nobody else is it`, async () => {
    const client = await open(database, 'few')
    await client.query('select public.away()').catch(() => {})
    await client.query('select public.away_by_set()').catch(() => {})
    if (database === 'shared') assert.equal(await whoAmI(client), 'analyst')
    await client.end()
    for (let time = 0; time < 3; time++) assert.equal(await whoAmI(await open(database, 'few')), 'analyst')
  })

  test(`${database}: ALTER ROLE … SET role and session_authorization change nothing for the role's sessions`, async () => {
    const client = await open(database, 'few', { sub: 'configured' })
    assert.equal(await whoAmI(client), 'configured')
    for (const sql of ['reset role', 'reset all', 'discard all']) {
      await client.query(sql)
      assert.equal(await whoAmI(client), 'configured', sql)
    }
  })
}

for (const options of [
  '-c role=auditor',
  '-crole=auditor',
  '--role=auditor',
  '--ROLE=auditor',
  '-c Role=auditor',
  '-c work_mem=1MB -c role=auditor',
  '-c\trole=auditor',
  '-c\nrole=auditor',
  '-c\vrole=auditor',
  '-c r\\ole=auditor',
  '\\-c role=auditor',
  '-c role=audi\\tor',
  '-c "role"=auditor',
  '-c role = auditor',
  '--session-authorization=pgoauth_proxy',
  '-c session-authorization=pgoauth_proxy',
  '-c is_superuser=on',
  '-c pgoauth.subject=somebody',
  '--pgoauth.subject=somebody',
  '--PGOAUTH.context=x',
  '-e -c role=auditor',
  '-d 5 -c role=auditor',
  '-v 3 -c role=auditor',
  '-- -c role=auditor',
]) {
  test(`options=${JSON.stringify(options)} is refused`, async () => {
    for (const database of ['app', 'shared']) {
      const token = await door.issuer.mint({ scope: 'everything' })
      assert.equal(await door.outcome({ token, parameters: { database, options } }), '42501')
    }
  })
}

test('a white space that C does not know ends no word, as in PostgreSQL', async () => {
  for (const space of ['\u00a0', '\ufeff', '\u2003', '\u0085']) {
    const client = await door.session({
      token: await door.issuer.mint({ scope: 'everything' }),
      parameters: { options: `-c application_name=a${space}-c${space}role=auditor` },
    })
    assert.deepEqual((await client.query('select current_user')).rows, [['analyst']])
    client.close()
  }
})
