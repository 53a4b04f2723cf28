import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { type RelayResult, relay } from '../../src/net/relay.ts'
import { eventually } from '../support/tunnel.ts'

/** Two connected sockets. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1', allowHalfOpen: true })
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  after(() => {
    near.destroy()
    far.destroy()
  })
  for (const socket of [near, far]) socket.on('error', () => {})
  return [near, far]
}

/** client ↔ (relay) ↔ server */
async function relayed(): Promise<{ client: Socket; server: Socket; result: Promise<RelayResult> }> {
  const [client, local] = await pair()
  const [remote, server] = await pair()
  const result = relay(local, remote, { fromLocal: {}, fromRemote: {}, clock: systemClock })
  return { client, server, result }
}

const CHUNK = 256 * 1024

/** Pseudo-random bytes without end, that cost nothing to make; the hash of what was sent. */
async function sendAll(to: Socket, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  const block = createHash('sha512').update('seed').digest()
  const chunk = Buffer.alloc(CHUNK)
  for (let at = 0; at < CHUNK; at += block.length) block.copy(chunk, at)
  for (let sent = 0, nth = 0; sent < bytes; sent += CHUNK, nth++) {
    const piece = Buffer.from(chunk.subarray(0, Math.min(CHUNK, bytes - sent)))
    piece.writeUInt32BE(nth, 0)
    hash.update(piece)
    if (!to.write(piece)) await once(to, 'drain')
  }
  to.end()
  return hash.digest('hex')
}

/** The hash of what comes until the end. Not `for await`, which would close the other direction too. */
async function receiveAll(from: Socket): Promise<string> {
  const hash = createHash('sha256')
  from.on('data', (chunk: Buffer) => hash.update(chunk))
  await once(from, 'end')
  return hash.digest('hex')
}

async function textOf(from: Socket): Promise<string> {
  let heard = ''
  from.on('data', (chunk: Buffer) => {
    heard += chunk
  })
  await once(from, 'end')
  return heard
}

const MEGABYTES = Number(process.env.PGOAUTH_TEST_RELAY_MB ?? 128)

test(`${MEGABYTES} MB each way at the same time arrive complete and in order`, async () => {
  const { client, server, result } = await relayed()
  const bytes = MEGABYTES * 1024 * 1024
  const [up, down, arrivedUp, arrivedDown] = await Promise.all([
    sendAll(client, bytes),
    sendAll(server, bytes),
    receiveAll(server),
    receiveAll(client),
  ])
  assert.equal(arrivedUp, up)
  assert.equal(arrivedDown, down)
  const { bytesFromLocal, bytesFromRemote, error } = await result
  assert.deepEqual([bytesFromLocal, bytesFromRemote, error], [bytes, bytes, undefined])
})

test('a reader that stops stops the sender, with bounded memory', async () => {
  const { client, server } = await relayed()
  client.pause()
  let sent = 0
  const chunk = Buffer.alloc(CHUNK)
  const before = process.memoryUsage().arrayBuffers
  let full = false
  while (!full) {
    sent += CHUNK
    full = !server.write(chunk) && !(await Promise.race([once(server, 'drain').then(() => true), wait(300)]))
    assert.ok(sent < 64 * 1024 * 1024, 'the sender is never stopped')
  }
  const held = process.memoryUsage().arrayBuffers - before
  assert.ok(held < 8 * 1024 * 1024, `${held} bytes held`)
  let received = 0
  client.on('data', (data: Buffer) => {
    received += data.length
  })
  client.resume()
  await eventually(() => received === sent, 'all of it')
})

function wait(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms))
}

test('the end of one direction is passed on alone', async () => {
  const { client, server, result } = await relayed()
  client.end('last question')
  assert.equal(await textOf(server), 'last question')
  server.end('long answer')
  assert.equal(await textOf(client), 'long answer')
  assert.equal((await result).endedBy, 'local')
})

test('a reset by the client ends the server’s connection', async () => {
  const { client, server, result } = await relayed()
  server.resume()
  client.resetAndDestroy()
  await once(server, 'end')
  const { endedBy, error } = await result
  assert.equal(endedBy, 'local')
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET')
})

test('a reset by the server ends the client’s connection, after what had arrived', async () => {
  const { client, server, result } = await relayed()
  server.write('the last words')
  let heard = ''
  client.on('data', (chunk: Buffer) => {
    heard += chunk
  })
  await eventually(() => heard !== '')
  server.resetAndDestroy()
  await once(client, 'end')
  client.destroy()
  assert.equal(heard, 'the last words')
  assert.equal((await result).endedBy, 'remote')
})

test('what a client sends right before it resets still reaches the server', async () => {
  const { client, server, result } = await relayed()
  let heard = ''
  server.on('data', (chunk: Buffer) => {
    heard += chunk
  })
  client.write('commit')
  await eventually(() => heard === 'commit')
  client.resetAndDestroy()
  await result
  assert.equal(heard, 'commit')
})

test('a client that goes away while the server sends does not keep the server waiting', async () => {
  const { client, server, result } = await relayed()
  client.pause()
  for (let round = 0; round < 64; round++) server.write(Buffer.alloc(CHUNK))
  client.destroy()
  await new Promise((resolve) => server.once('close', resolve))
  assert.equal((await result).endedBy, 'local')
})
