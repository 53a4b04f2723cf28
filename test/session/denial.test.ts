import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentAudit } from '../../src/audit/audit-log.ts'
import { fail } from '../../src/base/errors.ts'
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
  encodeTerminate,
} from '../../src/wire/client-messages.ts'
import { parseErrorFields } from '../../src/wire/error-response.ts'
import { encodeParameterStatus } from '../../src/wire/server-messages.ts'
import { GateScript, grantsNamed, server } from './gate-script.ts'
import { TextJudge } from './text-judge.ts'

test('an allowed Query goes to the server as it is', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select 1'))
  script.serverGot(encodeQuery('select 1'))
})

test('messages that lie side by side go on in one write', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'select 1'), encodeBind('', ''), encodeExecute(''), encodeSync())
  assert.equal(script.writes.toServer, 1)
})

test('replies that lie side by side go on in one write', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select 1'))
  script.serverSends(server.rowDescription, server.dataRow, server.complete(), server.ready())
  assert.equal(script.writes.toClient, 1)
})

test('a denied Query is replaced by one that cannot parse', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select * from secret'))
  assert.match(script.sentToServer(), /^Q:denied by access policy, request [0-9a-f]{16}\0$/)
})

test("the error to a stand-in becomes 42501, and ReadyForQuery stays the server's own", () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select * from secret'))
  script.serverSends(server.error('42601'), server.ready('E'))
  script.clientGotTags('E(42501) Z(E)')
})

test("a denial names what was denied, the request id and the policy's help", () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select * from secret'))
  script.serverSends(server.error('42601'))
  const fields = parseErrorFields(script.sentToClient().subarray(5))
  const requestId = script.audited[0]?.request_id
  assert.equal(fields.get('M'), 'permission denied by access policy')
  assert.equal(fields.get('D'), 'select on secret is not granted')
  assert.equal(fields.get('H'), `request id ${requestId}; ask #data-access`)
})

test('a denial is an audit event without literals', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery("select * from secret where name = 'ada'"))
  const [event] = script.audited
  assert.equal(event?.event, 'statement_denied')
  assert.equal(event?.sql_fingerprint, 'select * from secret where name = ?')
  assert.equal(event?.action, 'select')
  assert.equal(event?.object, 'secret')
  assert.deepEqual(event?.missing_scopes, ['some:scope'])
})

test('a Query with one denied statement runs none of them', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('delete from t; select * from secret'))
  script.serverGotTags('Q')
  script.serverSends(server.error(), server.ready('I'))
  script.clientGotTags('E(42501) Z(I)')
})

test('a denied Query is answered after the replies already owed', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select 1'), encodeQuery('select * from secret'), encodeQuery('select 2'))
  script.serverSends(
    server.complete(),
    server.ready(),
    server.error(),
    server.ready(),
    server.complete(),
    server.ready(),
  )
  script.clientGotTags('C Z(I) E(42501) Z(I) C Z(I)')
})

test('the error of another statement is not taken for that of a stand-in', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select 1/0'), encodeQuery('select * from secret'))
  script.serverSends(server.error('22012'), server.ready(), server.error('42601'), server.ready())
  script.clientGotTags('E(22012) Z(I) E(42501) Z(I)')
})

test('what follows a denied Parse up to the Sync is not sent, since the server would discard it', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('a', 'select * from secret'), encodeBind('', 'a'), encodeExecute(''), encodeSync())
  script.serverGotTags('P S')
  script.serverSends(server.error('42601'), server.ready())
  script.clientGotTags('E(42501) Z(I)')
})

test('a denied Parse of the unnamed statement has an unnamed stand-in, since the server drops the old one', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'select * from secret'))
  assert.match(script.sentToServer(), /^P:\0denied/)
})

test('an error before a denied Parse leaves the denial unanswered', () => {
  const script = new GateScript()
  script.clientSends(
    encodeParse('', 'select 1/0'),
    encodeBind('', ''),
    encodeExecute(''),
    encodeParse('', 'select * from secret'),
    encodeSync(),
  )
  script.serverSends(server.parseComplete, server.bindComplete, server.error('22012'), server.ready('I'))
  script.clientGotTags('1 2 E(22012) Z(I)')
})

test('a Query that the server discards while it skips to Sync is not owed an answer', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'select 1/0'), encodeBind('', ''), encodeExecute(''), encodeQuery('select 1'))
  script.clientSends(encodeSync(), encodeQuery('select * from secret'))
  script.serverSends(server.parseComplete, server.bindComplete, server.error('22012'), server.ready('I'))
  script.serverSends(server.error('42601'), server.ready('I'))
  script.clientGotTags('1 2 E(22012) Z(I) E(42501) Z(I)')
})

