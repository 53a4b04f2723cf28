import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  encodeBind as bind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeSync,
  encodeParse as parse,
  encodeQuery as query,
} from '../../src/wire/client-messages.ts'
import { Random, testSeed } from '../support/random.ts'
import { LiveGate, shown } from './live-gate.ts'
import { startLiveJudge } from './live-judge.ts'

// PostgreSQL 18.4 dies of each of these where it gets it, and every session of the server with it: of a Describe of a
// FETCH whose cursor was there at its Parse or Bind and is not now, and of names that lead back to themselves.

const SCRIPTS = Number(process.env.PGOAUTH_SCRIPTS ?? 60)

const { server, judge, grants } = await startLiveJudge(
  `create table public.t as select 1 as id;
   create function public.closes(c refcursor) returns int language plpgsql as $$ begin close c; return 1; end $$;
   create function public.opens() returns refcursor language plpgsql as $$
     declare hidden refcursor := 'hidden'; begin open hidden for select 1 as id; return hidden; end $$`,
  'version: 1\nscopes: { reads: { select: [public.t], execute: [public.closes, public.opens] } }\nmetadata: visible\n',
)
/** It would not outlive a crash. */
const bystander = await open()

const describeStatement = (name: string) => encodeDescribe({ kind: 'statement', name })
const describePortal = (name: string) => encodeDescribe({ kind: 'portal', name })
const closeStatement = (name: string) => encodeClose({ kind: 'statement', name })
const closePortal = (name: string) => encodeClose({ kind: 'portal', name })
const run = (sql: string) => [parse('', sql), bind('', ''), encodeExecute('')]
const sync = encodeSync()
const begin = query('begin; declare c cursor for select id from public.t')
const loop = [parse('a', 'select 1'), parse('b', 'execute a'), closeStatement('a'), parse('a', 'execute b')]
const chained = [begin, parse('f', 'fetch c'), bind('p', 'f'), parse('g', 'fetch p')]

async function open(): Promise<LiveGate> {
  const live = await LiveGate.open(server, judge, grants('reads'))
  after(() => live.close())
  return live
}

const REFUSED: Readonly<Record<string, readonly [readonly Buffer[], string]>> = {
  'a statement behind a CLOSE by Query': [
    [begin, parse('f', 'fetch c'), sync, query('close c'), describeStatement('f'), sync],
    'C C Z(T) 1 Z(T) C Z(T) E(34000) Z(E)',
  ],
  'a statement behind a CLOSE in its pipeline': [
    [begin, parse('f', 'fetch c'), ...run('close c'), describeStatement('f'), sync],
    'C C Z(T) 1 1 2 C E(34000) Z(E)',
  ],
  'a statement behind a Close of the cursor': [
    [begin, parse('f', 'fetch c'), closePortal('c'), describeStatement('f'), sync],
    'C C Z(T) 1 3 E(34000) Z(E)',
  ],
  'a statement behind a COMMIT': [
    [begin, parse('f', 'fetch c'), sync, query('commit'), describeStatement('f'), sync],
    'C C Z(T) 1 Z(T) C Z(I) E(34000) Z(I)',
  ],
  'a statement behind a ROLLBACK TO': [
    [query('begin; savepoint a'), ...run('declare c cursor for select 1'), parse('f', 'fetch c'), sync].concat([
      query('rollback to a'),
      describeStatement('f'),
      sync,
    ]),
    'C C Z(T) 1 2 C 1 Z(T) C Z(T) E(34000) Z(E)',
  ],
  'a statement behind the Sync that ends its transaction': [
    [parse('a', 'select 1'), bind('p', 'a'), parse('f', 'fetch p'), sync, describeStatement('f'), sync],
    '1 2 1 Z(I) E(34000) Z(I)',
  ],
  'a statement behind a COMMIT of a held cursor that failed': [
    [
      query('begin; declare c cursor with hold for select 1/x from generate_series(0, 1) x'),
      parse('f', 'fetch c'),
      sync,
      query('commit'),
      describeStatement('f'),
      sync,
    ],
    'C C Z(T) 1 Z(T) E(22012) Z(I) E(34000) Z(I)',
  ],
  'a statement behind a function that closes cursors': [
    [begin, parse('f', 'fetch c'), ...run("select public.closes('c')"), describeStatement('f'), sync],
    'C C Z(T) 1 1 2 D C E(34000) Z(E)',
  ],
  'a portal behind a CLOSE by Query': [
    [begin, parse('f', 'fetch c'), bind('p', 'f'), sync, query('close c'), describePortal('p'), sync],
    'C C Z(T) 1 2 Z(T) C Z(T) E(34000) Z(E)',
  ],
  'a portal behind a CLOSE in its pipeline': [
    [begin, parse('f', 'fetch c'), bind('p', 'f'), ...run('close c'), describePortal('p'), sync],
    'C C Z(T) 1 2 1 2 C E(34000) Z(E)',
  ],
  'a portal behind a Close of the cursor': [
    [begin, parse('f', 'fetch c'), bind('p', 'f'), closePortal('c'), describePortal('p'), sync],
    'C C Z(T) 1 2 3 E(34000) Z(E)',
  ],
  'a statement that executes a FETCH': [
    [begin, parse('f', 'fetch c'), parse('e', 'execute f'), closePortal('c'), describeStatement('e'), sync],
    'C C Z(T) 1 1 3 E(54001) Z(E)',
  ],
  'a portal that executes a FETCH': [
    [
      begin,
      parse('f', 'fetch c'),
      parse('e', 'execute f'),
      bind('p', 'e'),
      closePortal('c'),
      describePortal('p'),
      sync,
    ],
    'C C Z(T) 1 1 2 3 E(54001) Z(E)',
  ],
  'a statement that executes itself': [[...loop, describeStatement('a'), sync], '1 1 3 1 E(54001) Z(I)'],
  'a portal that executes itself': [[...loop, bind('p', 'a'), describePortal('p'), sync], '1 1 3 1 2 E(54001) Z(I)'],
  'an EXPLAIN of a statement that executes itself': [
    [...loop, sync, query('explain execute a')],
    '1 1 3 1 Z(I) E(54001) Z(I)',
  ],
  'a FETCH from the portal of a FETCH': [[...chained, describeStatement('g'), sync], 'C C Z(T) 1 2 1 E(54001) Z(E)'],
  'a FETCH from itself': [
    [
      query('begin; declare q cursor for select 1'),
      parse('f', 'fetch q'),
      bind('p', 'f'),
      parse('g', 'fetch p'),
    ].concat([closePortal('q'), bind('q', 'g'), describePortal('q'), sync]),
    'C C Z(T) 1 2 1 3 2 E(54001) Z(E)',
  ],
}

