import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgoauthError } from '../../src/base/errors.ts'
import {
  encodeCancelRequest,
  encodeGssencRequest,
  encodeSslRequest,
  encodeStartupMessage,
  looksLikeTls,
  readFirstPacket,
} from '../../src/wire/startup.ts'
import { Random, testSeed } from '../support/random.ts'

const BAD_STARTUP = { code: 'BAD_STARTUP' }
const VERSION_3_2 = { major: 3, minor: 2 }

test('SSLRequest and GSSENCRequest are told apart', () => {
  assert.deepEqual(readFirstPacket(encodeSslRequest())?.packet, { kind: 'ssl' })
  assert.deepEqual(readFirstPacket(encodeGssencRequest())?.packet, { kind: 'gssenc' })
})

test('a StartupMessage gives its version and its parameters, _pq_ options among them', () => {
  const parameters = new Map([
    ['user', 'ada'],
    ['database', 'app'],
    ['_pq_.pgoauth', '1'],
  ])
  const read = readFirstPacket(encodeStartupMessage(VERSION_3_2, parameters))
  assert.deepEqual(read?.packet, { kind: 'startup', version: VERSION_3_2, parameters })
})

test('what comes behind the packet is given back', () => {
  const read = readFirstPacket(Buffer.concat([encodeSslRequest(), Buffer.from('ahead')]))
  assert.equal(read?.rest.toString(), 'ahead')
})

test('a CancelRequest carries a key of 4 to 256 bytes', () => {
  for (const bytes of [4, 32, 256]) {
    const secretKey = Buffer.alloc(bytes, 9)
    const packet = readFirstPacket(encodeCancelRequest(77, secretKey))?.packet
    assert.deepEqual(packet, { kind: 'cancel', processId: 77, secretKey })
  }
  for (const bytes of [0, 3, 257]) {
    assert.throws(() => readFirstPacket(encodeCancelRequest(77, Buffer.alloc(bytes))), BAD_STARTUP)
  }
})

test('a packet that is not whole is waited for, at every cut', () => {
  const whole = encodeStartupMessage(VERSION_3_2, [['user', 'ada']])
  for (let cut = 0; cut < whole.length; cut++) assert.equal(readFirstPacket(whole.subarray(0, cut)), undefined)
})

for (const length of [-1, 0, 7, 10_005, 2147483647]) {
  test(`a packet length of ${length} is refused on its first four bytes`, () => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(length)
    assert.throws(() => readFirstPacket(bytes), BAD_STARTUP)
  })
}

test('a version other than 3 is refused', () => {
  assert.throws(() => readFirstPacket(encodeStartupMessage({ major: 2, minor: 0 }, [])), {
    code: 'PROTOCOL_UNSUPPORTED',
  })
  assert.throws(() => readFirstPacket(encodeStartupMessage({ major: 4, minor: 0 }, [])), {
    code: 'PROTOCOL_UNSUPPORTED',
  })
})

test('a parameter that comes twice is refused', () => {
  const twice = encodeStartupMessage(VERSION_3_2, [
    ['user', 'ada'],
    ['user', 'root'],
  ])
  assert.throws(() => readFirstPacket(twice), BAD_STARTUP)
})

test('parameters that do not end where the packet does are refused', () => {
  const early = encodeStartupMessage(VERSION_3_2, [['', '']])
  assert.throws(() => readFirstPacket(early), BAD_STARTUP)
  const unterminated = encodeStartupMessage(VERSION_3_2, [['user', 'ada']])
  const shortened = Buffer.from(unterminated.subarray(0, -1))
  shortened.writeInt32BE(shortened.length)
  assert.throws(() => readFirstPacket(shortened), BAD_STARTUP)
})

test('SSLRequest with more in its packet is refused', () => {
  const longer = Buffer.concat([encodeSslRequest(), Buffer.alloc(4)])
  longer.writeInt32BE(12)
  assert.throws(() => readFirstPacket(longer), BAD_STARTUP)
})

test('HTTP is named', () => {
  assert.throws(() => readFirstPacket(Buffer.from('GET / HTTP/1.1\r\n')), { code: 'NOT_POSTGRES' })
  assert.throws(() => readFirstPacket(Buffer.from('POST')), { code: 'NOT_POSTGRES' })
})

test('a TLS handshake is known by its first byte', () => {
  assert.equal(looksLikeTls(Buffer.from('160301', 'hex')), true)
  assert.equal(looksLikeTls(encodeSslRequest()), false)
})

test('random bytes give a packet, nothing yet, or a refusal, never another error', () => {
  const seed = testSeed()
  const random = new Random(seed)
  for (let round = 0; round < 5000; round++) {
    const bytes = random.bytes(random.below(64))
    // Half of them with a length and a version that let the parser go deeper.
    if (round % 2 && bytes.length >= 8) {
      bytes.writeInt32BE(bytes.length, 0)
      bytes.writeInt32BE(random.pick([0x30000, 0x30002, 80877102, 80877103, 80877104]), 4)
    }
    try {
      readFirstPacket(bytes)
    } catch (error) {
      const expected =
        error instanceof PgoauthError && ['BAD_STARTUP', 'NOT_POSTGRES', 'PROTOCOL_UNSUPPORTED'].includes(error.code)
      assert.ok(expected, `seed ${seed}, bytes ${bytes.toString('hex')}: ${error}`)
    }
  }
})
