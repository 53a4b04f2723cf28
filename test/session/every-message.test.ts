import { test } from 'node:test'
import {
  encodeBind,
  encodeClose,
  encodeCopyData,
  encodeCopyDone,
  encodeCopyFail,
  encodeDescribe,
  encodeExecute,
  encodeFlush,
  encodeFunctionCall,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { Random, testSeed } from '../support/random.ts'
import type { ScriptStep } from './random-session.ts'
import { assertSame, runGated, runStraight, shown, within } from './yardstick.ts'

const server = await startTestPostgres({
  hba: ['host all all 127.0.0.1/32 trust'],
  prepare: 'create table t (a int)',
})

const same = (...messages: Buffer[]): ScriptStep[] => messages.map((message) => ({ gated: message, straight: message }))

/** How a session comes to be in each state a message can meet. */
const STATES: Readonly<Record<string, readonly ScriptStep[]>> = {
  idle: [],
  'in a transaction': same(encodeQuery('begin')),
  'in a failed transaction': same(encodeQuery('begin'), encodeQuery('select 1/0')),
  'in an implicit transaction': same(
    encodeParse('s1', 'insert into t values (1)'),
    encodeBind('p1', 's1'),
    encodeExecute('p1'),
  ),
  'skipping to Sync': same(encodeParse('', 'select x')),
  'behind a denied Parse': [
    { gated: encodeParse('', 'select * from secret'), straight: encodeParse('', 'select * from zzz_denied') },
  ],
  'behind a denied Query in a pipeline': [
    ...same(encodeParse('s1', 'select 1')),
    { gated: encodeQuery('select * from secret'), straight: encodeQuery('zzz_denied syntax') },
  ],
  'with a portal half read': same(
    encodeQuery('begin'),
    encodeParse('s1', 'select * from generate_series(1, 5)'),
    encodeBind('p1', 's1'),
    encodeExecute('p1', 2),
  ),
  'copying in': same(encodeQuery('copy t from stdin'), encodeCopyData(Buffer.from('3\n'))),
  'copying in by Execute': same(encodeParse('s1', 'copy t from stdin'), encodeBind('p1', 's1'), encodeExecute('p1')),
  'behind a COPY that was done': same(
    encodeParse('s1', 'copy t from stdin'),
    encodeBind('p1', 's1'),
    encodeExecute('p1'),
    encodeCopyDone(),
  ),
  'behind a COPY that failed': same(
    encodeParse('s1', 'copy t from stdin'),
    encodeBind('p1', 's1'),
    encodeExecute('p1'),
    encodeCopyFail('x'),
  ),
}

const MESSAGES: Readonly<Record<string, readonly ScriptStep[]>> = {
  Query: same(encodeQuery('select 2')),
  'a denied Query': [{ gated: encodeQuery('select * from secret'), straight: encodeQuery('zzz_denied syntax') }],
  Parse: same(encodeParse('s2', 'select 3')),
  'a denied Parse': [
    { gated: encodeParse('s2', 'select * from secret'), straight: encodeParse('s2', 'select * from zzz_denied') },
  ],
  Bind: same(encodeBind('p2', 's1')),
  'Describe of a statement': same(encodeDescribe({ kind: 'statement', name: 's1' })),
  'Describe of a portal': same(encodeDescribe({ kind: 'portal', name: 'p1' })),
  Execute: same(encodeExecute('p1')),
  'Close of a statement': same(encodeClose({ kind: 'statement', name: 's1' })),
  'Close of a portal': same(encodeClose({ kind: 'portal', name: 'p1' })),
  Flush: same(encodeFlush()),
  Sync: same(encodeSync()),
  FunctionCall: same(encodeFunctionCall(89)),
  'a denied FunctionCall': [{ gated: encodeFunctionCall(952), straight: encodeFunctionCall(0) }],
  CopyData: same(encodeCopyData(Buffer.from('4\n'))),
  CopyDone: same(encodeCopyDone()),
  CopyFail: same(encodeCopyFail('enough')),
}

/** SQL that gives and uses names, by Query and by Execute. */
const SAID = [
  'prepare s9 as select 9',
  'prepare s1 as select 9',
  'execute s1',
  'execute nosuch',
  'explain (costs off) execute nosuch',
  'create temp table held as execute nosuch',
  'deallocate s1',
  'deallocate nosuch',
  'deallocate all',
  'declare c1 cursor for select 9',
  'fetch 1 from p1',
  'fetch nosuch',
  'move nosuch',
  'close p1',
  'close nosuch',
  'close all',
  'copy t to stdout',
  'savepoint a',
  'rollback',
  'discard all',
]
const DENIED = [
  'prepare s9 as select * from secret',
  'declare c1 cursor for select * from secret',
  'explain select * from secret',
  'copy secret to stdout',
]
const byExecute = (sql: string) => [encodeParse('', sql), encodeBind('', ''), encodeExecute('')]
const NAMING = Object.fromEntries([
  ...SAID.flatMap((sql): [string, readonly ScriptStep[]][] => [
    [`Query ${sql}`, same(encodeQuery(sql))],
    [`Execute ${sql}`, same(...byExecute(sql))],
    // Of a Query that uses a name that means nothing, nothing runs.
    ...(/^(execute|fetch|move|explain|create)/.test(sql)
      ? []
      : [[`Query ${sql} behind another`, same(encodeQuery(`select 5; ${sql}`))] as [string, readonly ScriptStep[]]]),
  ]),
  ...DENIED.flatMap((sql): [string, readonly ScriptStep[]][] => [
    [`Query ${sql}`, [{ gated: encodeQuery(sql), straight: encodeQuery('zzz_denied syntax') }]],
    [
      `Execute ${sql}`,
      [
        { gated: encodeParse('', sql), straight: encodeParse('', 'select * from zzz_denied') },
        ...same(encodeBind('', ''), encodeExecute('')),
      ],
    ],
  ]),
])

/** Ends whatever is open. */
const END = [
  ...same(encodeCopyDone(), encodeSync(), encodeQuery('rollback')),
  ...same(encodeQuery("select count(*), 'end of script' from t")),
]

for (const [state, before] of Object.entries(STATES)) {
  test(`${state}: every message is answered as PostgreSQL answers it`, async () => {
    const seed = testSeed()
    for (const [name, messages] of Object.entries({ ...MESSAGES, ...NAMING })) {
      const script = [...before, ...messages, ...END]
      const about = `${name}, ${state}, seed ${seed}:\n${shown(script)}`
      const straight = await within(runStraight(server, script), `straight, ${about}`)
      const gated = await within(runGated(server, script, new Random(seed)), `gated, ${about}`)
      assertSame(gated, straight, about)
    }
  })
}
