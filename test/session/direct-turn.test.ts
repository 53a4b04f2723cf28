import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentAudit } from '../../src/audit/audit-log.ts'
import { PgoauthError } from '../../src/base/errors.ts'
import type { Policy } from '../../src/policy/policy.ts'
import {
  encodeBind,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
  encodeTerminate,
} from '../../src/wire/client-messages.ts'
import { encodeParameterStatus } from '../../src/wire/server-messages.ts'
import { GateScript, grantsNamed, server } from './gate-script.ts'

const Q = encodeQuery('select 1')
const ROWS = [server.rowDescription, server.dataRow, server.dataRow, server.complete()]
const run = [encodeBind('', ''), encodeDescribe({ kind: 'portal', name: '' }), encodeExecute(''), encodeSync()]
const parsed = [server.parseComplete, server.bindComplete, ...ROWS, server.ready()]

test('an answer that came whole goes to the client as it came, and is counted', () => {
  const script = new GateScript()
  script.clientSends(Q)
  assert.equal(script.gate.quiet, false)
  assert.equal(script.gate.serverReusable, false)
  script.serverGot(Q)
  script.serverSends(...ROWS, server.ready())
  script.clientGot(...ROWS, server.ready())
  assert.deepEqual(script.writes, { toServer: 1, toClient: 1 })
  assert.equal(script.completed.length, 1)
  assert.equal(script.judge.tally.decisions.allowed, 1)
  assert.equal(script.gate.quiet, true)
  assert.equal(script.gate.serverReusable, true)
})

test('an answer that comes in any two pieces, or byte by byte, comes through the same', () => {
  for (const [turn, answer] of [
    [[Q], [...ROWS, server.ready()]],
    [[encodeParse('', 'select 1'), ...run], parsed],
  ] as const) {
    const whole = Buffer.concat(answer)
    for (let cut = 1; cut < whole.length; cut++) {
      const script = new GateScript()
      script.clientSends(...turn)
      script.serverSends(whole.subarray(0, cut))
      assert.equal(script.gate.quiet, false)
      script.serverSends(whole.subarray(cut))
      assert.deepEqual(script.sentToClient(), whole)
      assert.equal(script.completed.length, 1)
      assert.equal(script.gate.quiet, true)
    }
    const script = new GateScript()
    script.clientSends(...turn)
    for (const byte of whole) script.serverSends(Buffer.from([byte]))
    assert.deepEqual(script.sentToClient(), whole)
    assert.equal(script.gate.quiet, true)
  }
})

test('what the client sends before the answer goes on in order, and is answered in order', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'select 1'), ...run)
  script.clientSends(Q, encodeQuery('select secret'))
  script.serverGotTags('P B D E S Q Q')
  script.serverSends(...parsed, ...ROWS, server.ready(), server.error(), server.ready())
  script.clientGotTags('1 2 T D D C Z(I) T D D C Z(I) E(42501) Z(I)')
  assert.equal(script.completed.length, 2)
  assert.equal(script.gate.quiet, true)
})

test('an error answers the turn, and the names it would have given stay what they were', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'select 1'), ...run)
  script.serverSends(server.error('42601'), server.ready())
  script.clientGotTags('E(42601) Z(I)')
  script.serverGotTags('P B D E S')
  script.clientSends(...run)
  script.serverSends(server.error('26000'), server.ready())
  script.clientGotTags('E(26000) Z(I)')
  assert.equal(script.completed.length, 0)
})

test('the unnamed statement of a turn can be bound in the next, and is judged by the grants of then', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'select 1'), ...run)
  script.serverSends(...parsed)
  script.clientSends(...run)
  script.serverSends(...parsed.slice(1))
  assert.equal(script.completed.length, 2)
  script.gate.setGrants(grantsNamed('nothing'))
  const before = script.judge.tally.decisions.allowed
  script.clientSends(...run)
  assert.equal(script.judge.tally.decisions.allowed, before + 1)
})

test('news of settings in the midst of an answer are looked at as ever', () => {
  const script = new GateScript()
  script.clientSends(Q)
  script.serverSends(...ROWS, encodeParameterStatus('client_encoding', 'LATIN1'), server.ready())
  assert.equal(script.ended?.error?.code, 'SERVER_BAD')
})

test('an answer that nobody asked for in that form ends the session', () => {
  const script = new GateScript()
  script.clientSends(Q)
  script.serverSends(...parsed)
  assert.equal(script.ended?.error?.code, 'SERVER_BAD')
})

test('in a transaction, a portal is there for the next turn; behind it, it is not', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('begin; select 0'))
  script.serverSends(server.complete('BEGIN'), ...ROWS, server.ready('T'))
  script.clientSends(encodeParse('', 'select 1'), ...run)
  script.serverSends(...parsed.slice(0, -1), server.ready('T'))
  assert.equal(script.gate.transactionStatus, 'T')
  script.serverGotTags('Q P B D E S')
  script.clientSends(encodeExecute(''), encodeSync())
  script.serverGotTags('E S')
  script.serverSends(server.complete(), server.ready('T'))
  script.clientSends(Q)
  script.serverSends(server.error('40001'), server.ready('E'))
  assert.equal(script.gate.transactionStatus, 'E')
})

test('an end, and a Terminate, wait for the turn that is away', () => {
  const ending = new GateScript()
  ending.clientSends(Q)
  ending.gate.end(new PgoauthError('SESSION_ENDED'), 'statement')
  assert.equal(ending.ended, undefined)
  ending.serverSends(...ROWS, server.ready())
  ending.clientGotTags('T D D C Z(I) E(57P01)')

  const leaving = new GateScript()
  leaving.clientSends(Q)
  leaving.clientSends(encodeTerminate())
  assert.equal(leaving.ended, undefined)
  leaving.serverSends(...ROWS, server.ready())
  leaving.clientGotTags('T D D C Z(I)')
  assert.ok(leaving.ended)
})

test('nothing is sent while the audit cannot be written, of what was prepared before neither', () => {
  let isWritable = true
  const assertWritable = () => {
    if (!isWritable) throw new PgoauthError('AUDIT_UNAVAILABLE')
  }
  const script = new GateScript({ audit: { ...silentAudit, assertWritable } })
  script.clientSends(encodeParse('', 'select 1'), ...run)
  script.serverSends(...parsed)
  script.serverGotTags('P B D E S')
  isWritable = false
  script.clientSends(...run)
  script.clientSends(Q)
  assert.ok(!script.sentToServer().includes('select 1'))
})

test('a parameter of a type that turns names into objects is denied, whether its text is known or not', () => {
  const policy = { help: 'ask', errors: 'full', metadata: 'hidden' } as Policy
  for (const offered of [undefined, () => assert.fail('it was offered')]) {
    const script = new GateScript({ grants: { policy, scopes: [] } as never }, offered)
    script.clientSends(encodeParse('', 'select $1', [2205]), encodeBind('', '', ['1']), encodeExecute(''), encodeSync())
    assert.equal(script.audited.at(-1)?.event, 'statement_denied')
  }
})

test('a text over limits.statement_bytes is refused, though its template is known', () => {
  const script = new GateScript({ maxStatementBytes: 100 })
  script.clientSends(encodeQuery(`select '${'x'.repeat(100)}'`))
  script.serverSends(server.error(), server.ready())
  script.clientGotTags('E(54000) Z(I)')
  script.clientSends(encodeParse('', `select '${'x'.repeat(100)}'`), ...run)
  script.serverSends(server.error(), server.ready())
  script.clientGotTags('E(54000) Z(I)')
})
