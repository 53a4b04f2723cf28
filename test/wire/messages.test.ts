import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as authentication from '../../src/wire/authentication.ts'
import * as client from '../../src/wire/client-messages.ts'
import { encodeErrorResponse, parseErrorFields } from '../../src/wire/error-response.ts'
import { MessageWriter } from '../../src/wire/message-writer.ts'
import * as server from '../../src/wire/server-messages.ts'

function body(message: Buffer): Buffer {
  assert.equal(message.readInt32BE(1), message.length - 1, 'the length word counts itself and not the tag')
  return message.subarray(5)
}

test('a Query is its tag, its length and its text with a NUL', () => {
  assert.equal(client.encodeQuery('select 1').toString('latin1'), 'Q\0\0\0\x0dselect 1\0')
})

test('messages that a client sends read back as they were written', () => {
  assert.equal(client.parseQuery(body(client.encodeQuery('select é'))).toString(), 'select é')
  assert.deepEqual(client.parseParse(body(client.encodeParse('s', 'select $1', [23, 4294967295]))), {
    statement: 's',
    sql: Buffer.from('select $1'),
    parameterTypes: [23, 4294967295],
  })
  assert.deepEqual(client.parseBindTarget(body(client.encodeBind('p', 's', ['1', null]))), {
    portal: 'p',
    statement: 's',
  })
  for (const kind of ['statement', 'portal'] as const) {
    assert.deepEqual(client.parseNamedTarget(body(client.encodeDescribe({ kind, name: 'n' }))), { kind, name: 'n' })
    assert.deepEqual(client.parseNamedTarget(body(client.encodeClose({ kind, name: 'n' }))), { kind, name: 'n' })
  }
  assert.deepEqual(client.parseExecute(body(client.encodeExecute('p', 7))), { portal: 'p', maxRows: 7 })
  assert.equal(client.parseFunctionCallOid(body(client.encodeFunctionCall(4294967295))), 4294967295)
})

test('messages that a server sends read back as they were written', () => {
  assert.equal(server.parseReadyForQuery(body(server.encodeReadyForQuery('E'))), 'E')
  const status = { name: 'TimeZone', value: 'Europe/Berlin' }
  assert.deepEqual(server.parseParameterStatus(body(server.encodeParameterStatus(status.name, status.value))), status)
  const key = { processId: -5, secretKey: Buffer.alloc(32, 7) }
  assert.deepEqual(server.parseBackendKeyData(body(server.encodeBackendKeyData(key))), key)
  const negotiation = { version: { major: 3, minor: 2 }, unknownOptions: ['_pq_.x', '_pq_.y'] }
  const encoded = body(server.encodeNegotiateProtocolVersion(negotiation))
  assert.deepEqual(server.parseNegotiateProtocolVersion(encoded), negotiation)
})

test('a cancel key shorter than 4 or longer than 256 bytes is a violation', () => {
  for (const bytes of [3, 257]) {
    assert.throws(() => server.parseBackendKeyData(Buffer.alloc(4 + bytes)), { code: 'BAD_FRAME' })
  }
})

test('authentication requests read back as they were written', () => {
  const parse = (message: Buffer) => authentication.parseAuthentication(body(message))
  assert.deepEqual(parse(authentication.encodeAuthenticationOk()), { kind: 'ok' })
  assert.deepEqual(parse(authentication.encodeAuthenticationCleartextPassword()), { kind: 'cleartext' })
  assert.deepEqual(parse(authentication.encodeAuthenticationSasl(['SCRAM-SHA-256', 'OAUTHBEARER'])), {
    kind: 'sasl',
    mechanisms: ['SCRAM-SHA-256', 'OAUTHBEARER'],
  })
  const data = Buffer.from('{"status":"invalid_token"}')
  assert.deepEqual(parse(authentication.encodeAuthenticationSaslContinue(data)), { kind: 'sasl-continue', data })
  assert.deepEqual(parse(authentication.encodeAuthenticationSaslFinal(data)), { kind: 'sasl-final', data })
})

test('an authentication request that takes no token is named', () => {
  assert.deepEqual(authentication.parseAuthentication(Buffer.from('00000007', 'hex')), {
    kind: 'other',
    name: 'GSSAPI',
  })
})

test('a SASLInitialResponse reads back, and one without data is told from an empty one', () => {
  const encoded = authentication.encodeSaslInitialResponse('OAUTHBEARER', Buffer.from('n,,'))
  assert.deepEqual(authentication.parseSaslInitialResponse(body(encoded)), {
    mechanism: 'OAUTHBEARER',
    data: Buffer.from('n,,'),
  })
  assert.equal(authentication.parseSaslInitialResponse(Buffer.from('4f00ffffffff', 'hex')).data, null)
  assert.deepEqual(authentication.parseSaslInitialResponse(Buffer.from('4f0000000000', 'hex')).data, Buffer.alloc(0))
})

test('an ErrorResponse has its severity twice, its SQLSTATE, its message, and what else is given', () => {
  const message = encodeErrorResponse({ severity: 'ERROR', code: '42501', message: 'no', hint: 'ask', position: 8 })
  assert.deepEqual(
    [...parseErrorFields(body(message))],
    [
      ['S', 'ERROR'],
      ['V', 'ERROR'],
      ['C', '42501'],
      ['M', 'no'],
      ['H', 'ask'],
      ['P', '8'],
    ],
  )
})

test('a NUL in the text of an error cannot start a field of its own', () => {
  const message = encodeErrorResponse({ severity: 'ERROR', code: '42501', message: 'a\0Hb' })
  assert.equal(parseErrorFields(body(message)).get('M'), 'aHb')
})

test('a NUL in a protocol string is refused rather than written', () => {
  assert.throws(() => new MessageWriter().begin('Q').cstring('a\0b'), { code: 'INTERNAL' })
})

test('a message longer than the writer expected comes out whole', () => {
  const text = 'x'.repeat(10_000)
  const message = new MessageWriter(4).begin('Q').cstring(text).end().finish()
  assert.equal(client.parseQuery(body(message)).toString(), text)
})
