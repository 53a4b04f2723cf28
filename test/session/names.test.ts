import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  encodeBind,
  encodeClose,
  encodeCopyData,
  encodeCopyDone,
  encodeDescribe,
  encodeExecute,
  encodeFlush,
  encodeFunctionCall,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { superuserQuery } from '../support/postgres.ts'
import { LiveGate, shown } from './live-gate.ts'
import { startLiveJudge } from './live-judge.ts'

const { server, judge, grants } = await startLiveJudge(
  `create schema sales; create schema hr;
   create table sales.orders (id int primary key, note text);
   create table hr.salaries (id int, amount numeric);
   insert into sales.orders values (1, 'a'), (2, 'b');
   insert into hr.salaries values (1, 100);
   create function sales.opened() returns refcursor language plpgsql as
     $$ declare c refcursor := 'hidden'; begin open c for select * from sales.orders; return c; end $$;
   create function sales.prepares() returns void language plpgsql as
     $$ begin deallocate all; execute 'prepare hidden as select * from hr.salaries'; end $$;
   create function hr.hidden() returns void language sql as 'select null::void';`,
  `version: 1
scopes:
  read: { select: [sales.orders] }
  write: { select: [sales.orders], insert: [sales.orders], update: [sales.orders], delete: [sales.orders] }
  cursors: { execute: [sales.opened, sales.prepares] }
  hr: { select: [hr.salaries] }
  admin: all
`,
)

async function open(...scopes: string[]): Promise<LiveGate> {
  const live = await LiveGate.open(server, judge, grants(...scopes), {
    restoreSql: () => "set pgoauth.subject = 'ada'",
  })
  after(() => live.close())
  return live
}

async function says(live: LiveGate, sql: string, expected: string): Promise<void> {
  assert.equal(shown(await live.query(sql)), expected, sql)
}

test('PREPARE is judged by what is inside, EXECUTE runs it', async () => {
  const live = await open('read')
  await says(live, 'prepare a as select id from sales.orders', 'C Z(I)')
  await says(live, 'execute a', 'T D D C Z(I)')
  await says(live, 'prepare b as select * from hr.salaries', 'E(42501) Z(I)')
  await says(live, 'execute b', 'E(26000) Z(I)')
})

test('an EXECUTE of an EXECUTE is refused: one of itself would end the server', async () => {
  const live = await open('read')
  await live.ask([encodeParse('a', 'execute a'), encodeSync()])
  await says(live, 'explain execute a', 'E(54001) Z(I)')
  await says(live, 'execute a', 'E(54001) Z(I)')
  const extended = [encodeParse('', 'explain (analyze) execute a'), encodeBind('', ''), encodeExecute(''), encodeSync()]
  assert.equal(shown(await live.ask(extended)), '1 2 E(54001) Z(I)')
  await live.ask([encodeParse('b', 'select 1'), encodeParse('c', 'execute b'), encodeSync()])
  await says(live, 'execute b', 'T D C Z(I)')
  assert.equal(shown(await live.ask([encodeBind('', 'c'), encodeExecute(''), encodeSync()])), '2 D C Z(I)')
  await says(await open('read'), 'select 1', 'T D C Z(I)')
})

test('a Describe of a FETCH whose cursor is gone is refused: it would end the server', async () => {
  const live = await open('read')
  const describe = [encodeDescribe({ kind: 'statement', name: 'f' }), encodeSync()]
  await says(live, 'begin; declare c cursor for select id from sales.orders', 'C C Z(T)')
  assert.equal(shown(await live.ask([encodeParse('f', 'fetch c'), ...describe])), '1 t T Z(T)')
  assert.equal(shown(await live.ask(describe)), 't T Z(T)')
  await says(live, 'rollback', 'C Z(I)')
  assert.equal(shown(await live.ask(describe)), 'E(34000) Z(I)')
  await says(live, 'begin; declare c cursor for select id from sales.orders; close c', 'C C C Z(T)')
  assert.equal(shown(await live.ask(describe)), 'E(34000) Z(E)')
  await says(live, 'rollback', 'C Z(I)')
  await says(await open('read'), 'select 1', 'T D C Z(I)')
})

