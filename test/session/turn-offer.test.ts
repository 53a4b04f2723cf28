import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgoauthError } from '../../src/base/errors.ts'
import type { StatementAnalysis } from '../../src/sql/analysis.ts'
import {
  encodeBind,
  encodeExecute,
  encodeFlush,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import type { TurnAnswer, WholeTurn } from '../../src/wire/whole-turn.ts'
import { GateScript, grantsNamed, server } from './gate-script.ts'
import { TextJudge } from './text-judge.ts'

const Q = encodeQuery('select 1')
const REPLY = [server.rowDescription, server.dataRow, server.complete(), server.ready()]
const reply = { reply: Buffer.concat(REPLY), completed: true }

/** A gate whose turns are all taken, and answered by the test. */
function offering() {
  const offered: { turn: WholeTurn; statement: StatementAnalysis; answer: (answer: TurnAnswer) => void }[] = []
  const script = new GateScript({}, (turn, statement, answer) => {
    offered.push({ turn, statement, answer })
    return true
  })
  const last = () => offered.at(-1)?.answer ?? assert.fail('nothing was offered')
  return { script, offered, answer: (answer: TurnAnswer) => last()(answer) }
}

test('a turn that is taken goes nowhere else, and its reply goes to the client', () => {
  const { script, offered, answer } = offering()
  script.clientSends(Q)
  assert.equal(offered.length, 1)
  script.serverGotTags('')
  assert.equal(script.gate.quiet, false)
  answer(reply)
  script.clientGot(...REPLY)
  assert.equal(script.completed.length, 1)
  assert.equal(script.gate.quiet, true)
})

test('a turn that comes back goes the long way, from the beginning', () => {
  const { script, answer } = offering()
  script.clientSends(Q)
  answer(undefined)
  script.serverGot(Q)
  script.serverSends(...REPLY)
  script.clientGot(...REPLY)
  assert.equal(script.completed.length, 1)
})

test('a turn that comes back is judged by the grants of then', () => {
  const later = grantsNamed('nothing')
  const judge = new TextJudge((_, session) => session.grants !== later)
  const answers: ((answer: TurnAnswer) => void)[] = []
  const script = new GateScript({ judge }, (_turn, _statement, answer) => answers.push(answer) > 0)
  script.clientSends(Q)
  script.gate.setGrants(later)
  answers[0]?.(undefined)
  assert.equal(script.audited.at(-1)?.event, 'statement_denied')
})

test('a denied statement, and one in a transaction, is not offered', () => {
  const { script, offered } = offering()
  script.clientSends(encodeQuery('select secret'))
  script.serverSends(server.error(), server.ready())
  script.clientGotTags('E(42501) Z(I)')
  script.clientSends(encodeQuery('begin; select 1'))
  script.serverSends(server.complete('BEGIN'), ...REPLY.slice(0, 3), server.ready('T'))
  script.clientSends(Q)
  assert.equal(offered.length, 0)
})

test('what comes while a turn is away waits, in order, and the client is not read', () => {
  const { script, offered, answer } = offering()
  script.clientSends(Q)
  script.clientSends(encodeQuery('select 2'))
  script.clientSends(encodeQuery('select 3'), encodeQuery('select 4'))
  assert.deepEqual(script.stalls, [true])
  assert.equal(offered.length, 1)
  answer(reply)
  assert.equal(offered.length, 2)
  assert.equal(offered[1]?.turn.sql, 'select 2')
  script.serverGotTags('')
  answer(reply)
  script.serverGotTags('Q Q')
  assert.deepEqual(script.stalls, [true, false])
})

test('the unnamed statement of a turn that was taken can be bound afterwards, and is judged as ever', () => {
  const { script, offered, answer } = offering()
  script.clientSends(encodeParse('', 'select 7'), encodeBind('', ''), encodeExecute(''), encodeSync())
  answer({ reply: Buffer.concat([server.parseComplete, server.bindComplete, ...REPLY.slice(1)]), completed: true })
  script.clientGotTags('1 2 D C Z(I)')
  script.clientSends(encodeBind('', ''), encodeExecute(''), encodeSync())
  assert.equal(offered.length, 2)
  answer(undefined)
  script.serverGotTags('B E S')
  script.serverSends(server.bindComplete, ...REPLY.slice(1))
  script.clientSends(encodeBind('', ''), encodeFlush(), encodeExecute(''), encodeSync())
  script.serverGotTags('B H E S')
})

test('the end of a session at a statement boundary waits for the turn that is away', () => {
  const { script, answer } = offering()
  script.clientSends(Q)
  script.gate.end(new PgoauthError('SESSION_ENDED'), 'statement')
  assert.equal(script.ended, undefined)
  answer(reply)
  assert.ok(script.ended)
  script.clientGotTags('T D C Z(I) E(57P01)')
})

test('a session that ended meanwhile gets nothing more', () => {
  const { script, answer } = offering()
  script.clientSends(Q)
  script.gate.end(new PgoauthError('SESSION_ENDED'), 'now')
  answer(reply)
  script.clientGotTags('E(57P01)')
})
