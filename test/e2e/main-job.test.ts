import assert from 'node:assert/strict'
import test from 'node:test'
import { Client } from 'pg'
import { skipWithout } from '../support/programs.ts'
import { psql } from '../support/psql.ts'
import { startStack } from '../support/stack.ts'

const stack = await startStack()
const { access_token: ADA } = await stack.issuer.login('ada', 'openid orders:read orders:write hr:read')
const tunnel = await stack.tunnel(ADA)

async function connected<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

test('a session runs as the role that the claims of the token yield', async () => {
  const { rows } = await connected(tunnel.url, (client) => client.query('select current_user, session_user'))
  assert.deepEqual(rows, [{ current_user: 'analyst', session_user: 'pgoauth_proxy' }])
})

test('what a scope allows gives its rows, in simple and in extended protocol', async () => {
  await connected(tunnel.url, async (client) => {
    const simple = await client.query('select id from sales.orders order by id')
    const extended = await client.query('select customer from sales.orders where id = $1', [2])
    assert.deepEqual(
      [simple.rows, extended.rows],
      [[{ id: '1' }, { id: '2' }, { id: '3' }], [{ customer: 'Hopper Ltd' }]],
    )
  })
})

test('what no scope allows is 42501 with a request id, and one line of the audit has that id', async () => {
  await connected(tunnel.url, async (client) => {
    const error = await client.query('delete from sales.orders').catch((thrown: unknown) => thrown)
    const { code, message, hint } = error as { code: string; message: string; hint: string }
    assert.equal(code, '42501')
    assert.equal(message, 'permission denied by access policy')
    const [requestId] = /[0-9a-f]{16}/.exec(hint) ?? []
    const lines = stack.audit().filter((line) => line.request_id === requestId)
    assert.deepEqual(
      lines.map(({ event, subject, role, action, object }) => ({ event, subject, role, action, object })),
      [{ event: 'statement_denied', subject: 'ada', role: 'analyst', action: 'delete', object: 'sales.orders' }],
    )
  })
})

test('the session goes on after a denial outside a transaction', async () => {
  await connected(tunnel.url, async (client) => {
    await assert.rejects(client.query('delete from sales.orders'), { code: '42501' })
    assert.equal((await client.query('select 1 as one')).rows[0].one, 1)
  })
})

for (const [protocol, values] of [
  ['simple', undefined],
  ['extended', [1]],
] as const) {
  test(`a denied statement of the ${protocol} protocol inside a transaction leaves it aborted, and ROLLBACK works`, async () => {
    await connected(tunnel.url, async (client) => {
      await client.query('begin')
      await client.query("update sales.orders set note = 'lost' where id = 1")
      const denied = values ? 'delete from sales.orders where id = $1' : 'delete from sales.orders'
      await assert.rejects(client.query(denied, values && [...values]), { code: '42501' })
      await assert.rejects(client.query('select 1'), { code: '25P02' })
      assert.equal((await client.query('rollback')).command, 'ROLLBACK')
      const { rows } = await client.query('select note from sales.orders where id = 1')
      assert.deepEqual(rows, [{ note: null }])
    })
  })
}

test('COMMIT after a denial is a ROLLBACK, as Postgres has it', async () => {
  await connected(tunnel.url, async (client) => {
    await client.query('begin')
    await assert.rejects(client.query('delete from sales.orders'), { code: '42501' })
    assert.equal((await client.query('commit')).command, 'ROLLBACK')
  })
})

test('nothing of a multi-statement query runs when one of them is denied', async () => {
  await connected(tunnel.url, async (client) => {
    const both = "update sales.orders set note = 'half' where id = 1; delete from sales.orders"
    await assert.rejects(client.query(both), { code: '42501' })
    const { rows } = await client.query('select note from sales.orders where id = 1')
    assert.deepEqual(rows, [{ note: null }])
  })
})

test('ten sessions at once each get their own rows', async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      connected(
        tunnel.url,
        async (client) => (await client.query('select $1::int as n from sales.orders limit 1', [n])).rows[0].n,
      ),
    ),
  )
  assert.deepEqual(answers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('psql runs allowed and denied statements, and an aborted transaction', { skip: skipWithout('psql') }, async () => {
  const script = `select count(*) from sales.orders;
begin;
delete from sales.orders;
select 1;
rollback;
select 'after';`
  const { code, stdout, stderr } = await psql(tunnel.url, script)
  assert.equal(stdout, '3\nafter\n')
  assert.deepEqual(
    [...stderr.matchAll(/ERROR: {2}(\w{5})/g)].map(([, sqlstate]) => sqlstate),
    ['42501', '25P02'],
  )
  assert.equal(code, 0)
})

test("psql's \\d shows a table", { skip: skipWithout('psql') }, async () => {
  const { stdout, stderr } = await psql(tunnel.url, '\\d sales.orders')
  assert.match(stdout, /customer\|text/)
  assert.equal(stderr, '')
})

test('somebody with fewer scopes may do less through the same proxy', async () => {
  const { access_token } = await stack.issuer.login('grace', 'openid orders:read orders:write')
  const { url } = await stack.tunnel(access_token)
  await connected(url, async (client) => {
    assert.equal((await client.query('select current_user')).rows[0].current_user, 'auditor')
    await assert.rejects(client.query("update sales.orders set status = 'x' where id = 1"), { code: '42501' })
  })
})

test('somebody whose claims yield no role gets no session', async () => {
  const { access_token } = await stack.issuer.login('eve', 'openid orders:read')
  const { url } = await stack.tunnel(access_token)
  await assert.rejects(
    connected(url, async () => {}),
    { code: '28000' },
  )
})