test('a Bind of a statement whose right is gone is refused as one of an unknown statement', () => {
  const script = new GateScript({ judge: new TextJudge((_, { grants }) => grants.scopes.length > 0) })
  script.clientSends(encodeParse('a', 'select 1'), encodeSync())
  script.serverSends(server.parseComplete, server.ready())
  script.gate.setGrants(grantsNamed())
  script.clientGotTags('1 Z(I)')
  script.serverGotTags('P S')
  script.clientSends(encodeBind('', 'a'), encodeExecute(''), encodeSync())
  assert.match(script.sentToServer(), /^B:\0pgoauth_none_[0-9a-f]{32}\0.* S:$/s)
  script.serverSends(server.error('26000'), server.ready())
  script.clientGotTags('E(42501) Z(I)')
})

test('an Execute of a portal whose right is gone is refused as one of an unknown portal', () => {
  const script = new GateScript({ judge: new TextJudge((_, { grants }) => grants.scopes.length > 0) })
  script.clientSends(encodeParse('a', 'select 1'), encodeBind('p', 'a'), encodeFlush())
  script.gate.setGrants(grantsNamed())
  script.serverGotTags('P B H')
  script.clientSends(encodeExecute('p'), encodeSync())
  assert.match(script.sentToServer(), /^E:pgoauth_none_[0-9a-f]{32}\0/)
  script.serverSends(server.parseComplete, server.bindComplete, server.error('34000'), server.ready())
  script.clientGotTags('1 2 E(42501) Z(I)')
})

test('a Describe of a statement whose right is gone is refused', () => {
  const script = new GateScript({ judge: new TextJudge((_, { grants }) => grants.scopes.length > 0) })
  script.clientSends(encodeParse('a', 'select 1'))
  script.gate.setGrants(grantsNamed())
  script.clientSends(encodeDescribe({ kind: 'statement', name: 'a' }), encodeSync())
  script.serverSends(server.parseComplete, server.error('26000'), server.ready())
  script.clientGotTags('1 E(42501) Z(I)')
})

test('a right that came back lets the prepared statement run again', () => {
  const script = new GateScript({ judge: new TextJudge((_, { grants }) => grants.scopes.length > 0) })
  script.clientSends(encodeParse('a', 'select 1'), encodeSync())
  script.gate.setGrants(grantsNamed())
  script.gate.setGrants(grantsNamed('again'))
  script.clientSends(encodeBind('', 'a'), encodeSync())
  script.serverGotTags('P S B S')
})

test('a Bind of a statement that this session never made does not reach the server', () => {
  const script = new GateScript()
  script.clientSends(encodeBind('', 'other'), encodeSync())
  assert.doesNotMatch(script.sentToServer(), /other/)
  script.serverSends(server.error('26000'), server.ready())
  const fields = parseErrorFields(script.sentToClient().subarray(5, -6))
  assert.equal(fields.get('M'), 'prepared statement "other" does not exist')
})

test('a denied FunctionCall is replaced by one of OID 0', () => {
  const script = new GateScript()
  script.clientSends(encodeFunctionCall(952))
  script.serverGot(encodeFunctionCall(0))
  script.serverSends(server.error('42883'), server.ready())
  script.clientGotTags('E(42501) Z(I)')
})

test('COPY data behind a denied COPY passes, and the server ignores it', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('copy secret from stdin'), encodeCopyData(Buffer.from('1\n')), encodeCopyDone())
  script.serverGotTags('Q d c')
  script.serverSends(server.error(), server.ready())
  script.clientGotTags('E(42501) Z(I)')
})

test('a Sync behind an Execute of COPY waits for its outcome and is then left out, as the server ignores it', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'copy t from stdin'), encodeBind('', ''), encodeExecute(''), encodeSync())
  script.serverGotTags('P B E H')
  assert.deepEqual(script.stalls, [true])
  script.serverSends(server.parseComplete, server.bindComplete, server.copyIn)
  script.clientSends(encodeCopyData(Buffer.from('1\n')), encodeCopyDone(), encodeSync())
  script.serverGotTags('d c S')
  script.serverSends(server.complete('COPY 1'), server.ready())
  script.clientGotTags('1 2 G C Z(I)')
  assert.equal(script.gate.quiet, true)
})

test('a Sync behind an Execute of COPY that fails at once is sent', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'copy t from stdin'), encodeBind('', ''), encodeExecute(''), encodeSync())
  script.serverSends(server.parseComplete, server.bindComplete, server.error('42P01'))
  script.serverGotTags('P B E H S')
  script.serverSends(server.ready())
  script.clientGotTags('1 2 E(42P01) Z(I)')
})