test('in a transaction that is aborted a name that means nothing is answered as everything is there', async () => {
  const live = await open('read')
  await says(live, 'begin; select 1/0', 'C E(22012) Z(E)')
  await says(live, 'execute nosuch', 'E(25P02) Z(E)')
  await says(live, 'fetch nosuch', 'E(25P02) Z(E)')
  await says(live, 'rollback', 'C Z(I)')
  await says(live, 'execute nosuch', 'E(26000) Z(I)')
})

test('an EXECUTE of what a Parse named does what that does: its names, its COPY and the settings it puts back', async () => {
  const live = await open('read')
  const parsed = ['prepare made as select 1', 'deallocate gone', 'declare c cursor with hold for select 1', 'reset all']
  const messages = [...parsed.map((sql, at) => encodeParse(`p${at}`, sql)), encodeParse('gone', 'select 1')]
  assert.equal(shown(await live.ask([...messages, encodeSync()])), '1 1 1 1 1 Z(I)')
  await says(live, 'execute p0; execute made', 'C T D C Z(I)')
  await says(live, 'execute p1', 'C Z(I)')
  await says(live, 'execute gone', 'E(26000) Z(I)')
  await says(live, 'execute p2', 'C Z(I)')
  await says(live, 'fetch c', 'T D C Z(I)')
  const before = live.sent.length
  await says(live, 'execute p3', 'C Z(I)')
  assert.match(live.sent.slice(before), /set pgoauth\.subject/)
})

test('in a transaction that is aborted an Execute of an EXECUTE of nothing is answered as everything is there', async () => {
  const live = await open('read')
  const messages = (sql: string) => [encodeParse('x', sql), encodeBind('x', 'x'), encodeSync()]
  await says(live, 'begin', 'C Z(T)')
  await live.ask(messages('execute nosuch'))
  await says(live, 'select 1/0', 'E(22012) Z(E)')
  assert.equal(shown(await live.ask([encodeExecute('x'), encodeSync()])), 'E(25P02) Z(E)')
  await says(live, 'rollback', 'C Z(I)')
  const again = [encodeBind('x', 'x'), encodeExecute('x'), encodeSync()]
  assert.equal(shown(await live.ask(again)), '2 E(26000) Z(I)')
})

test('EXECUTE is judged again once grants changed, in every form', async () => {
  const live = await open('read', 'hr')
  await says(live, 'prepare a (int) as select * from hr.salaries where id = $1', 'C Z(I)')
  await says(live, 'execute a (1)', 'T D C Z(I)')
  live.gate.setGrants(grants('admin'))
  await says(live, 'execute a (1)', 'T D C Z(I)')
  live.gate.setGrants(grants('read'))
  await says(live, 'execute a (1)', 'E(42501) Z(I)')
  await says(live, 'explain execute a (1)', 'E(42501) Z(I)')
  await says(live, 'explain (analyze) execute a (1)', 'E(42501) Z(I)')
  await says(live, 'create temp table x as execute a (1)', 'E(42501) Z(I)')
  await says(live, 'select 1; execute a (1)', 'E(42501) Z(I)')
  assert.equal(
    shown(await live.ask([encodeParse('', 'execute a (1)'), encodeBind('', ''), encodeExecute(''), encodeSync()])),
    '1 2 E(42501) Z(I)',
  )
  assert.equal(shown(await live.ask([encodeBind('', 'a', ['1']), encodeExecute(''), encodeSync()])), 'E(42501) Z(I)')
  assert.equal(shown(await live.ask([encodeDescribe({ kind: 'statement', name: 'a' }), encodeSync()])), 'E(42501) Z(I)')
})

