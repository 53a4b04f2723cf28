import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeBind, encodeExecute, encodeParse, encodeSync } from '../../src/wire/client-messages.ts'
import { superuserQuery } from '../support/postgres.ts'
import { LiveGate, shown } from './live-gate.ts'
import { startLiveJudge } from './live-judge.ts'

const DATABASE = `
create schema s; create table s.secret (id int); create type s.mood as enum ('ok', 'sad');
create function s.number_of(s.mood) returns int language sql as 'select 7';
create cast (s.mood as int) with function s.number_of(s.mood);
`
const policy = (more: string) => `version: 1\nscopes: { a: {}, b: { execute: [s.number_of] } }\n${more}\n`
const visible = await startLiveJudge(DATABASE, policy('metadata: visible'))
const hidden = await startLiveJudge(DATABASE, policy('metadata: hidden'))
const REGCLASS = 2205
const REGCLASS_ARRAY = 2210
const TEXT = 25

async function runs(
  { server, judge, grants }: typeof visible,
  sql: string,
  type: number,
  scope = 'a',
): Promise<string> {
  const live = await LiveGate.open(server, judge, grants(scope))
  const given = type === REGCLASS_ARRAY ? '{s.secret}' : type === REGCLASS ? 's.secret' : 'ok'
  const messages = [encodeParse('', sql, [type]), encodeBind('', '', [given]), encodeExecute(''), encodeSync()]
  const answers = shown(await live.ask(messages))
  live.close()
  return answers
}

test('where metadata is hidden no parameter turns a name into an object', async () => {
  for (const type of [REGCLASS, REGCLASS_ARRAY]) {
    assert.equal(await runs(visible, 'select $1', type), '1 2 D C Z(I)')
    assert.equal(await runs(hidden, 'select $1', type), 'E(42501) Z(I)')
  }
  assert.equal(await runs(hidden, 'select $1', TEXT), '1 2 D C Z(I)')
})

test('a parameter of a type with a cast of its own may call its function', async () => {
  const { rows } = await superuserQuery(visible.server, "select 's.mood'::regtype::oid::int as oid")
  const [{ oid: mood }] = rows as [{ oid: number }]
  assert.equal(await runs(visible, 'select $1::int', mood), 'E(42501) Z(I)')
  assert.equal(await runs(visible, 'select $1::int', mood, 'b'), '1 2 D C Z(I)')
  assert.equal(await runs(visible, 'explain (analyze) select $1::int', mood), 'E(42501) Z(I)')
  for (const sql of [
    'select coalesce($1, $1)::int',
    'select (array[$1])[1]::int',
    'select m::int from (select $1 as m) x',
    'with x as (select $1 as m) select m::int from x',
    'explain analyze select $1::int',
    'create temp table t as select $1::int',
  ]) {
    assert.equal(await runs(visible, sql, mood), 'E(42501) Z(I)', sql)
  }
  assert.equal(await runs(visible, 'select m::int from (select $1 as m) x', 23), '1 E(22P02) Z(I)')
  assert.equal(await runs(visible, 'select $1::text', mood), '1 2 D C Z(I)')
  assert.equal(await runs(visible, 'select $1::varchar', TEXT), '1 2 D C Z(I)')
})

test('the right to the cast of a parameter is asked again once grants changed', async () => {
  const { server, judge, grants } = visible
  const { rows } = await superuserQuery(server, "select 's.mood'::regtype::oid::int as oid")
  const [{ oid: mood }] = rows as [{ oid: number }]
  const live = await LiveGate.open(server, judge, grants('b'))
  const again = [encodeBind('', 'x', ['ok']), encodeExecute(''), encodeSync()]
  assert.equal(shown(await live.ask([encodeParse('x', 'select $1::int', [mood]), ...again])), '1 2 D C Z(I)')
  assert.equal(shown(await live.ask(again)), '2 D C Z(I)')
  live.gate.setGrants(grants('a'))
  assert.equal(shown(await live.ask(again)), 'E(42501) Z(I)')
  assert.equal(shown(await live.query("execute x ('ok')")), 'E(42501) Z(I)')
  live.gate.setGrants(grants('b'))
  assert.equal(shown(await live.ask(again)), '2 D C Z(I)')
  live.close()
})

test('what an unnamed statement’s parameters are is known also of a text that went the short way', async () => {
  const { server, judge, grants } = visible
  const live = await LiveGate.open(server, judge, grants('a'))
  const again = [encodeBind('', '', ['s.secret']), encodeExecute(''), encodeSync()]
  const turn = [encodeParse('', 'select $1', [REGCLASS]), ...again]
  // The second is known by then.
  for (let time = 0; time < 2; time++) assert.equal(shown(await live.ask(turn)), '1 2 D C Z(I)')
  assert.equal(shown(await live.ask(again)), '2 D C Z(I)')
  live.gate.setGrants(hidden.grants('a'))
  assert.equal(shown(await live.ask(again)), 'E(42501) Z(I)')
  live.close()
})
