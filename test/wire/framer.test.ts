import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgoauthError } from '../../src/base/errors.ts'
import {
  encodeBind,
  encodeCopyData,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { Framer, type FrameSink } from '../../src/wire/framer.ts'
import { MAX_MESSAGE_BYTES } from '../../src/wire/limits.ts'
import { Random, testSeed } from '../support/random.ts'

/** Holds all but CopyData, and keeps what it is given: held messages, and the streamed bytes between them. */
class RecordingSink implements FrameSink {
  readonly events: (string | Buffer)[] = []

  holds(tag: number): boolean {
    return tag !== 0x64
  }

  onMessage(tag: number, message: Buffer): void {
    this.events.push(`${String.fromCharCode(tag)}:${message.toString('hex')}`)
  }

  onBytes(bytes: Buffer): void {
    const last = this.events.at(-1)
    if (Buffer.isBuffer(last)) this.events[this.events.length - 1] = Buffer.concat([last, bytes])
    else this.events.push(Buffer.from(bytes))
  }
}

const STREAM = Buffer.concat([
  encodeQuery('select 1'),
  encodeCopyData(Buffer.from('first')),
  encodeCopyData(Buffer.alloc(0)),
  encodeParse('s', 'select $1', [23]),
  encodeSync(),
  encodeCopyData(Buffer.from('second')),
])

function eventsOf(chunks: readonly Buffer[]): (string | Buffer)[] {
  const framer = new Framer({ maxHeldBytes: 1000 })
  const sink = new RecordingSink()
  for (const chunk of chunks) {
    // A copy that is wiped afterwards: what the framer keeps must be its own.
    const lent = Buffer.from(chunk)
    framer.push(lent, sink)
    lent.fill(0xee)
  }
  assert.ok(framer.atBoundary)
  return sink.events
}

const EXPECTED = eventsOf([STREAM])

test('a chunk of several messages gives each held one whole and the streamed ones as one run of bytes', () => {
  assert.deepEqual(EXPECTED, [
    `Q:${encodeQuery('select 1').toString('hex')}`,
    Buffer.concat([encodeCopyData(Buffer.from('first')), encodeCopyData(Buffer.alloc(0))]),
    `P:${encodeParse('s', 'select $1', [23]).toString('hex')}`,
    `S:${encodeSync().toString('hex')}`,
    encodeCopyData(Buffer.from('second')),
  ])
})

test('every split of the stream at two places gives the same', () => {
  for (let first = 0; first <= STREAM.length; first++) {
    for (let second = first; second <= STREAM.length; second++) {
      const chunks = [STREAM.subarray(0, first), STREAM.subarray(first, second), STREAM.subarray(second)]
      assert.deepEqual(eventsOf(chunks), EXPECTED, `cut at ${first} and ${second}`)
    }
  }
})

test('byte by byte gives the same', () => {
  assert.deepEqual(eventsOf(Array.from(STREAM, (byte) => Buffer.from([byte]))), EXPECTED)
})

test('random messages in random pieces come out as they went in', () => {
  const seed = testSeed()
  const random = new Random(seed)
  for (let round = 0; round < 200; round++) {
    const messages = Array.from({ length: 1 + random.below(8) }, () =>
      random.pick([
        () => encodeQuery('x'.repeat(random.below(300))),
        () => encodeBind('p', 's', ['v'.repeat(random.below(40)), null]),
        () => encodeExecute('', random.below(5)),
        () => encodeCopyData(random.bytes(random.below(500))),
      ])(),
    )
    const stream = Buffer.concat(messages)
    const pieces: Buffer[] = []
    for (let at = 0; at < stream.length; ) {
      const size = 1 + random.below(60)
      pieces.push(stream.subarray(at, at + size))
      at += size
    }
    assert.deepEqual(eventsOf(pieces), eventsOf([stream]), `seed ${seed} round ${round}`)
  }
})

test('random bytes are a protocol violation or not whole, never another error', () => {
  const seed = testSeed()
  const random = new Random(seed)
  for (let round = 0; round < 2000; round++) {
    const framer = new Framer({ maxHeldBytes: 1000 })
    try {
      for (let piece = 0; piece < 4; piece++) framer.push(random.bytes(random.below(40)), new RecordingSink())
    } catch (error) {
      assert.ok(error instanceof PgoauthError && error.code === 'BAD_FRAME', `seed ${seed} round ${round}: ${error}`)
    }
  }
})

for (const length of [3, 0, -1, -2147483648, MAX_MESSAGE_BYTES + 1, 2147483647]) {
  test(`a length of ${length} is a protocol violation, in one chunk and byte by byte`, () => {
    const bytes = Buffer.alloc(5)
    bytes.write('d')
    bytes.writeInt32BE(length, 1)
    assert.throws(() => eventsOf([bytes]), { code: 'BAD_FRAME' })
    assert.throws(() => eventsOf(Array.from(bytes, (byte) => Buffer.from([byte]))), { code: 'BAD_FRAME' })
  })
}

test('a held message over the limit is refused on its header, before any of its body came', () => {
  const header = encodeQuery('x'.repeat(1001)).subarray(0, 5)
  assert.throws(() => new Framer({ maxHeldBytes: 1000 }).push(header, new RecordingSink()), { code: 'BAD_FRAME' })
})

test('a streamed message may be longer than the limit of held ones', () => {
  const long = encodeCopyData(Buffer.alloc(5000))
  assert.deepEqual(eventsOf([long]), [long])
})

test('a header that promises much and brings nothing takes no memory', () => {
  const header = Buffer.from('5100ffffff', 'hex')
  const before = process.memoryUsage().arrayBuffers
  const framers = Array.from({ length: 1000 }, () => {
    const framer = new Framer({ maxHeldBytes: 64 << 20 })
    framer.push(header, new RecordingSink())
    return framer
  })
  assert.equal(framers.filter((framer) => framer.atBoundary).length, 0)
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 << 20)
})

test('a stalled framer delivers nothing until it proceeds, and then all in order', () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    const framer = new Framer({ maxHeldBytes: 1000 })
    const sink = new RecordingSink()
    const stalling: FrameSink = {
      holds: (tag) => sink.holds(tag),
      onBytes: (bytes) => sink.onBytes(bytes),
      onMessage(tag, message) {
        sink.onMessage(tag, message)
        framer.stall()
      },
    }
    framer.push(STREAM.subarray(0, cut), stalling)
    framer.push(STREAM.subarray(cut), stalling)
    assert.ok(sink.events.length <= 1)
    for (let left = 10; left > 0 && !framer.atBoundary; left--) framer.proceed(stalling)
    assert.deepEqual(sink.events, EXPECTED, `cut at ${cut}`)
  }
})
