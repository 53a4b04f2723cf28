import assert from 'node:assert/strict'
import { test } from 'node:test'
import { giveBack } from '../../src/net/spent-memory.ts'
import { eventually } from '../support/tunnel.ts'

test('a chunk that has its memory to itself is empty once it is given back', () => {
  const chunk = Buffer.from(new ArrayBuffer(64 * 1024))
  giveBack(chunk)
  assert.equal(chunk.length, 0)
})

test('a chunk that shares its memory is left as it is', () => {
  const memory = new ArrayBuffer(64 * 1024)
  const neighbour = Buffer.from(memory, 0, 100).fill('n')
  giveBack(Buffer.from(memory, 100))
  assert.equal(neighbour.toString(), 'n'.repeat(100))
})

test('a short chunk is left to the garbage collector', () => {
  const chunk = Buffer.from(new ArrayBuffer(8 * 1024))
  giveBack(chunk)
  assert.equal(chunk.length, 8 * 1024)
})

test('what is given back is gone at once', async () => {
  // All but the first few: the port to nowhere takes some turns to close.
  await eventually(() => keptOf(64) === 0, 'nothing kept')
  assert.equal(keptOf(1000), 0)
})

/** How much of so many megabytes is still there once they were given back, in bytes. */
function keptOf(megabytes: number): number {
  const before = process.memoryUsage().arrayBuffers
  for (let nth = 0; nth < megabytes; nth++) giveBack(Buffer.from(new ArrayBuffer(1024 * 1024)))
  return Math.max(0, process.memoryUsage().arrayBuffers - before)
}
