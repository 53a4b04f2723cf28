import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { dial } from '../../src/net/dial.ts'
import { openListener } from '../../src/net/listener.ts'
import { type RelayResult, relay } from '../../src/net/relay.ts'
import { Random } from '../support/random.ts'
import { eventually } from '../support/tunnel.ts'

const far = createServer({ allowHalfOpen: true, noDelay: true })
far.listen(0, '127.0.0.1')
await once(far, 'listening')
const farPort = (far.address() as { port: number }).port
let onAccepted: (socket: Socket) => void = () => {}
const listener = await openListener({ kind: 'tcp', address: '127.0.0.1', port: 0 }, (socket) => onAccepted(socket))
const nearPort = (listener.address as { port: number }).port
const sockets: Socket[] = []
after(async () => {
  for (const socket of sockets) socket.destroy()
  far.close()
  await listener.close()
})

/** client ↔ (relay) ↔ server, over sockets made as the tunnel makes them. */
async function relayed(): Promise<{ client: Socket; server: Socket; result: Promise<RelayResult> }> {
  const accepted = new Promise<Socket>((resolve) => {
    onAccepted = resolve
  })
  const client = connect({ port: nearPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const dialled = dial({ host: '127.0.0.1', port: farPort, timeoutMs: 10_000, direct: true })
  const [local, [server], remote] = await Promise.all([accepted, once(far, 'connection'), dialled])
  for (const socket of [client, server]) socket.on('error', () => {})
  sockets.push(client, local, server, remote)
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

test('readers that stop and go get every byte, whatever the sizes of the pieces', async () => {
  const { client, server, result } = await relayed()
  const random = new Random(4)
  const bytes = 24 * 1024 * 1024
  const [up, down, arrivedUp, arrivedDown] = await Promise.all([
    sendPieces(client, bytes, random),
    sendPieces(server, bytes, random),
    receiveHaltingly(server, random),
    receiveHaltingly(client, random),
  ])
  assert.equal(arrivedUp, up)
  assert.equal(arrivedDown, down)
  await result
})

/** From single bytes to half a megabyte, none like another. */
async function sendPieces(to: Socket, bytes: number, random: Random): Promise<string> {
  const hash = createHash('sha256')
  const source = random.bytes(1024 * 1024)
  for (let sent = 0; sent < bytes; ) {
    const size = Math.min(1 + random.below(random.pick([50, 5000, 100_000, 512 * 1024])), bytes - sent)
    const from = random.below(source.length - size)
    const piece = Buffer.from(source.subarray(from, from + size))
    hash.update(piece)
    sent += size
    if (!to.write(piece)) await once(to, 'drain')
  }
  to.end()
  return hash.digest('hex')
}

async function receiveHaltingly(from: Socket, random: Random): Promise<string> {
  const hash = createHash('sha256')
  from.on('data', (chunk: Buffer) => {
    hash.update(chunk)
    if (random.below(8) > 0) return
    from.pause()
    setTimeout(() => from.resume(), random.below(3))
  })
  await once(from, 'end')
  return hash.digest('hex')
}

test('small pieces that pile up behind a stopped reader are not written over by those that follow', async () => {
  const { client, server } = await relayed()
  const [toClient, toServer] = [createHash('sha256'), createHash('sha256')]
  // More than the sockets of both sides hold by themselves.
  for (let nth = 0; nth < 6000; nth++) {
    const piece = Buffer.alloc(3000, nth % 251)
    toClient.update(piece)
    toServer.update(piece)
    server.write(Buffer.from(piece))
    client.write(Buffer.from(piece))
    await new Promise((resolve) => setImmediate(resolve))
  }
  client.end()
  server.end()
  assert.deepEqual(
    await Promise.all([receiveAll(client), receiveAll(server)]),
    [toClient, toServer].map((hash) => hash.digest('hex')),
  )
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
