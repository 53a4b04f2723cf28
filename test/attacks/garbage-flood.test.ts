import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { encodeSslRequest, encodeStartupMessage } from '../../src/wire/startup.ts'
import { startDoor } from '../support/door.ts'
import { Random, testSeed } from '../support/random.ts'
import { eventually } from '../support/tunnel.ts'

// Connections that send garbage or nothing leave a healthy session unharmed, and memory bounded.
const CONNECTIONS = Number(process.env.PGOAUTH_FLOOD ?? 5_000)
const AT_ONCE = 250
const door = await startDoor({
  proxyYaml: (text) =>
    `${text}limits: { handshake_rate: 100000, handshake: 5s, handshakes: 400, clients_per_address: 100000 }\n`,
})

test(`${CONNECTIONS} connections of garbage or silence`, { timeout: 120_000 }, async (context) => {
  const seed = testSeed()
  const random = new Random(seed)
  const healthy = await door.session()
  global.gc?.()
  const before = process.memoryUsage().rss
  let peak = before
  let slowest = 0
  for (let opened = 0; opened < CONNECTIONS; opened += AT_ONCE) {
    const sockets = await Promise.all(Array.from({ length: AT_ONCE }, () => open(door.port)))
    for (const socket of sockets) socket.write(garbage(random))
    const startedAt = performance.now()
    assert.deepEqual((await healthy.query('select 42')).rows, [['42']], `seed ${seed}`)
    slowest = Math.max(slowest, performance.now() - startedAt)
    peak = Math.max(peak, process.memoryUsage().rss)
    for (const socket of sockets) if (random.below(10) > 0) socket.destroy()
  }
  context.diagnostic(`slowest statement ${slowest.toFixed(0)} ms; memory ${mb(before)} → at most ${mb(peak)} MB`)
  assert.ok(peak - before < 300 * 1024 * 1024, `${mb(before)} → ${mb(peak)} MB`)
  assert.equal(await door.outcome(), 'ok')
  // Those that stayed silent are ended by the handshake deadline, and give their places back.
  await eventually(() => door.proxy.limits.handshakes === 0 && door.proxy.limits.clients === 1, 'the last place back')
  healthy.close()
})

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket))
    socket.once('error', reject)
    socket.on('error', () => {})
    socket.resume()
  })
}

function garbage(random: Random): Buffer {
  switch (random.below(7)) {
    case 0:
      return Buffer.alloc(0)
    case 1:
      return random.bytes(1 + random.below(2_000))
    case 2:
      return encodeSslRequest()
    case 3:
      return Buffer.concat([encodeSslRequest(), random.bytes(50)])
    case 4:
      return Buffer.concat([Buffer.from([0x16, 3, 1]), random.bytes(500)])
    case 5:
      return Buffer.from([0, 0, 0x27, 0x10, 0, 3, 0, 0])
    default:
      return encodeStartupMessage({ major: 3, minor: random.below(4) }, [['user', 'x'.repeat(random.below(3_000))]])
  }
}

function mb(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0)
}
