import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DOOR_SQL, startDoor } from '../support/door.ts'
import { startTestPostgres, superuserQuery } from '../support/postgres.ts'

// Two servers behind one database: which is used, and what becomes of clients when one goes.
const [one, two] = await Promise.all([
  startTestPostgres({ prepare: DOOR_SQL }),
  startTestPostgres({ prepare: DOOR_SQL }),
])
const doorOn = (more: string) =>
  startDoor({
    postgres: one,
    ...(first && { issuer: first.issuer }),
    proxyYaml: (text) =>
      text.replace(
        `host: 127.0.0.1, port: ${one.port}, database: postgres,`,
        `host: [127.0.0.1, 127.0.0.1], port: [${one.port}, ${two.port}], database: postgres, connect_timeout: 3s, ${more}`,
      ),
  })
let first: Awaited<ReturnType<typeof startDoor>> | undefined
first = await doorOn('target_session_attrs: read-write,')
const door = first
const portOf = "select current_setting('port')"

test('the first of two servers is used, and the second once the first is gone', async () => {
  const client = await door.session()
  assert.deepEqual((await client.query(portOf)).rows, [[String(one.port)]])
  await one.halt()
  const last = await client.next()
  assert.equal(last.tag, 'E')
  assert.match(last.code ?? '', /^(57P01|08006)$/)
  const next = await door.session()
  assert.deepEqual((await next.query(portOf)).rows, [[String(two.port)]])
  next.close()
  await one.restart()
})

test('target_session_attrs: read-write passes a server that is read-only by, in session and in catalog', async () => {
  await superuserQuery(one, 'alter system set default_transaction_read_only = on')
  await superuserQuery(one, 'select pg_reload_conf()')
  const fresh = await doorOn('target_session_attrs: read-write,')
  const client = await fresh.session()
  assert.deepEqual((await client.query(portOf)).rows, [[String(two.port)]])
  client.close()
  const readOnly = await doorOn('target_session_attrs: read-only,')
  const reader = await readOnly.session()
  assert.deepEqual((await reader.query(portOf)).rows, [[String(one.port)]])
  reader.close()
})

test('where no server fits, the client is told 08006, and the log says why of each', async () => {
  const standby = await doorOn('target_session_attrs: standby,')
  assert.equal(await standby.outcome(), '08006')
  assert.match(standby.reasons().at(-1) ?? '', /not a standby.*not a standby/)
})

test('a server that takes no more connections is told as what it says: 53300', async () => {
  await superuserQuery(two, 'alter role pgoauth_proxy connection limit 0')
  const alone = await startDoor({ postgres: two, issuer: door.issuer })
  assert.equal(await alone.outcome(), '53300')
  await superuserQuery(two, 'alter role pgoauth_proxy connection limit -1')
  assert.equal(await alone.outcome(), 'ok')
})