test('a Query in the middle of COPY data ends the session, as PostgreSQL does', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('copy t from stdin'))
  script.serverSends(server.copyIn)
  script.clientSends(encodeQuery('select 1'))
  assert.equal(script.ended?.error?.code, 'BAD_FRAME')
  script.serverGotTags('Q')
})

test('an unknown message of the client ends the session', () => {
  const script = new GateScript()
  script.clientSends(server.bare('!'))
  assert.equal(script.ended?.error?.code, 'BAD_FRAME')
  script.clientGotTags('E(08P01)')
  script.serverGotTags('')
})

test('notices, parameters and notifications may come anywhere', () => {
  const script = new GateScript()
  const notice = server.error().fill('N', 0, 1)
  const notification = Buffer.from('410000000b00000001630000', 'hex')
  script.clientSends(encodeParse('', 'select * from secret'), encodeSync())
  script.serverSends(notice, notification, server.error(), notice, server.ready(), notification)
  assert.equal(script.ended, undefined)
  assert.match(script.sentToClient().toString('latin1'), /42501/)
})

test('a FATAL error goes to the client untouched and ends the session, even in answer to a stand-in', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select * from secret'))
  script.serverSends(server.fatal())
  script.clientGot(server.fatal())
  assert.deepEqual(script.ended, { error: undefined })
})

test('a stand-in that the server accepts ends the session', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'select * from secret'))
  script.serverSends(server.parseComplete)
  assert.equal(script.ended?.error?.code, 'SERVER_BAD')
})

test("text that does not parse is answered 42601 with the parser's position, and is not sent", () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('bad text'))
  assert.doesNotMatch(script.sentToServer(), /bad/)
  script.serverSends(server.error('42601', 'ours'), server.ready())
  const fields = parseErrorFields(script.sentToClient().subarray(5, -6))
  assert.equal(fields.get('C'), '42601')
  assert.equal(fields.get('M'), 'syntax error')
  assert.equal(fields.get('P'), '1')
})

test('text that is not UTF-8 is refused with 22021 and is not sent', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery(Buffer.from([0x27, 0xc3, 0x28, 0x27])))
  assert.doesNotMatch(script.sentToServer(), /\xc3/)
  script.serverSends(server.error(), server.ready())
  script.clientGotTags('E(22021) Z(I)')
})

test('bytes behind the NUL of a Query end the session', () => {
  const script = new GateScript()
  const query = encodeQuery('select 1 select')
  query[5 + 8] = 0
  script.clientSends(query)
  assert.equal(script.ended?.error?.code, 'BAD_FRAME')
  script.serverGotTags('')
})

test('a text that is too long is answered 54000 without being held', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery(`select '${'x'.repeat(2000)}'`), encodeQuery('select 1'))
  assert.doesNotMatch(script.sentToServer(), /xxx/)
  script.serverSends(server.error(), server.ready(), server.complete(), server.ready())
  script.clientGotTags('E(54000) Z(I) C Z(I)')
})

test('order is kept while a statement is judged elsewhere', async () => {
  const judge = new TextJudge()
  judge.slow = true
  const script = new GateScript({ judge })
  script.clientSends(encodeQuery('select 1'), encodeParse('a', 'select 2'), encodeSync())
  script.clientSends(encodeQuery('select * from secret'), encodeTerminate())
  script.serverGotTags('')
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
  script.serverGotTags('Q P S Q')
  assert.deepEqual(script.stalls, [true, false])
})

test('a large Bind streams, and a denied one is swallowed whole', () => {
  const script = new GateScript({ judge: new TextJudge((_, { grants }) => grants.scopes.length > 0) })
  const bind = encodeBind('', 'a', ['x'.repeat(100_000)])
  script.clientSends(encodeParse('a', 'select $1'))
  for (let at = 0; at < bind.length; at += 7777) script.gate.fromClient(bind.subarray(at, at + 7777))
  script.serverGot(encodeParse('a', 'select $1'), bind)
  script.clientSends(encodeSync())
  script.serverGotTags('S')
  script.gate.setGrants(grantsNamed())
  for (let at = 0; at < bind.length; at += 7777) script.gate.fromClient(bind.subarray(at, at + 7777))
  script.clientSends(encodeSync())
  script.serverGotTags('B S')
})

test('a name longer than 63 bytes is the same name as its first 63 bytes', () => {
  const script = new GateScript({ judge: new TextJudge((_, { grants }) => grants.scopes.length > 0) })
  const name = 'n'.repeat(63)
  script.clientSends(encodeParse(`${name}x`, 'select 1'), encodeSync())
  script.gate.setGrants(grantsNamed())
  script.clientSends(encodeBind('', `${name}y`), encodeSync())
  script.serverSends(server.parseComplete, server.ready(), server.error('26000'), server.ready())
  script.clientGotTags('1 Z(I) E(42501) Z(I)')
})