test('a Describe of an EXECUTE says nothing of a statement whose right is gone', async () => {
  const live = await open('hr')
  await says(live, 'prepare a as select * from hr.salaries', 'C Z(I)')
  const messages = [encodeParse('x', 'execute a'), encodeDescribe({ kind: 'statement', name: 'x' }), encodeSync()]
  assert.equal(shown(await live.ask(messages)), '1 t T Z(I)')
  live.gate.setGrants(grants('read'))
  assert.equal(shown(await live.ask(messages.slice(1))), 'E(42501) Z(I)')
})

test('PREPARE and EXECUTE may stand in one Query, and one denied PREPARE runs nothing of it', async () => {
  const live = await open('read')
  await says(live, 'prepare a as select 1; execute a; deallocate a', 'C T D C C Z(I)')
  await says(live, 'prepare a as select 1; prepare b as select * from hr.salaries; execute a', 'E(42501) Z(I)')
  await says(live, 'execute a', 'E(26000) Z(I)')
})

test('a PREPARE that the server never reached gives no name', async () => {
  const live = await open('read')
  await says(live, 'select 1/0; prepare a as select 1', 'E(22012) Z(I)')
  await says(live, 'execute a', 'E(26000) Z(I)')
  await says(live, 'prepare a as select 1; select 1/0', 'C E(22012) Z(I)')
  await says(live, 'execute a', 'T D C Z(I)')
})

test('what a function prepared out of sight is no statement of this session', async () => {
  const live = await open('cursors')
  await says(live, 'select sales.prepares()', 'T D C Z(I)')
  await says(live, 'execute hidden', 'E(26000) Z(I)')
  assert.equal(shown(await live.ask([encodeBind('', 'hidden'), encodeExecute(''), encodeSync()])), 'E(26000) Z(I)')
})

test('a cursor that a function opened is fetched in its transaction, and not after it', async () => {
  const live = await open('cursors')
  await says(live, 'begin', 'C Z(T)')
  await says(live, 'select sales.opened()', 'T D C Z(T)')
  await says(live, 'fetch all in hidden', 'T D D C Z(T)')
  await says(live, 'commit', 'C Z(I)')
  await says(live, 'fetch all in hidden', 'E(34000) Z(I)')
})

test('FETCH and MOVE are judged again once grants changed, and so is an Execute of the cursor', async () => {
  const live = await open('hr')
  await says(live, 'begin; declare c cursor for select * from hr.salaries', 'C C Z(T)')
  await says(live, 'fetch c', 'T D C Z(T)')
  live.gate.setGrants(grants('read'))
  assert.equal(shown(await live.ask([encodeExecute('c'), encodeSync()])), 'E(42501) Z(E)')
  await says(live, 'rollback', 'C Z(I)')
  live.gate.setGrants(grants('hr'))
  await says(live, 'begin; declare c cursor for select * from hr.salaries', 'C C Z(T)')
  live.gate.setGrants(grants('read'))
  await says(live, 'fetch c', 'E(42501) Z(E)')
  await says(live, 'rollback', 'C Z(I)')
})

test('a held cursor outlives its transaction, and is judged still', async () => {
  const live = await open('hr')
  await says(live, 'begin; declare c cursor with hold for select * from hr.salaries; commit', 'C C C Z(I)')
  await says(live, 'fetch c', 'T D C Z(I)')
  live.gate.setGrants(grants('read'))
  await says(live, 'move c', 'E(42501) Z(I)')
})

test('DEALLOCATE, DEALLOCATE ALL, Close and DISCARD ALL make names unknown', async () => {
  const live = await open('read')
  for (const [make, drop] of [
    ['prepare a as select 1', 'deallocate a'],
    ['prepare a as select 1', 'deallocate all'],
    ['prepare a as select 1', 'discard all'],
  ] as const) {
    await says(live, make, 'C Z(I)')
    await says(live, drop, 'C Z(I)')
    live.sent = ''
    await says(live, 'execute a', 'E(26000) Z(I)')
    assert.doesNotMatch(live.sent, /execute a/)
  }
  assert.equal(
    shown(await live.ask([encodeParse('a', 'select 1'), encodeClose({ kind: 'statement', name: 'a' }), encodeSync()])),
    '1 3 Z(I)',
  )
  await says(live, 'execute a', 'E(26000) Z(I)')
})

