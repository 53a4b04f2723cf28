import {
  CLIENT,
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
import type { Random } from '../support/random.ts'

/** What is sent through the gate, and what is sent straight to a server so that it fails at the same message. */
export interface ScriptStep {
  readonly gated: Buffer
  readonly straight: Buffer
  /** The session may nothing now: where a name means nothing either, the gate says that instead. */
  readonly isRevoked?: boolean
  /** Grants that the session has from this message on. */
  readonly scopes?: readonly string[]
}

const UNKNOWN = 'zzz_denied'
const FREE = [
  'select 1',
  'select * from generate_series(1, 3)',
  'select 1/0',
  'select * from no_such_relation',
  'insert into t values (1)',
  'insert into d values (1)',
  'begin',
  'commit',
  'rollback',
  'savepoint a',
  'rollback to a',
  "do $$ begin raise notice 'noted'; end $$",
  '',
  "set application_name = 'x'",
  'copy t to stdout',
  'copy (select 1/0) to stdout',
  'fetch 1 from c1',
  'fetch backward all from c1',
  'move 1 in c1',
  'deallocate s1',
  'deallocate all',
  'close c1',
  'close all',
  'execute s1',
  'execute s2',
  'prepare s2 as select 8',
  'explain (costs off) execute s1',
  'create temp table held as execute s1',
  'declare c1 cursor with hold for select 9',
  'discard all',
  'lock table t',
  'set constraints all immediate',
]
const SIMPLE_ONLY = [
  'select 1; select 2',
  'insert into t values (2); select 1/0; select 3',
  'begin; insert into t values (3)',
  'commit; select 4',
  'prepare s1 as select 5; execute s1',
  'copy t to stdout; select 6',
  'begin; declare c1 cursor for select 7; fetch all from c1; commit',
  'insert into d values (1); select 8',
  'select 1; begin; select 2; commit; select 1/0',
  'begin; select 1/0; commit',
  'commit; begin; insert into t values (5); rollback; insert into t values (6)',
  'savepoint a; select 1',
]
const DENIED = [
  'select * from secret',
  'copy secret from stdin',
  'begin; select * from secret',
  'select 1; select secret',
  'insert into t values (8); commit; select secret',
  'copy t from stdin; select secret',
  'copy t to stdout; select secret',
  'prepare s1 as select * from secret',
  'declare c1 cursor for select * from secret',
  'explain select * from secret',
]
/** PostgreSQL does not survive EXPLAIN of an EXECUTE that executes itself, nor Describe of a FETCH whose cursor is gone. */
const PREPARED = FREE.filter((sql) => !/execute|fetch|move/.test(sql))
/** What a Parse of one statement can hold. */
const DENIED_ALONE = DENIED.filter((sql) => !sql.includes(';'))
const NAMES = ['', 's1', 's2']
const PORTALS = ['', 'p1', 'c1']

/**
 * A client's stream of messages: simple and extended protocol, transactions, COPY, errors and denials at any place.
 * Statements that read `secret` are denied; straight to the server goes what fails as the yardstick says: a Query that
 * does not parse, a Parse of an unknown table, a FunctionCall of OID 0.
 */
export function randomSession(random: Random, length: number): ScriptStep[] {
  const steps: ScriptStep[] = []
  const same = (message: Buffer) => steps.push({ gated: message, straight: message })
  for (let count = 0; count < length; count++) {
    const kind = random.below(10)
    if (kind < 4) simple(random, steps)
    else if (kind < 9) extended(random, steps)
    else if (random.below(2) === 0) same(encodeFunctionCall(89))
    else steps.push({ gated: encodeFunctionCall(952), straight: encodeFunctionCall(0) })
  }
  same(encodeSync())
  same(encodeQuery('rollback'))
  same(encodeQuery("select count(*), 'end of script' from t"))
  return harmless(steps)
}

/**
 * Without the Executes of an unnamed portal that no Bind of the same pipeline made: where a Query failed in a transaction,
 * PostgreSQL 18.4 does not survive them.
 */
function harmless(steps: readonly ScriptStep[]): ScriptStep[] {
  const isUnnamed = ({ gated }: ScriptStep, tag: number) => gated[0] === tag && gated[5] === 0
  let isBound = false
  return steps.filter((step) => {
    const [tag] = step.gated
    if (tag === CLIENT.Query || tag === CLIENT.Sync || tag === CLIENT.FunctionCall) isBound = false
    isBound ||= isUnnamed(step, CLIENT.Bind)
    return isBound || !isUnnamed(step, CLIENT.Execute)
  })
}

/** The same, but for some of its messages in a row the session has no scope, so that whatever runs then fails. */
export function revokedSession(random: Random, length: number): ScriptStep[] {
  const steps = randomSession(random, length).filter(({ gated }) => !startsCopyIn(gated) && !isEmptyText(gated))
  const from = random.below(Math.max(1, steps.length - 3))
  const to = Math.min(steps.length - 3, from + 1 + random.below(8))
  return steps.map((step, at) => {
    if (at === to) return { ...step, scopes: ['x'] }
    if (at < from || at >= to) return step
    return { gated: step.gated, straight: failing(step.gated), ...(at === from ? { scopes: [] } : {}), isRevoked: true }
  })
}

/** What is sent straight to the server in the place of a message of somebody who may nothing. */
function failing(message: Buffer): Buffer {
  const text = (from: number) => message.toString('latin1', from, message.indexOf(0, from))
  switch (String.fromCharCode(message[0] as number)) {
    case 'Q':
      return encodeQuery(`${UNKNOWN} syntax`)
    case 'P':
      return encodeParse(text(5), `select * from ${UNKNOWN}`)
    case 'B':
      return encodeBind(text(5), UNKNOWN)
    case 'D':
      return encodeDescribe({ kind: message[5] === 0x53 ? 'statement' : 'portal', name: UNKNOWN })
    case 'E':
      return encodeExecute(UNKNOWN)
    case 'F':
      return encodeFunctionCall(0)
    default:
      return message
  }
}

function startsCopyIn(message: Buffer): boolean {
  return message.includes('from stdin')
}

/** Nothing is needed for it. */
function isEmptyText(message: Buffer): boolean {
  const tag = String.fromCharCode(message[0] as number)
  return (tag === 'Q' && message.length === 6) || (tag === 'P' && message[message.indexOf(0, 5) + 1] === 0)
}

function simple(random: Random, steps: ScriptStep[]): void {
  const kind = random.below(8)
  const both = (message: Buffer) => steps.push({ gated: message, straight: message })
  if (kind < 2) {
    steps.push({ gated: encodeQuery(random.pick(DENIED)), straight: encodeQuery(`${UNKNOWN} syntax`) })
    if (random.below(3) === 0) both(encodeCopyDone())
  } else if (kind === 2) {
    both(encodeQuery(random.pick(['copy t from stdin', 'copy t from stdin; select 7; copy t from stdin'])))
    copyData(random, both)
  } else if (kind === 3) both(encodeQuery(random.pick(SIMPLE_ONLY)))
  else if (kind === 4) both(encodeQuery('declare c1 cursor for select * from generate_series(1, 5)'))
  else both(encodeQuery(random.pick(FREE)))
}

/** Enough of it for every COPY of the message; what is too much the server ignores. */
function copyData(random: Random, both: (message: Buffer) => void, times = 2): void {
  for (let time = 0; time < times; time++) {
    for (let line = random.below(3); line > 0; line--) both(encodeCopyData(Buffer.from('4\n')))
    both(random.below(4) === 0 ? encodeCopyFail('enough') : encodeCopyDone())
  }
}

function extended(random: Random, steps: ScriptStep[]): void {
  const both = (message: Buffer) => steps.push({ gated: message, straight: message })
  for (let count = 1 + random.below(8); count > 0; count--) {
    const name = random.pick(NAMES)
    const portal = random.pick(PORTALS)
    switch (random.below(9)) {
      case 0:
      case 1:
        both(encodeParse(name, random.pick(PREPARED)))
        break
      case 2:
        steps.push({
          gated: encodeParse(name, random.pick(DENIED_ALONE)),
          straight: encodeParse(name, `select * from ${UNKNOWN}`),
        })
        break
      case 3:
        both(encodeBind(portal, name))
        break
      case 4:
        both(encodeDescribe({ kind: 'statement', name }))
        break
      case 5:
        both(encodeDescribe({ kind: 'portal', name: portal }))
        break
      case 6:
        both(encodeExecute(portal, random.below(3)))
        break
      case 7:
        both(encodeClose(random.below(2) === 0 ? { kind: 'statement', name } : { kind: 'portal', name: portal }))
        break
      case 8:
        whole(random, both)
        break
    }
    if (random.below(8) === 0) both(encodeFlush())
  }
  if (random.below(10) > 0) both(encodeSync())
}

function whole(random: Random, both: (message: Buffer) => void): void {
  const copies = random.below(4) === 0
  both(encodeParse('', copies ? 'copy t from stdin' : random.pick(PREPARED)))
  both(encodeBind('', ''))
  both(encodeExecute(''))
  if (copies) copyData(random, both, 1)
}