const failed = query('begin; declare c cursor for select 1; declare c cursor for select 1')
const executed = [encodeExecute(''), sync]

const UNNAMED: Readonly<Record<string, readonly [readonly Buffer[], string]>> = {
  'behind a Query that failed in a transaction': [
    [failed, query('select 1'), ...executed],
    'C C E(42P03) Z(E) E(25P02) Z(E) E(25P02) Z(E)',
  ],
  'in the pipeline of a Query that may fail': [
    [parse('', 'select 1'), bind('', ''), sync, failed, parse('', 'select 1'), sync, ...executed],
    '1 2 Z(I) C C E(42P03) Z(E) E(25P02) Z(E) E(34000) Z(E)',
  ],
  'behind a Bind that failed': [
    [parse('r', 'select 1'), sync, failed, bind('', 'r'), sync, ...executed],
    '1 Z(I) C C E(42P03) Z(E) E(25P02) Z(E) E(25P02) Z(E)',
  ],
  'that a Query took the place of': [
    [query('begin'), parse('', 'select 1'), bind('', ''), sync, query('select 2'), ...executed],
    'C Z(T) 1 2 Z(T) T D C Z(T) E(34000) Z(E)',
  ],
}

for (const [name, [messages, expected]] of Object.entries(UNNAMED)) {
  test(`no Execute of an unnamed portal that may be none goes to the server: ${name}`, async () => {
    const live = await open()
    const before = live.sent.length
    const readies = messages.filter((message) => message[0] === 0x51 || message[0] === 0x53).length
    const answers = shown(await live.ask(messages, readies))
    assert.ok(!live.sent.slice(before).includes(encodeExecute('').toString('latin1')))
    assert.equal(answers.replaceAll('E(34000)', 'E(25P02)'), expected.replaceAll('E(34000)', 'E(25P02)'))
    assert.equal(shown(await bystander.query('select 1')), 'T D C Z(I)')
  })
}

test('an unnamed portal that Bind surely made is executed, whatever went before it', async () => {
  const live = await open()
  await live.query('begin')
  assert.equal(shown(await live.ask([parse('', 'select 1'), bind('', ''), sync])), '1 2 Z(T)')
  assert.equal(shown(await live.ask(executed)), 'D C Z(T)')
  await live.query('select 1/0')
  assert.equal(shown(await live.ask([parse('', 'rollback'), bind('', ''), sync])), '1 2 Z(E)')
  assert.equal(shown(await live.ask(executed)), 'C Z(I)')
})

for (const [name, [messages, expected]] of Object.entries(REFUSED)) {
  test(`no Describe goes to a server that would die of it: ${name}`, async () => {
    const live = await open()
    const readies = messages.filter((message) => message[0] === 0x51 || message[0] === 0x53).length
    assert.equal(shown(await live.ask(messages, readies)), expected)
    assert.equal(shown(await bystander.query('select 1')), 'T D C Z(I)')
  })
}

