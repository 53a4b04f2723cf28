import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { AuditEvent } from '../../src/audit/audit-event.ts'
import { silentAudit } from '../../src/audit/audit-log.ts'
import { grantsFor } from '../../src/policy/grants.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { LiveGate, shown } from './live-gate.ts'
import { startLiveJudge } from './live-judge.ts'

const POLICY = `version: 1
scopes:
  write: { select: [sales.orders], insert: [sales.orders, sales.ratings], update: [sales.orders], delete: [sales.orders] }
  view: { select: [sales.broken, sales.numbers] }
  hr: { select: [hr.customers], delete: [hr.customers] }
errors: own
`
const { server, judge, grants } = await startLiveJudge(
  `create schema sales; create schema hr;
   create table hr.customers (id int primary key, secret text);
   create table sales.orders (id int primary key, customer int references hr.customers (id), note text check (note <> 'bad'));
   create table sales.ratings (id int primary key, stars int check (stars < 6), comment text);
   insert into hr.customers values (1, 'x');
   insert into sales.orders values (1, 1, 'a');
   create view sales.broken as select 1 / (id - id) as x from hr.customers;
   create view sales.numbers as select id from hr.customers where secret::int > 0;
   create function hr.checked() returns trigger language plpgsql as
     $$ begin raise exception 'refused' using detail = 'customers are full', hint = 'ask somebody'; end $$;
   create trigger guard before delete on sales.orders for each row execute function hr.checked();
   create role reader login; grant usage on schema sales to reader; grant select on sales.orders to reader;
   grant insert on sales.orders to reader;
   create view sales.peek with (security_invoker = true) as select * from hr.customers;`,
  POLICY,
)

async function open(scopes: string, more = {}): Promise<LiveGate> {
  const live = await LiveGate.open(server, judge, grants(...scopes.split(' ')), more)
  after(() => live.close())
  return live
}

async function errorOf(live: LiveGate, sql: string): Promise<Record<string, string>> {
  const error = (await live.query(sql)).find(({ tag }) => tag === 'E')
  const fields = Object.fromEntries(error?.fields ?? [])
  const { C = '', M = '', D = '', W = '', s = '', t = '' } = fields
  return { C, M, D, W, s, t }
}

test('a foreign key does not name the table behind it, nor its rows', async () => {
  const error = await errorOf(await open('write'), 'insert into sales.orders values (2, 77, null)')
  assert.equal(error.C, '23503')
  assert.equal(error.t, 'orders')
  assert.doesNotMatch(JSON.stringify(error), /customers|77/)
})

test('a duplicate key shows its value where the table may be read', async () => {
  const error = await errorOf(await open('write'), 'insert into sales.orders values (1, 1, null)')
  assert.match(error.D ?? '', /Key \(id\)=\(1\) already exists/)
})

test('a failing row is not shown where the table may only be written', async () => {
  const error = await errorOf(await open('write'), "insert into sales.ratings values (1, 9, 'private')")
  assert.deepEqual([error.C, error.D], ['23514', ''])
})

test('an error in a function says nothing of it or of what it names', async () => {
  const error = await errorOf(await open('write'), 'delete from sales.orders')
  assert.equal(error.C, 'P0001')
  assert.equal(error.M, 'refused')
  assert.doesNotMatch(JSON.stringify(error), /checked|customers|hr/)
})

test('an error of a view keeps its SQLSTATE and names nothing behind it', async () => {
  const error = await errorOf(await open('view'), 'select * from sales.broken')
  assert.equal(error.C, '22012')
  assert.doesNotMatch(JSON.stringify(error), /customers/)
})

test('a value that a view comes upon is not shown: it may be of a column that the view does not give', async () => {
  const error = await errorOf(await open('view'), 'select * from sales.numbers')
  assert.deepEqual([error.C, error.M], ['22P02', 'invalid input syntax for type integer: "…"'])
})

