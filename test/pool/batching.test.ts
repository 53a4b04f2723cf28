import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeBind, encodeExecute, encodeParse, encodeQuery, encodeSync } from '../../src/wire/client-messages.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { settled, type TransactionClient, testPool } from './transaction-client.ts'

const server = await startTestPostgres({
  hba: ['host all all 127.0.0.1/32 trust'],
  prepare: `CREATE ROLE analyst;
    CREATE TABLE public.marks (number int, name text); GRANT ALL ON public.marks TO analyst;
    INSERT INTO public.marks VALUES (1, 'one'), (2, 'two');`,
})
const pools: { end(): void }[] = []
after(() => {
  for (const pool of pools) pool.end()
})
/** One connection for the line, at most one for leases. */
function batchingPool() {
  const pool = testPool(server, { limits: { size: 2 }, batch: true })
  pools.push(pool)
  return pool
}
const ONE = 'SELECT name FROM public.marks WHERE number = 1'
const FAILS = 'SELECT 1 / (number - 1) FROM public.marks WHERE number = 1'
const q = (sql: string) => [encodeQuery(sql)]
const SELECTED = ['D one', 'C SELECT 1', 'Z I']

/** Runs a text until it is batched: its template has settled, and a line is open. */
async function settle(client: TransactionClient, ...messages: Buffer[][]): Promise<void> {
  for (let run = 0; run < 20; run++) {
    for (const turn of messages) await client.turn(turn)
    await sleep(5)
  }
}

test('settled SELECTs of many clients run on one connection while another is in a transaction on the other', async () => {
  const { client, servers, pool } = batchingPool()
  await settle(client('ada'), q(ONE))
  assert.equal(pool.queue.counts.leased, 1)
  const holder = client('holder')
  await holder.turn(q('BEGIN'))
  const clients = Array.from({ length: 20 }, (_, n) => client(`c${n}`))
  const answers = await Promise.all(clients.map((one) => one.turn(q(ONE))))
  for (const answer of answers) assert.deepEqual(answer, SELECTED)
  assert.equal(servers.length, 2)
})

test('an error stays with the client whose statement it is', async () => {
  const { client } = batchingPool()
  await settle(client('ada'), q(ONE), q(FAILS))
  const clients = Array.from({ length: 12 }, (_, n) => client(`c${n}`))
  const answers = await Promise.all(clients.map((one, n) => one.turn(q(n % 3 === 0 ? FAILS : ONE))))
  for (const [n, answer] of answers.entries()) {
    assert.deepEqual(answer, n % 3 === 0 ? ['E 22012 division by zero', 'Z I'] : SELECTED)
  }
})

test('extended-query turns are batched with their own statements and parameters', async () => {
  const { client } = batchingPool()
  const text = 'SELECT name || $1::text FROM public.marks WHERE number = 1'
  const turn = (mark: string) => [encodeParse('', text), encodeBind('', '', [mark]), encodeExecute(''), encodeSync()]
  await settle(client('ada'), turn('x'))
  const clients = Array.from({ length: 12 }, (_, n) => client(`c${n}`))
  await Promise.all(
    clients.map((one, n) =>
      one.turn([encodeParse('s', text), encodeBind('', 's', [`-${n}`]), encodeExecute(''), encodeSync()]),
    ),
  )
  const again = (n: number) => [encodeBind('', 's', [`=${n}`]), encodeExecute(''), encodeSync()]
  const answers = await Promise.all(clients.map((one, n) => one.turn(again(n))))
  for (const [n, answer] of answers.entries()) assert.deepEqual(answer, ['2', `D one=${n}`, 'C SELECT 1', 'Z I'])
})

test('a client that vanishes with its statement under way disturbs nobody on the line', async () => {
  const { client } = batchingPool()
  await settle(client('ada'), q(ONE))
  const clients = Array.from({ length: 10 }, (_, n) => client(`c${n}`))
  const answers = clients.map((one) => one.turn(q(ONE)))
  clients[3]?.session.close()
  for (const [n, answer] of answers.entries()) if (n !== 3) assert.deepEqual(await answer, SELECTED)
})

test('a cancel hits nobody on the line', async () => {
  const { client } = batchingPool()
  await settle(client('ada'), q(ONE))
  const clients = Array.from({ length: 10 }, (_, n) => client(`c${n}`))
  const answers = clients.map((one) => one.turn(q(ONE)))
  await clients[0]?.session.cancel()
  for (const answer of answers) assert.deepEqual(await answer, SELECTED)
})

test('clients with other settings have other lines', async () => {
  const { client, servers } = batchingPool()
  await settle(client('ada'), q(ONE))
  const grace = client('grace', { work_mem: '1MB' })
  await settle(grace, q(ONE))
  assert.deepEqual((await grace.turn(q('SHOW work_mem')))[0], 'D 1MB')
  assert.deepEqual((await client('ada').turn(q('SHOW work_mem')))[0], 'D 4MB')
  assert.ok(servers.length <= 2)
})

test('a line that is lost ends the sessions that had a statement on it, and no others', async () => {
  const { client, servers } = batchingPool()
  const ada = client('ada')
  await settle(ada, q(ONE))
  const clients = Array.from({ length: 4 }, (_, n) => client(`c${n}`))
  const answers = clients.map((one) => one.turn(q(ONE)))
  for (const { socket } of servers) socket.destroy()
  for (const answer of answers) assert.deepEqual(await answer, ['ended 08006'])
  await sleep(20)
  assert.deepEqual(await ada.turn(q(ONE)), SELECTED)
})

for (const sql of [
  "SELECT current_setting('pgoauth.subject') FROM public.marks WHERE number = 1",
  'SELECT 1',
  'SELECT setseed(0.1) FROM public.marks',
]) {
  test(`${sql} is never batched`, async () => {
    const { client, pool } = batchingPool()
    await settle(client('ada'), q(sql))
    await settled(pool)
    // A line would hold a connection.
    assert.equal(pool.queue.counts.leased, 0)
  })
}

test('each client reads its own subject though its other statements are batched', async () => {
  const { client } = batchingPool()
  const [ada, grace] = [client('ada'), client('grace')]
  const subject = "SELECT current_setting('pgoauth.subject')"
  await settle(ada, q(ONE), q(subject))
  assert.deepEqual((await grace.turn(q(ONE)))[0], 'D one')
  assert.deepEqual((await grace.turn(q(subject)))[0], 'D grace')
  assert.deepEqual((await ada.turn(q(subject)))[0], 'D ada')
})
