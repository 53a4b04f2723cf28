import assert from 'node:assert/strict'
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
  encodeTerminate,
} from '../../src/wire/client-messages.ts'
import { GateScript, server } from '../session/gate-script.ts'
import { TextJudge } from '../session/text-judge.ts'
import { messagesOf } from '../session/wire-connection.ts'
import { Random, testSeed } from '../support/random.ts'

const ROUNDS = Number(process.env.PGOAUTH_FUZZ_ROUNDS ?? 1500)

const CLIENT_MESSAGES = [
  encodeQuery('select 1'),
  encodeQuery('select * from secret'),
  encodeQuery('copy t from stdin'),
  encodeQuery('prepare a as select 1; execute a'),
  encodeQuery('bad'),
  encodeParse('a', 'select 1'),
  encodeParse('', 'select * from secret'),
  encodeParse('', 'copy t from stdin'),
  encodeBind('', 'a'),
  encodeBind('p', ''),
  encodeBind('p', 'a', ['x'.repeat(20_000)]),
  encodeDescribe({ kind: 'statement', name: 'a' }),
  encodeDescribe({ kind: 'portal', name: 'p' }),
  encodeExecute('p'),
  encodeExecute(''),
  encodeClose({ kind: 'statement', name: 'a' }),
  encodeFlush(),
  encodeSync(),
  encodeSync(),
  encodeFunctionCall(89),
  encodeFunctionCall(952),
  encodeCopyData(Buffer.from('1\n')),
  encodeCopyDone(),
  encodeCopyFail('x'),
  encodeTerminate(),
]

const SERVER_MESSAGES = [
  server.parseComplete,
  server.bindComplete,
  server.closeComplete,
  server.noData,
  server.rowDescription,
  server.dataRow,
  server.complete(),
  server.copyIn,
  server.copyOut,
  server.bare('c'),
  server.bare('I'),
  server.bare('s'),
  server.error(),
  server.ready('I'),
  server.ready('T'),
  server.fatal(),
  encodeCopyData(Buffer.from('1\n')),
]

const KNOWN_TO_SERVER = new Set([...'QPBDECHSFdcf'])

test('whatever either side sends, the gate ends once at most, without a fault of its own, and sends nothing denied', async () => {
  const seed = testSeed()
  const random = new Random(seed)
  for (let round = 0; round < ROUNDS; round++) {
    const judge = new TextJudge()
    judge.slow = random.below(4) === 0
    const script = new GateScript({ judge })
    const about = `seed ${seed}, round ${round}`
    for (let step = random.below(30); step > 0 && !script.ended; step--) {
      const isClient = random.below(3) > 0
      let bytes = random.pick(isClient ? CLIENT_MESSAGES : SERVER_MESSAGES)
      const mutation = random.below(60)
      if (mutation === 0) bytes = random.bytes(1 + random.below(40))
      else if (mutation === 1) bytes = bytes.subarray(0, random.below(bytes.length))
      else if (mutation === 2) {
        bytes = Buffer.from(bytes)
        bytes[random.below(bytes.length)] = random.below(256)
      }
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + 1 + random.below(bytes.length))
        if (isClient) script.gate.fromClient(bytes.subarray(at, end))
        else script.gate.fromServer(bytes.subarray(at, end))
        at = end
      }
      if (random.below(5) === 0) await new Promise(setImmediate)
      if (random.below(50) === 0)
        script.gate.end(Object.assign(new Error('x'), { sqlstate: '57P01', say: 'x' }) as never, 'statement')
    }
    await new Promise(setImmediate)
    assert.notEqual(script.ended?.error?.code, 'INTERNAL', `${about}: ${script.ended?.error?.stack}`)
    const sent = messagesOf(script.bytesToServer())
    for (const { tag, body } of sent) {
      assert.ok(KNOWN_TO_SERVER.has(tag), `${about}: ${tag}`)
      if (tag === 'Q' || tag === 'P') assert.ok(!body.includes('secret'), about)
    }
  }
})

test('a session is the same however its bytes are cut', () => {
  const stream = Buffer.concat([
    encodeParse('a', 'select 1'),
    encodeBind('', 'a', ['x'.repeat(20_000)]),
    encodeExecute(''),
    encodeSync(),
    encodeQuery('select * from secret'),
    encodeQuery(`select '${'y'.repeat(2000)}'`),
    encodeQuery('select 2'),
  ])
  const whole = sentFor(stream, stream.length)
  for (const size of [1, 2, 3, 5, 7, 11, 64, 4096, 20_011]) assert.equal(sentFor(stream, size), whole, `${size}`)
})

function sentFor(stream: Buffer, size: number): string {
  const script = new GateScript()
  for (let at = 0; at < stream.length; at += size) script.gate.fromClient(stream.subarray(at, at + size))
  return script.sentToServer().replaceAll(/request [0-9a-f-]+/g, 'request')
}
