import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDoor } from '../support/door.ts'

// login.as_role: the mapped role logs in itself, and the server's own rules about it hold.
const door = await startDoor({
  sql: `
create role ada login password 'proxy-password'; create role extra nologin; grant extra to ada;
alter role ada set work_mem = '6MB'; grant select on public.orders to ada;
create role led login password 'proxy-password'; grant extra to led; alter role led set role = 'extra';
create role locked nologin password 'proxy-password';`,
  policyYaml: `version: 1
roles:
  - { role: ada, when: { sub: ada } }
  - { role: led, when: { sub: led } }
  - { role: locked, when: { sub: locked } }
  - { role: missing, when: { sub: missing } }
scopes:
  orders:read: { select: [public.orders] }
  roles:switch: { set: [role] }
`,
  proxyYaml: (text) => text.replace('user: pgoauth_proxy', 'as_role: true'),
})

test('the session is the role’s own, with its settings, and statements are judged', async () => {
  const token = await door.issuer.mint({ scope: 'orders:read' })
  const client = await door.session({ token, parameters: { extra_float_digits: '2' } })
  assert.deepEqual((await client.query('select current_user, session_user')).rows, [['ada', 'ada']])
  assert.deepEqual((await client.query('show work_mem')).rows, [['6MB']])
  assert.deepEqual((await client.query('select count(*) from public.orders')).rows, [['2']])
  assert.equal((await client.query('delete from public.orders')).error, '42501')
  client.close()
})

test('a role that cannot log in, and one that is not there, are refused as a bad token is', async () => {
  for (const sub of ['locked', 'missing']) {
    assert.match(await door.outcome({ token: await door.issuer.mint({ sub }) }), /^(28000|08004)$/)
  }
})

test('SET ROLE needs the scope that lists it', async () => {
  const client = await door.session({ token: await door.issuer.mint({ scope: 'orders:read' }) })
  assert.equal((await client.query('set role extra')).error, '42501')
  client.close()
})

test('ALTER ROLE … SET role does not lead a login away from itself, nor does any reset', async () => {
  const client = await door.session({ token: await door.issuer.mint({ sub: 'led' }) })
  for (const sql of ['select 1', 'reset role', 'reset all', 'discard all', 'set session authorization default']) {
    await client.query(sql)
    assert.deepEqual((await client.query('select current_user, session_user')).rows, [['led', 'led']], sql)
  }
  client.close()
})