test('a Close makes the name unknown', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('a', 'select 1'), encodeClose({ kind: 'statement', name: 'a' }), encodeSync())
  script.serverSends(server.parseComplete, server.closeComplete, server.ready())
  script.serverGotTags('P C S')
  script.clientSends(encodeBind('', 'a'), encodeSync())
  assert.doesNotMatch(script.sentToServer(), /B:\0a\0/)
})

test('a Parse that failed on the server gives no name', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('a', 'select x'), encodeSync())
  script.serverSends(server.error('42703'), server.ready())
  script.serverGotTags('P S')
  script.clientSends(encodeBind('', 'a'), encodeSync())
  assert.doesNotMatch(script.sentToServer(), /B:\0a\0/)
})

test('Terminate is not sent on, and ends the session once what came before it is answered', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('insert into t values (1)'), encodeTerminate())
  script.serverGotTags('Q')
  assert.equal(script.ended, undefined)
  script.serverSends(server.complete('INSERT 0 1'), server.ready())
  assert.deepEqual(script.ended, { error: undefined })
})

test('a server that reports client_encoding by its other name for UTF8 goes on', () => {
  const script = new GateScript()
  script.serverSends(encodeParameterStatus('client_encoding', 'UNICODE'))
  assert.equal(script.ended, undefined)
})

test('a server that reports another client_encoding ends the session', () => {
  const script = new GateScript()
  script.serverSends(encodeParameterStatus('client_encoding', 'SHIFT_JIS'))
  assert.equal(script.ended?.error?.code, 'SERVER_BAD')
})

test('a COPY judged while the server began to skip to Sync is discarded with the rest', async () => {
  const judge = new TextJudge()
  const script = new GateScript({ judge })
  script.clientSends(encodeParse('', 'select x'))
  judge.slow = true
  script.clientSends(encodeQuery('copy t from stdin'), encodeCopyDone(), encodeSync())
  script.serverSends(server.error('42703'))
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  script.serverGotTags('P c S')
  script.serverSends(server.ready())
  assert.equal(script.gate.quiet, true)
})

test('a denial that comes again is counted, and told under the request id of the first', () => {
  const script = new GateScript()
  for (const id of [1, 2, 3]) {
    script.clientSends(encodeQuery(`select * from secret where id = ${id}`))
    script.serverSends(server.error(), server.ready())
  }
  assert.equal(script.audited.length, 1)
  script.gate.clientClosed()
  assert.equal(script.audited[1]?.repeated, 2)
  assert.equal(script.audited[1]?.request_id, script.audited[0]?.request_id)
  assert.equal(script.sentToClient().toString('latin1').split(String(script.audited[0]?.request_id)).length, 4)
})

test('a count is written as it grows', () => {
  const script = new GateScript()
  for (let count = 0; count < 101; count++) script.clientSends(encodeQuery('select * from secret'))
  assert.deepEqual(
    script.audited.map(({ repeated }) => repeated),
    [undefined, 10, 100],
  )
  script.gate.clientClosed()
  assert.equal(script.audited.length, 3)
})

test('a flood of denials ends the session', () => {
  const script = new GateScript({ maxDenials: 10 })
  for (let count = 0; count < 11; count++) script.clientSends(encodeQuery('select * from secret'))
  assert.equal(script.ended?.error?.code, 'SESSION_ENDED')
})

test('without an audit no statement runs, allowed or not, and the session goes on', () => {
  let broken = true
  const audit = {
    ...silentAudit,
    assertWritable: () => {
      if (broken) fail('AUDIT_UNAVAILABLE')
    },
  }
  const script = new GateScript({ audit })
  script.clientSends(encodeQuery('select 1'))
  assert.doesNotMatch(script.sentToServer(), /select 1/)
  script.serverSends(server.error(), server.ready())
  script.clientGotTags('E(58030) Z(I)')
  broken = false
  script.serverGotTags('Q')
  script.clientSends(encodeQuery('select 1'))
  script.serverGot(encodeQuery('select 1'))
})

test('a denial that cannot be audited is refused all the same', () => {
  const audit = { ...silentAudit, record: () => fail('AUDIT_UNAVAILABLE') }
  const script = new GateScript({ audit })
  script.clientSends(encodeParse('', 'select * from secret'), encodeSync())
  script.serverGotTags('P S')
  script.serverSends(server.error(), server.ready())
  script.clientGotTags('E(58030) Z(I)')
})