test('the proxy’s own setting is back behind DISCARD ALL and RESET ALL, unseen', async () => {
  const live = await open('admin')
  await says(live, 'discard all', 'C Z(I)')
  const [, row] = await live.query("select current_setting('pgoauth.subject')")
  assert.match(String(row?.body), /ada/)
  await says(live, 'begin; reset all; select 1', 'C C T D C Z(T)')
  const [, again] = await live.query("select current_setting('pgoauth.subject')")
  assert.match(String(again?.body), /ada/)
  await says(live, 'rollback', 'C Z(I)')
  const answers = await live.ask(
    [encodeParse('', 'reset all'), encodeBind('', ''), encodeExecute(''), encodeSync(), encodeQuery('select 1')],
    2,
  )
  assert.equal(shown(answers), '1 2 C Z(I) T D C Z(I)')
})

test('settings are put back as often as they are lost, in one transaction too', async () => {
  const live = await open('admin')
  await says(live, 'begin', 'C Z(T)')
  for (let times = 0; times < 3; times++) await says(live, 'reset all', 'C Z(T)')
  await says(live, "select 1 where current_setting('pgoauth.subject') = 'ada'", 'T D C Z(T)')
  await says(live, 'commit', 'C Z(I)')
})

/** As the pool's: of the settings the session began with, those that were lost. */
function restoreSql(isLost: (name: string) => boolean): string | undefined {
  const began = new Map([
    ['pgoauth.subject', 'ada'],
    ['work_mem', '5MB'],
    ['search_path', 'sales'],
  ])
  const sets = [...began]
    .filter(([name]) => isLost(name))
    .map(([name, value]) => `set_config('${name}', '${value}', false)`)
  return sets.length > 0 ? `select ${sets.join(', ')}` : undefined
}

for (const [what, sql, expected] of [
  ['RESET of one', 'reset work_mem', '5MB,begun'],
  ['SET TO DEFAULT', 'set work_mem to default', '5MB,begun'],
  ['RESET ALL', 'reset all', '5MB,sales'],
  ['what is set behind it', "reset all; set work_mem = '6MB'", '6MB,sales'],
  ['what is set behind RESET of one', "reset work_mem; set work_mem = '6MB'", '6MB,begun'],
  ['RESET of one that began as the server has it', 'reset statement_timeout', '4MB,begun'],
  ['SET LOCAL TO DEFAULT', 'set local work_mem to default', '4MB,begun'],
] as const) {
  test(`a setting falls back to what the session began with: ${what}`, async () => {
    for (const ask of [encodeQuery, extended]) {
      if (ask === extended && sql.includes(';')) continue
      const live = await LiveGate.open(server, judge, grants('admin'), { restoreSql })
      after(() => live.close())
      await live.query("set search_path = 'begun'; set work_mem = '4MB'")
      await live.ask([...[ask(sql)].flat()])
      const answer = await live.query("select current_setting('work_mem') || ',' || current_setting('search_path')")
      assert.match(String(answer.map(({ body }) => body).join(' ')), new RegExp(expected), sql)
    }
  })
}

function extended(sql: string): Buffer[] {
  return [encodeParse('', sql), encodeBind('', ''), encodeExecute(''), encodeSync()]
}

