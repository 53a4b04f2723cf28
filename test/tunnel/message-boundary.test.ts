import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageBoundary } from '../../src/tunnel/message-boundary.ts'
import { encodeCopyData, encodeParse, encodeQuery, encodeSync } from '../../src/wire/client-messages.ts'

const MESSAGES = [
  encodeQuery('select 1'),
  encodeSync(),
  encodeParse('s', 'select $1', [23]),
  encodeCopyData(Buffer.alloc(300)),
]
const STREAM = Buffer.concat(MESSAGES)
const ENDS = MESSAGES.map((_, index) => Buffer.concat(MESSAGES.slice(0, index + 1)).length)

test('every two-cut split finds the same boundaries', () => {
  for (let first = 0; first <= STREAM.length; first++) {
    for (let second = first; second <= STREAM.length; second += 7) {
      const boundary = new MessageBoundary()
      let at = 0
      for (const end of [first, second, STREAM.length]) {
        const found = boundary.advance(STREAM.subarray(at, end))
        const expected = ENDS.find((one) => one > at && one <= end)
        assert.equal(found, expected === undefined ? -1 : expected - at, `${first} ${second} ${at}`)
        assert.equal(boundary.here, end === 0 || ENDS.includes(end))
        at = end
      }
    }
  }
})

test('byte by byte', () => {
  const boundary = new MessageBoundary()
  const found: number[] = []
  for (let at = 0; at < STREAM.length; at++) if (boundary.advance(STREAM.subarray(at, at + 1)) === 1) found.push(at + 1)
  assert.deepEqual(found, ENDS)
})

test('after a length that cannot be there is never a boundary again', () => {
  const boundary = new MessageBoundary()
  assert.equal(boundary.advance(Buffer.from([0x51, 0, 0, 0, 3])), -1)
  assert.equal(boundary.advance(encodeSync()), -1)
  assert.equal(boundary.here, false)
})
