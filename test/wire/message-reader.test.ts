import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgoauthError } from '../../src/base/errors.ts'
import { parseAuthentication, parsePasswordMessage, parseSaslInitialResponse } from '../../src/wire/authentication.ts'
import {
  parseBindTarget,
  parseExecute,
  parseFunctionCallOid,
  parseNamedTarget,
  parseParse,
  parseQuery,
} from '../../src/wire/client-messages.ts'
import { parseErrorFields } from '../../src/wire/error-response.ts'
import { MessageReader } from '../../src/wire/message-reader.ts'
import { MessageWriter } from '../../src/wire/message-writer.ts'
import {
  parseBackendKeyData,
  parseNegotiateProtocolVersion,
  parseParameterStatus,
  parseReadyForQuery,
} from '../../src/wire/server-messages.ts'
import { Random, testSeed } from '../support/random.ts'

const BAD_FRAME = { code: 'BAD_FRAME' }

test('a string without its NUL is a violation, though the next message has one', () => {
  const socketBuffer = Buffer.from('abc\0def\0')
  const reader = new MessageReader(socketBuffer.subarray(0, 3))
  assert.throws(() => reader.cstring(), BAD_FRAME)
})

test('a number that begins in the body and ends behind it is a violation', () => {
  assert.throws(() => new MessageReader(Buffer.alloc(8).subarray(0, 3)).int32(), BAD_FRAME)
  assert.throws(() => new MessageReader(Buffer.alloc(1)).int16(), BAD_FRAME)
  assert.throws(() => new MessageReader(Buffer.alloc(0)).byte(), BAD_FRAME)
})

test('a negative count is a violation, not a step back', () => {
  const reader = new MessageReader(Buffer.alloc(8))
  reader.int32()
  assert.throws(() => reader.bytes(-4), BAD_FRAME)
})

test('what lies behind the last field is a violation', () => {
  assert.throws(() => parseQuery(Buffer.from('select 1\0;drop\0')), BAD_FRAME)
  assert.throws(() => parseReadyForQuery(Buffer.from('II')), BAD_FRAME)
  assert.throws(() => parsePasswordMessage(Buffer.from('secret\0more')), BAD_FRAME)
})

test('a ParameterStatus without its second string is a violation', () => {
  assert.throws(() => parseParameterStatus(Buffer.from('TimeZone\0')), BAD_FRAME)
})

test('text that is not UTF-8 is a violation', () => {
  assert.throws(() => new MessageReader(Buffer.from('c3280000', 'hex')).cstring(), BAD_FRAME)
})

test('a byte order mark is kept', () => {
  assert.equal(new MessageReader(Buffer.from('\ufeffselect\0')).cstring(), '\ufeffselect')
})

test('a transaction status that does not exist is a violation', () => {
  assert.throws(() => parseReadyForQuery(Buffer.from('X')), BAD_FRAME)
})

test('a Describe of neither statement nor portal is a violation', () => {
  assert.throws(() => parseNamedTarget(Buffer.from('Xname\0')), BAD_FRAME)
})

test('more parameter types than there are bytes for, or fewer than no unknown options, is a violation', () => {
  assert.throws(() => parseParse(Buffer.from('\0\0\xff\xff', 'latin1')), BAD_FRAME)
  assert.throws(() => parseNegotiateProtocolVersion(Buffer.from('00030002ffffffff', 'hex')), BAD_FRAME)
})

test('a SASLInitialResponse whose length does not fit is a violation', () => {
  assert.throws(() => parseSaslInitialResponse(Buffer.from('4f000000000561', 'hex')), BAD_FRAME)
  assert.throws(() => parseSaslInitialResponse(Buffer.from('4f00fffffffe', 'hex')), BAD_FRAME)
})

test('a Parse may have as many parameter types as PostgreSQL takes', () => {
  const body = new MessageWriter()
    .cstring('s')
    .cstring('select 1')
    .int16(-1)
    .bytes(Buffer.alloc(4 * 65_535))
    .finish()
  assert.equal(parseParse(body).parameterTypes.length, 65_535)
})

const PARSERS = [
  parseAuthentication,
  parsePasswordMessage,
  parseSaslInitialResponse,
  parseBindTarget,
  parseExecute,
  parseFunctionCallOid,
  parseNamedTarget,
  parseParse,
  parseQuery,
  parseErrorFields,
  parseBackendKeyData,
  parseNegotiateProtocolVersion,
  parseParameterStatus,
  parseReadyForQuery,
]

for (const parse of PARSERS) {
  test(`${parse.name} of random bytes gives a value or a protocol violation, never another error`, () => {
    const seed = testSeed()
    const random = new Random(seed)
    for (let round = 0; round < 2000; round++) {
      const body = random.bytes(random.below(24))
      try {
        parse(body)
      } catch (error) {
        const expected = error instanceof PgoauthError && error.code === 'BAD_FRAME'
        assert.ok(expected, `seed ${seed}, body ${body.toString('hex')}: ${error}`)
      }
    }
  })
}
