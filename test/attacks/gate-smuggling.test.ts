import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeBind,
  encodeClose,
  encodeCopyData,
  encodeCopyDone,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { GateScript, grantsNamed, server } from '../session/gate-script.ts'
import { TextJudge } from '../session/text-judge.ts'

const SECRET = encodeQuery('select * from secret')

/** The session ends at once, and the server hears nothing of it. */
function isRefused(...messages: Buffer[]): void {
  const script = new GateScript()
  script.clientSends(...messages)
  assert.equal(script.ended?.error?.code, 'BAD_FRAME')
  script.serverGotTags('')
}

test('a length below four, negative or beyond PostgreSQL’s bound ends the session', () => {
  for (const length of [0, 3, -1, -2147483648, 0x7fffffff]) {
    const message = encodeQuery('select 1')
    message.writeInt32BE(length, 1)
    isRefused(message)
  }
})

test('a length that is too short makes the rest a message of its own, and that is judged', () => {
  const message = Buffer.concat([encodeQuery('select 1'), SECRET])
  const script = new GateScript()
  script.clientSends(message)
  assert.doesNotMatch(script.sentToServer(), /secret/)
})

test('a Query with a second text behind its NUL is not sent', () => {
  const query = encodeQuery('select 1;select * from t')
  query[5 + 8] = 0
  isRefused(query)
})

test('a Parse with bytes behind its parameter types is not sent', () => {
  const parse = encodeParse('', 'select 1')
  const longer = Buffer.concat([parse, Buffer.from('x')])
  longer.writeInt32BE(longer.length - 1, 1)
  isRefused(longer)
})

test('a Parse without the NUL of its SQL is not sent', () => {
  const parse = encodeParse('', 'select 1').subarray(0, -3)
  parse.writeInt32BE(parse.length - 1, 1)
  isRefused(parse)
})

test('a Bind whose names have no end is not sent', () => {
  isRefused(Buffer.concat([Buffer.from('B\0\0\0\x0c', 'latin1'), Buffer.alloc(8, 0x61)]))
})

test('a password message in mid-session ends it', () => {
  isRefused(Buffer.from('p\0\0\0\x06x\0', 'latin1'))
})

test('COPY data that looks like a Query stays data', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('copy t from stdin'), encodeCopyData(SECRET), encodeCopyDone())
  script.serverGotTags('Q d c')
})

test('a half message at the end of the stream is not sent', () => {
  const script = new GateScript()
  script.clientSends(SECRET.subarray(0, SECRET.length - 1))
  script.gate.clientClosed()
  script.serverGotTags('')
})

test('names that the server takes for one are one to the gate', () => {
  const judge = new TextJudge((statement, { grants }) => grants.scopes.length > 0 || statement === 'select 1')
  const script = new GateScript({ judge })
  const name = 'é'.repeat(31)
  script.clientSends(encodeParse(`${name}xa`, 'select 2'), encodeSync())
  script.serverSends(server.parseComplete, server.ready())
  script.clientSends(
    encodeClose({ kind: 'statement', name: `${name}xb` }),
    encodeParse(`${name}xc`, 'select 1'),
    encodeSync(),
  )
  script.serverSends(server.closeComplete, server.parseComplete, server.ready())
  script.gate.setGrants(grantsNamed())
  script.serverGotTags('P S C P S')
  script.clientSends(encodeBind('', `${name}xd`), encodeExecute(''), encodeSync())
  script.serverGotTags('B E S')
})

test('while it is not known which statement a name means, each must be allowed', () => {
  const judge = new TextJudge((statement, { grants }) => grants.scopes.length > 0 || statement === 'select 1')
  const script = new GateScript({ judge })
  script.clientSends(encodeParse('a', 'select 2'), encodeSync())
  script.clientSends(encodeClose({ kind: 'statement', name: 'a' }), encodeParse('a', 'select 1'), encodeSync())
  script.gate.setGrants(grantsNamed())
  script.serverGotTags('P S C P S')
  // The second Parse may have failed, and "select 2" be there still.
  script.clientSends(encodeBind('', 'a'), encodeSync())
  assert.match(script.sentToServer(), /^B:\0pgoauth_none_/)
})

test('the name of a stand-in cannot be guessed from another session', () => {
  const names = [1, 2].map(() => {
    const script = new GateScript()
    script.clientSends(encodeBind('', 'unknown'))
    return /pgoauth_none_[0-9a-f]+/.exec(script.sentToServer())?.[0]
  })
  assert.notEqual(names[0], names[1])
})

test('a reply to the gate’s own message never reaches the client, nor does its error', () => {
  const script = new GateScript({ restoreSql: () => "set pgoauth.subject = 'ada'" })
  script.clientSends(encodeQuery('discard all'))
  script.serverGotTags('Q C P B E C S')
  script.serverSends(server.complete('DISCARD ALL'), server.ready())
  assert.equal(script.gate.quiet, false)
  script.serverSends(server.closeComplete, server.error('25P02'), server.ready())
  script.clientGotTags('C Z(I)')
  assert.equal(script.gate.quiet, true)
})
