import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { Template } from '../../src/pool/batching.ts'
import {
  encodeBind,
  encodeExecute,
  encodeFlush,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { WholeQuery } from '../../src/wire/whole-turn.ts'
import { startTestPostgres, superuserQuery } from '../support/postgres.ts'
import { settled, type TransactionClient, testPool } from './transaction-client.ts'

const server = await startTestPostgres({
  hba: ['host all all 127.0.0.1/32 trust'],
  prepare: `CREATE ROLE analyst;
    CREATE TABLE public.marks (number int, name text); GRANT ALL ON public.marks TO analyst;
    INSERT INTO public.marks VALUES (1, 'one'), (2, 'two');
    INSERT INTO public.marks SELECT n, 'number ' || n FROM generate_series(100, 120) AS n;
    CREATE TABLE public.notes (author text, note text); GRANT ALL ON public.notes TO analyst; ALTER TABLE public.notes OWNER TO analyst;
    INSERT INTO public.notes VALUES ('ada', 'a'), ('grace', 'g');`,
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
  const ada = client('ada')
  await settle(ada, q(ONE))
  // On a busy machine it takes a while until a line is open.
  for (let run = 0; run < 200 && pool.queue.counts.leased === 0; run++) await settle(ada, q(ONE))
  assert.equal(pool.queue.counts.leased, 1)
  const holder = client('holder')
  await holder.turn(q('BEGIN'))
  const clients = Array.from({ length: 20 }, (_, n) => client(`c${n}`))
  const answers = await Promise.all(clients.map((one) => one.turn(q(ONE))))
  for (const answer of answers) assert.deepEqual(answer, SELECTED)
  assert.equal(servers.length, 2)
  for (const one of clients) assert.equal(one.batched, 1)
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
  for (const one of clients) assert.equal(one.batched, 1)
  const unnamed = await Promise.all(clients.map((one, n) => one.turn(turn(`~${n}`))))
  for (const [n, answer] of unnamed.entries()) assert.deepEqual(answer, ['1', '2', `D one~${n}`, 'C SELECT 1', 'Z I'])
  // The unnamed statement is the client's from then on, wherever it runs next.
  const [first] = clients
  const bound = ['2', 'D one!', 'C SELECT 1', 'Z I']
  assert.deepEqual(await first?.turn([encodeBind('', '', ['!']), encodeExecute(''), encodeSync()]), bound)
  assert.equal(first?.batched, 3)
  assert.deepEqual(
    await first?.turn([encodeBind('', '', ['!']), encodeExecute(''), encodeFlush(), encodeSync()]),
    bound,
  )
  assert.equal(first?.batched, 3)
})

test('a client that vanishes with its statement under way disturbs nobody on the line', async () => {
  const { client } = batchingPool()
  await settle(client('ada'), q(ONE))
  const clients = Array.from({ length: 10 }, (_, n) => client(`c${n}`))
  const answers = clients.map((one) => one.turn(q(ONE)))
  clients[3]?.session.close()
  for (const [n, answer] of answers.entries()) if (n !== 3) assert.deepEqual(await answer, SELECTED)
})

test('a cancel ends the statement of the client that asked, and hits nobody else on the line', async () => {
  const { client } = batchingPool()
  await settle(client('ada'), q(ONE))
  const clients = Array.from({ length: 10 }, (_, n) => client(`c${n}`))
  const answers = clients.map((one) => one.turn(q(ONE)))
  await clients[0]?.session.cancel()
  for (const [n, answer] of answers.entries()) {
    assert.deepEqual(await answer, n === 0 ? ['E 57014 canceling statement due to user request', 'Z I'] : SELECTED)
  }
  assert.deepEqual(await clients[0]?.turn(q(ONE)), SELECTED)
})

test('whoever waits behind a statement that takes long is run elsewhere, and that statement can be cancelled', async () => {
  const { client, pool } = batchingPool()
  await settle(client('ada'), q(ONE), q('SELECT note FROM public.notes'))
  const locker = new Client({ connectionString: server.url() })
  await locker.connect()
  try {
    await locker.query('BEGIN; LOCK TABLE public.notes')
    const slow = client('slow')
    const waits = slow.turn(q('SELECT note FROM public.notes'))
    const clients = Array.from({ length: 10 }, (_, n) => client(`c${n}`))
    const answers = await Promise.all(clients.map((one) => one.turn(q(ONE))))
    for (const answer of answers) assert.deepEqual(answer, SELECTED)
    await slow.session.cancel()
    assert.deepEqual(await waits, ['E 57014 canceling statement due to user request', 'Z I'])
    // The line is given up, with the lock still held by another.
    await settled(pool)
  } finally {
    await locker.end()
  }
  assert.deepEqual(await client('later').turn(q(ONE)), SELECTED)
})

test('literals that are compared become parameters, and each client gets the row of its own', async () => {
  const { client } = batchingPool()
  const row = (n: number) => `SELECT name FROM public.marks WHERE number = ${n} AND name <> 'x${n}'`
  await settle(client('ada'), q(row(100)))
  const clients = Array.from({ length: 20 }, (_, n) => client(`c${n}`))
  const answers = await Promise.all(clients.map((one, n) => one.turn(q(row(100 + n)))))
  for (const [n, answer] of answers.entries()) assert.deepEqual(answer, [`D number ${100 + n}`, 'C SELECT 1', 'Z I'])
  for (const one of clients) assert.equal(one.batched, 1)
})

test('a statement that fails on a line is run once more, and the error is that of its own text', async () => {
  const { client } = batchingPool()
  const cast = (value: string) => `SELECT name FROM public.marks WHERE number = '${value}'`
  await settle(client('ada'), q(cast('1')))
  const grace = client('grace')
  assert.deepEqual(await grace.turn(q(cast('one'))), ['E 22P02 invalid input syntax for type integer: "one"', 'Z I'])
  assert.equal(grace.batched, 0)
  assert.deepEqual(await grace.turn(q(cast('1'))), SELECTED)
})

test('a result that is too long to hold comes whole all the same', async () => {
  const { client } = batchingPool()
  const text = (n: number) => `SELECT repeat(name, 10) FROM public.marks, generate_series(1, 1) WHERE number <> ${n}`
  const many = (n: number) =>
    `SELECT repeat('x', 1000) FROM public.marks AS a, public.marks AS b WHERE a.number >= ${n}`
  await settle(client('ada'), q(text(1)), q(many(120)))
  const answer = await client('grace').turn(q(many(0)))
  assert.equal(answer.length, 23 * 23 + 2)
  assert.equal(answer.at(-2), `C SELECT ${23 * 23}`)
})

test('a table that changed under a statement prepared on the line is read as it is now', async () => {
  const { client } = batchingPool()
  const all = 'SELECT * FROM public.notes'
  const where = "SELECT * FROM public.notes WHERE author = 'ada'"
  await settle(client('ada'), q(where), q(all))
  await superuserQuery(server, 'ALTER TABLE public.notes ADD COLUMN extra int DEFAULT 7')
  assert.deepEqual(await client('grace').turn(q(where)), ['D ada|a|7', 'C SELECT 1', 'Z I'])
  assert.deepEqual(await client('grace').turn(q(all)), ['D ada|a|7', 'D grace|g|7', 'C SELECT 2', 'Z I'])
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

test('a template whose turns only waited behind another’s keeps its literals as parameters, one that failed itself does not', () => {
  const turn = new WholeQuery(encodeQuery(ONE))
  const template = new Template()
  for (let run = 0; run < 5; run++) template.noteLeased(1, 100)
  assert.ok(template.isSettled)
  assert.ok(template.split(turn))
  for (let times = 0; times < 10; times++) template.noteElsewhere('behind', true)
  assert.ok(template.isSettled)
  assert.ok(template.split(turn))
  for (let times = 0; times < 2; times++) template.noteElsewhere('odd', true)
  // An answer in between starts the count again.
  template.noteReply(1, true)
  template.noteElsewhere('odd', true)
  assert.ok(template.split(turn))
  for (let times = 0; times < 2; times++) template.noteElsewhere('odd', true)
  assert.equal(template.split(turn), undefined)
})