test('COPY in both directions, by both protocols, allowed and denied', async () => {
  const live = await open('write')
  assert.equal(
    shown(
      await live.ask([
        encodeQuery('copy sales.orders from stdin'),
        encodeCopyData(Buffer.from('7\tx\n')),
        encodeCopyDone(),
      ]),
    ),
    'G C Z(I)',
  )
  await says(live, 'copy sales.orders to stdout', 'H d d d c C Z(I)')
  assert.equal(
    shown(
      await live.ask([
        encodeQuery('copy hr.salaries from stdin'),
        encodeCopyData(Buffer.from('7\t1\n')),
        encodeCopyDone(),
      ]),
    ),
    'E(42501) Z(I)',
  )
  await says(live, 'copy hr.salaries to stdout', 'E(42501) Z(I)')
  await says(live, 'copy (select * from hr.salaries) to stdout', 'E(42501) Z(I)')
  const copy = (sql: string) => [encodeParse('', sql), encodeBind('', ''), encodeExecute('')]
  const data = [encodeCopyData(Buffer.from('8\ty\n')), encodeCopyDone(), encodeSync()]
  assert.equal(shown(await live.ask([...copy('copy sales.orders from stdin'), encodeSync(), ...data])), '1 2 G C Z(I)')
  assert.equal(shown(await live.ask([...copy('copy sales.orders to stdout'), encodeSync()])), '1 2 H d d d d c C Z(I)')
  assert.equal(shown(await live.ask([...copy('copy hr.salaries from stdin'), ...data])), 'E(42501) Z(I)')
})

test('a FunctionCall is judged as a call of the function its OID means', async () => {
  const live = await open('read')
  const creates = 957
  assert.equal(shown(await live.ask([encodeFunctionCall(creates)])), 'E(42501) Z(I)')
  assert.equal(shown(await live.ask([encodeFunctionCall(2218)])), 'E(42501) Z(I)')
  live.gate.setGrants(grants('admin'))
  assert.match(shown(await live.ask([encodeFunctionCall(creates)])), /^E\((?!42501)\w+\) Z\(I\)$/)
})

test('a FunctionCall of a function of the database is judged by its name', async () => {
  const live = await open('cursors')
  const [, row] = await live.query('select sales.prepares()')
  assert.equal(row?.tag, 'D')
  const { rows } = await superuserQuery(
    server,
    "select 'sales.prepares'::regproc::oid::int as prepares, 'hr.hidden'::regproc::oid::int as hidden",
  )
  const [oids] = rows as { prepares: number; hidden: number }[]
  assert.match(shown(await live.ask([encodeFunctionCall(Number(oids?.hidden))])), /^E\(42501\) Z\(I\)$/)
  assert.doesNotMatch(shown(await live.ask([encodeFunctionCall(Number(oids?.prepares))])), /42501/)
})

test('a failed transaction stays failed through denials, until ROLLBACK', async () => {
  const live = await open('read')
  await says(live, 'begin', 'C Z(T)')
  await says(live, 'select * from hr.salaries', 'E(42501) Z(E)')
  await says(live, 'select * from hr.salaries', 'E(42501) Z(E)')
  await says(live, 'select 1', 'E(25P02) Z(E)')
  await says(live, 'rollback', 'C Z(I)')
})

test('a Flush without Sync brings the denial at once', async () => {
  const live = await open('read')
  live.gate.fromClient(Buffer.concat([encodeParse('', 'select * from hr.salaries'), encodeFlush()]))
  const answers = await live.answers((found) => found.some(({ tag }) => tag === 'E'))
  assert.equal(shown(answers), 'E(42501)')
  assert.equal(shown(await live.ask([encodeSync()])), 'Z(I)')
})

test('an unknown table is denied in the same words as one that is there', async () => {
  const live = await open('read')
  const textOf = async (sql: string) => {
    const [error] = await live.query(sql)
    return [...(error?.fields ?? [])].filter(([type]) => type !== 'H').join('\n')
  }
  assert.equal(
    (await textOf('select * from hr.salaries')).replaceAll('salaries', 'x'),
    (await textOf('select * from hr.nothings')).replaceAll('nothings', 'x'),
  )
  assert.equal(
    (await textOf('select amount from salaries')).replaceAll('salaries', 'x'),
    (await textOf('select amount from nothings')).replaceAll('nothings', 'x'),
  )
})