const DESCRIBED: Readonly<Record<string, readonly [readonly Buffer[], string]>> = {
  'as libpq and most drivers send it': [
    [query('begin; declare c cursor for select id from public.t')].concat([
      parse('', 'fetch c'),
      bind('', ''),
      describePortal(''),
      encodeExecute(''),
      sync,
    ]),
    'C C Z(T) 1 2 T D C Z(T)',
  ],
  'prepared, described, and run again and again': [
    [begin, parse('f', 'fetch c'), describeStatement('f'), sync].concat(
      [1, 2].flatMap(() => [bind('', 'f'), describePortal(''), encodeExecute(''), sync]),
      [describeStatement('f'), sync],
    ),
    'C C Z(T) 1 t T Z(T) 2 T D C Z(T) 2 T C Z(T) t T Z(T)',
  ],
  'of a cursor of the same pipeline': [
    [...run('begin'), ...run('declare c cursor for select 1'), parse('f', 'fetch c'), describeStatement('f')].concat([
      bind('', 'f'),
      describePortal(''),
      encodeExecute(''),
      sync,
    ]),
    '1 2 C 1 2 C 1 t T 2 T D C Z(T)',
  ],
  'of a cursor that a function opened': [
    [query('begin; select public.opens()'), parse('', 'fetch hidden'), bind('', ''), describePortal('')].concat([
      encodeExecute(''),
      sync,
    ]),
    'C T D C Z(T) 1 2 T D C Z(T)',
  ],
  'of a portal that Bind made': [
    [query('begin'), parse('a', 'select 1'), bind('p', 'a'), parse('f', 'fetch p'), describeStatement('f'), sync],
    'C Z(T) 1 2 1 t T Z(T)',
  ],
}

for (const [name, [messages, expected]] of Object.entries(DESCRIBED)) {
  test(`a FETCH is described ${name}`, async () => {
    const live = await open()
    // One after another, as who waits for answers sends them.
    const turns = turnsOf(messages)
    const answers: string[] = []
    for (const turn of turns) answers.push(shown(await live.ask(turn)))
    assert.equal(answers.join(' '), expected)
  })
}

function turnsOf(messages: readonly Buffer[]): Buffer[][] {
  const turns: Buffer[][] = [[]]
  for (const message of messages) {
    turns.at(-1)?.push(message)
    if (message[0] === 0x51 || message[0] === 0x53) turns.push([])
  }
  return turns.filter((turn) => turn.length > 0)
}

test('over random pipelines of names, cursors and Describes the server lives', async () => {
  const seed = testSeed()
  const random = new Random(seed)
  for (let count = 0; count < SCRIPTS; count++) {
    const live = await open()
    const script = hazardousSession(random, 10 + random.below(30))
    await live.ask(script, Number.POSITIVE_INFINITY)
    live.close()
    assert.equal(shown(await bystander.query('select 1')), 'T D C Z(I)', `seed ${seed}, script ${count}`)
  }
})

const NAMES = ['a', 'b', 'c', '']
const SAID = [
  ...['fetch a', 'fetch b', 'fetch c', 'move a', 'close a', 'close b', 'close all'],
  ...['execute a', 'execute b', 'execute c', 'explain execute a', 'explain (analyze) execute b'],
  ...[
    'declare a cursor for select 1',
    'declare b cursor with hold for select 1',
    'declare c cursor for select id from t',
  ],
  ...['begin', 'begin', 'commit', 'rollback', 'savepoint s', 'rollback to s', 'release s', 'select 1', 'select 1/0'],
  ...['deallocate a', 'deallocate all', 'discard all', "select public.closes('a')", 'show work_mem', ''],
  ...['create temp table made as execute a', 'prepare a as select 2'],
]

/** Ends in Terminate, so that the session does once it is answered. */
function hazardousSession(random: Random, length: number): Buffer[] {
  const messages: Buffer[] = []
  for (let count = 0; count < length; count++) {
    const name = random.pick(NAMES)
    switch (random.below(10)) {
      case 0:
      case 1:
        messages.push(parse(name, random.pick(SAID)))
        break
      case 2:
        messages.push(bind(name, random.pick(NAMES)))
        break
      case 3:
      case 4:
        messages.push(describeStatement(name), ...(random.below(4) === 0 ? [sync] : []))
        break
      case 5:
        messages.push(describePortal(name), ...(random.below(4) === 0 ? [sync] : []))
        break
      case 6:
        messages.push(encodeExecute(name))
        break
      case 7:
        messages.push(random.below(2) === 0 ? closeStatement(name) : closePortal(name))
        break
      case 8:
        messages.push(query(random.pick(SAID)))
        break
      case 9:
        messages.push(sync)
        break
    }
  }
  return [...messages, sync, Buffer.from('X\0\0\0\x04', 'latin1')]
}
