import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { Client } from 'pg'
import { openClient } from '../../src/demo/demo.ts'
import { startKeeper } from '../../src/demo/keeper.ts'
import { startPostgres } from '../../src/demo/postgres.ts'
import { startTestPostgres, superuserQuery } from '../support/postgres.ts'

const server = await startTestPostgres({
  prepare: 'create role ada login; create table t (n int)',
  settings: { work_mem: '5MB' },
})

test('it is PostgreSQL 18 in UTF8, with the settings asked for', async () => {
  const { rows } = await superuserQuery(
    server,
    `select current_setting('server_version_num')::int / 10000 as major, current_setting('server_encoding') as encoding,
            current_setting('work_mem') as work_mem`,
  )
  assert.deepEqual(rows, [{ major: 18, encoding: 'UTF8', work_mem: '5MB' }])
})

test('a wrong password is refused', async () => {
  const client = new Client({ connectionString: server.url({ password: 'wrong' }) })
  await assert.rejects(client.connect(), { code: '28P01' })
})

test('a restart keeps the port and the data', async () => {
  const { port } = server
  await server.restart('immediate')
  assert.equal(server.port, port)
  assert.equal((await superuserQuery(server, 'select * from t')).rowCount, 0)
})

test('a server that goes is an error of the demonstration’s query, and not of its process', async () => {
  const client = await openClient(server.url())
  const running = client.query('select pg_sleep(60)')
  const failed = assert.rejects(running)
  await server.restart('immediate')
  await failed
})

test('several servers run beside each other in the directory of their keepers, which go with them', async () => {
  const keeper = await startKeeper()
  const other = await startPostgres({ keeper })
  assert.notEqual(other.port, server.port)
  assert.ok(existsSync(keeper.directory))
  await keeper.end()
  assert.ok(!existsSync(keeper.directory))
  await assert.rejects(superuserQuery(other, 'select 1'))
})

test('a server that cannot start says why in its own words', async () => {
  await assert.rejects(startPostgres({ settings: { shared_buffers: 'plenty' } }), (error: Error) => {
    assert.match(error.message, /invalid value for parameter "shared_buffers"/)
    return true
  })
})
