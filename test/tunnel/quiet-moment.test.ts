import assert from 'node:assert/strict'
import test from 'node:test'
import { QuietMoment } from '../../src/tunnel/quiet-moment.ts'

const QUERY = Buffer.from('510000000d73656c656374203100', 'hex')
const READY = Buffer.from('5a0000000549', 'hex')
const TERMINATE = Buffer.from('5800000004', 'hex')

test('a session is quiet behind a ReadyForQuery, and not behind what the client sends', () => {
  const quiet = new QuietMoment()
  quiet.fromClient(QUERY)
  assert.equal(quiet.now, false)
  quiet.fromServer(READY)
  assert.equal(quiet.now, true)
})

test('a session stays quiet behind what a server sends on its own, but not behind a part of it', () => {
  const quiet = new QuietMoment()
  const notification = Buffer.from('410000000c000000017800ff00', 'hex')
  quiet.fromServer(READY)
  quiet.fromServer(Buffer.concat([notification, notification]))
  assert.equal(quiet.now, true)
  quiet.fromServer(notification.subarray(0, 7))
  assert.equal(quiet.now, false)
  quiet.fromServer(notification.subarray(7))
  assert.equal(quiet.now, false)
})

test('what a server sends on its own in the middle of a statement makes no quiet', () => {
  const quiet = new QuietMoment()
  quiet.fromClient(QUERY)
  quiet.fromServer(Buffer.from('4e0000000500', 'hex'))
  assert.equal(quiet.now, false)
})

test('a client that hung up before the ReadyForQuery of its last statement arrived is told nothing more', () => {
  const quiet = new QuietMoment()
  quiet.fromClient(Buffer.concat([QUERY, TERMINATE]))
  quiet.fromServer(READY)
  assert.equal(quiet.now, false)
})
