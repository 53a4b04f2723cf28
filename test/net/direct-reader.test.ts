import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DirectReader } from '../../src/net/direct-reader.ts'

/** A socket read by a DirectReader, and who writes to it. */
async function read(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reader = new DirectReader()
  const { port } = server.address() as { port: number }
  const near = connect({ port, host: '127.0.0.1', onread: reader.options })
  reader.attach(near)
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  after(() => {
    near.destroy()
    far.destroy()
  })
  return { near, far }
}

/** Bytes that say where they stand. */
function pattern(bytes: number): Buffer {
  const whole = Buffer.alloc(bytes)
  for (let at = 0; at + 4 <= bytes; at += 4) whole.writeUInt32BE(at, at)
  return whole
}

test('chunks are the listener’s to keep, small and large ones, until it gives their memory back', async () => {
  const { near, far } = await read()
  const sent = pattern(8 * 1024 * 1024)
  const kept: Buffer[] = []
  const memories = new Set<ArrayBufferLike>()
  near.on('data', (chunk: Buffer) => {
    memories.add(chunk.buffer)
    if (kept.length % 3 === 0) kept.push(chunk)
    else {
      kept.push(Buffer.from(chunk))
      const { buffer } = chunk
      if (chunk.length > 8 * 1024) process.nextTick(() => DirectReader.giveBack(buffer))
    }
  })
  far.write(sent.subarray(0, 100))
  far.end(sent.subarray(100))
  await once(near, 'end')
  assert.ok(Buffer.concat(kept).equals(sent))
})

test('a socket that nobody takes bytes from is not read without end', async () => {
  const { near, far } = await read()
  near.once('data', () => near.pause())
  far.write(pattern(64 * 1024 * 1024))
  for (let turn = 0; turn < 20; turn++) await sleep(5)
  assert.ok(near.bytesRead < 4 * 1024 * 1024, `${near.bytesRead} bytes were read`)
})

test('a bulk transfer whose pieces are of all sizes is read into the same memory again and again', async () => {
  const { near, far } = await read()
  const memories = new Set<ArrayBufferLike>()
  let received = 0
  near.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received <= 2 * 1024 * 1024 || chunk.length <= 8 * 1024) return
    memories.add(chunk.buffer)
    const { buffer } = chunk
    process.nextTick(() => DirectReader.giveBack(buffer))
  })
  far.write(pattern(2 * 1024 * 1024))
  let sent = 2 * 1024 * 1024
  for (let piece = 0; piece < 60; piece++) {
    const bytes = [10, 300, 20, 70, 9][piece % 5] as number
    far.write(pattern(bytes * 1024))
    sent += bytes * 1024
    for (let turn = 0; received < sent && turn < 2_000; turn++) await sleep(1)
  }
  assert.equal(received, sent)
  assert.ok(memories.size <= 4, `${memories.size} buffers were made`)
})
