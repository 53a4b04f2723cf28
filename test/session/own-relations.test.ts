import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeBind, encodeExecute, encodeParse, encodeQuery, encodeSync } from '../../src/wire/client-messages.ts'
import { LiveGate, shown } from './live-gate.ts'
import { startLiveJudge } from './live-judge.ts'

/** `salary` is not given; a column of that name further in stands for it only while it is there. */
const DATABASE = `
create schema hr; create schema work;
create table hr.employees (id int, salary int); insert into hr.employees values (1, 42);
create table work.notes (salary int, x int); insert into work.notes values (1, 1);
create table work.drafts (salary int, x int); insert into work.drafts values (1, 1);
create role worker login; grant usage on schema hr, work to worker; grant select on hr.employees to worker;
grant create on schema work to worker; alter table work.notes owner to worker; alter table work.drafts owner to worker;
create role powerless login;
`
const POLICY = `
version: 1
scopes:
  worker: { select: ["hr.employees (id)", work.notes], alter: [work.*], create: [work.*], drop: [work.*] }
`
const { server, judge, grants } = await startLiveJudge(DATABASE, POLICY)
const openWorker = () => LiveGate.open({ port: server.port, user: 'worker' }, judge, grants('worker'))
const READ = 'select (select salary from work.notes) from hr.employees'
const DROP = 'alter table work.notes drop column salary'

test('a column that the open transaction dropped leaves its name to the table further out', async () => {
  const live = await openWorker()
  assert.equal(shown(await live.query(READ)), 'T D C Z(I)')
  await live.query('begin')
  assert.equal(shown(await live.query(DROP)), 'C Z(T)')
  assert.equal(shown(await live.query(READ)), 'E(42501) Z(E)')
  await live.query('rollback')
  assert.equal(shown(await live.query(READ)), 'T D C Z(I)')
  live.close()
})

test('so does one that is being dropped while what reads it is sent behind', async () => {
  const live = await openWorker()
  const all = [
    encodeQuery('begin'),
    encodeQuery('select 1'),
    encodeQuery(DROP),
    encodeQuery(READ),
    encodeQuery('rollback'),
  ]
  assert.equal(shown(await live.ask(all, 5)), 'C Z(T) T D C Z(T) C Z(T) E(42501) Z(E) C Z(I)')
  live.close()
})

test('a statement prepared before the column was dropped is judged again', async () => {
  const live = await openWorker()
  await live.ask([encodeParse('r', READ), encodeParse('d', DROP), encodeQuery('begin')], 1)
  const run = (name: string) => [encodeBind('', name), encodeExecute('')]
  const answers = await live.ask([...run('r'), ...run('d'), ...run('r'), encodeSync()], 1)
  assert.equal(shown(answers), '2 D C 2 C E(42501) Z(E)')
  await live.query('rollback')
  live.close()
})

test('a name that the open transaction gave counts beside those of the catalog', async () => {
  const live = await openWorker()
  await live.query('begin; set local search_path = work; alter table work.drafts rename to employees')
  assert.match(shown(await live.query('select id from employees')), /^E\(42501\) /)
  await live.query('rollback')
  live.close()
})

test('of a temporary table no column is certain, whatever made and unmade it', async () => {
  const live = await openWorker()
  const read = 'select (select salary from t) from hr.employees'
  await live.query('begin; create temp table t (salary int)')
  await live.query('rollback')
  assert.equal(shown(await live.query('create temp table t (x int)')), 'C Z(I)')
  assert.equal(shown(await live.query(read)), 'E(42501) Z(I)')
  assert.equal(shown(await live.query('select x, id from t, hr.employees')), 'T C Z(I)')
  live.close()
})
