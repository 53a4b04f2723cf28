import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgoauthError } from '../../src/base/errors.ts'
import {
  encodeBind,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
  encodeTerminate,
} from '../../src/wire/client-messages.ts'
import { GateScript, server } from './gate-script.ts'

const errorOf = (script: GateScript) => script.ended?.error
const expired = new PgoauthError('TOKEN_EXPIRED')

test('an idle session ends at once, with a FATAL', () => {
  const script = new GateScript()
  script.gate.end(expired, 'statement')
  script.clientGotTags('E(57P01)')
  assert.equal(errorOf(script), expired)
})

test('at a statement boundary: the result is given whole, and nothing new is let through', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select 1'))
  script.gate.end(expired, 'statement')
  script.clientSends(encodeQuery('select 2'))
  script.serverGotTags('Q')
  script.serverSends(server.rowDescription, server.dataRow)
  assert.equal(errorOf(script), undefined)
  script.serverSends(server.complete(), server.ready('T'))
  script.clientGotTags('T D C Z(T) E(57P01)')
  assert.equal(errorOf(script), expired)
})

test('at a statement boundary: a pipeline that was begun may reach its Sync', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'select 1'))
  script.gate.end(expired, 'statement')
  script.clientSends(encodeBind('', ''), encodeExecute(''), encodeSync(), encodeQuery('select 2'))
  script.serverGotTags('P B E S')
  script.serverSends(server.parseComplete, server.bindComplete, server.complete(), server.ready())
  script.clientGotTags('1 2 C Z(I) E(57P01)')
})

test('at a transaction’s end: the transaction goes on', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('begin'))
  script.serverSends(server.complete('BEGIN'), server.ready('T'))
  script.gate.end(expired, 'transaction')
  script.clientSends(encodeQuery('select 1'))
  script.serverSends(server.complete(), server.ready('T'))
  assert.equal(errorOf(script), undefined)
  script.clientSends(encodeQuery('commit'))
  script.serverSends(server.complete('COMMIT'), server.ready('I'))
  assert.equal(errorOf(script), expired)
})

test('now: in the middle of a row no word is put into it', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select 1'))
  script.serverSends(server.rowDescription, Buffer.from('D\0\0\0\x20half', 'latin1'))
  script.gate.end(expired, 'now')
  assert.doesNotMatch(script.sentToClient().toString('latin1'), /57P01/)
  assert.equal(errorOf(script), expired)
})

test('nothing is sent to either side after the end', () => {
  const script = new GateScript()
  script.gate.end(expired, 'now')
  script.clientGotTags('E(57P01)')
  script.clientSends(encodeQuery('select 1'))
  script.serverSends(server.ready())
  script.serverGotTags('')
  script.clientGotTags('')
})

test('a server that goes away is told as 08006', () => {
  const script = new GateScript()
  script.clientSends(encodeQuery('select 1'))
  script.gate.serverClosed()
  script.clientGotTags('E(08006)')
})

test('Terminate behind a pipeline without Sync ends the session, and the server connection is not for reuse', () => {
  const script = new GateScript()
  script.clientSends(encodeParse('', 'select 1'), encodeTerminate())
  assert.deepEqual(script.ended, { error: undefined })
  assert.equal(script.gate.serverReusable, false)
})

test('an idle session whose client says Terminate leaves a connection for reuse', () => {
  const script = new GateScript()
  script.clientSends(encodeTerminate())
  assert.equal(script.gate.serverReusable, true)
})