test("the client's own words come back to it, whatever else is so called", async () => {
  const error = await errorOf(await open('write'), 'select customers.id from sales.orders')
  assert.equal(error.M, 'missing FROM-clause entry for table "customers"')
  assert.match((await errorOf(await open('write'), "select 'customers'::int")).M ?? '', /"customers"$/)
})

test('whoever may read the other table hears of it', async () => {
  const error = await errorOf(await open('write hr'), 'insert into sales.orders values (3, 78, null)')
  assert.match(error.D ?? '', /customers/)
})

test('a denial names what the client named, and not the table behind a view', async () => {
  const live = await open('write')
  const named = await errorOf(live, 'select * from hr.customers')
  assert.equal(named.D, 'select on hr.customers is not granted')
  assert.equal((await errorOf(live, 'select * from sales.peek')).D, 'select on sales.peek is not granted')
  const reached = await errorOf(live, "select * from sales.peek /* hr.customers */ where 'hr.customers' = ''")
  assert.equal(reached.C, '42501')
  assert.doesNotMatch(JSON.stringify(reached), /customers/)
})

test('observing lets a statement through and writes what it needed, once', async () => {
  const audited: AuditEvent[] = []
  const audit = { ...silentAudit, record: (event: AuditEvent) => void audited.push(event) }
  const read = loadPolicy('policy.yaml', () => `${POLICY}mode: observe\nobserve_until: 2099-01-01\n`)
  assert.ok(read.ok)
  const live = await LiveGate.open(server, judge, grantsFor(read.policy, []), { audit })
  assert.equal(shown(await live.query('select id from hr.customers where id = 1')), 'T D C Z(I)')
  assert.equal(shown(await live.query('select id from hr.customers where id = 2')), 'T C Z(I)')
  live.close()
  const [first, second] = audited
  assert.equal(first?.event, 'statement_observed')
  assert.deepEqual(first?.accesses, [{ action: 'select', object: 'hr.customers', columns: ['id'] }])
  assert.deepEqual([audited.length, second?.repeated, second?.request_id], [2, 1, first?.request_id])
})

test('observing also writes what scopes gave, once, so that scopes for all that was done can be found', async () => {
  const audited: AuditEvent[] = []
  const audit = { ...silentAudit, record: (event: AuditEvent) => void audited.push(event) }
  const read = loadPolicy('policy.yaml', () => `${POLICY}mode: observe\nobserve_until: 2099-01-01\n`)
  assert.ok(read.ok)
  const live = await LiveGate.open(server, judge, grantsFor(read.policy, ['write']), { audit })
  for (const id of [1, 2]) await live.query(`select note from sales.orders where id = ${id}`)
  await live.query("set statement_timeout = '1s'; select now()")
  live.close()
  assert.deepEqual(
    audited.map(({ event, accesses, repeated }) => [event, accesses?.length, repeated]),
    [
      ['statement_allowed', 1, undefined],
      ['statement_allowed', 1, 1],
    ],
  )
})

test('allowed statements are written where the audit asks for them', async () => {
  const audited: AuditEvent[] = []
  const audit = { ...silentAudit, recordsAllowed: true, record: (event: AuditEvent) => void audited.push(event) }
  const live = await open('write', { audit })
  await live.query("select note from sales.orders where note = 'private'")
  assert.deepEqual(
    audited.map(({ event, sql_fingerprint }) => [event, sql_fingerprint]),
    [['statement_allowed', 'select note from sales . orders where note = ?']],
  )
})

test('a row of 128 MB passes in bounded memory', async () => {
  const live = await open('write')
  const before = process.memoryUsage().rss
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers)
  }, 5)
  const bytes = await live.sink(`select repeat('x', 128 * 1024 * 1024)`)
  clearInterval(timer)
  assert.ok(bytes > 128 * 1024 * 1024, String(bytes))
  assert.ok(peak < 64 * 1024 * 1024, `${peak} bytes of buffers, rss before ${before}`)
})
