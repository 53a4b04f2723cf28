import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeCancelRequest,
  encodeGssencRequest,
  encodeSslRequest,
  encodeStartupMessage,
} from '../../src/wire/startup.ts'
import { Random, testSeed } from '../support/random.ts'
import { type RemoteTalk, startScriptedRemote } from '../support/scripted-remote.ts'
import { eventually, startTunnel, testProfile, tokensInTurn } from '../support/tunnel.ts'

const ROUNDS = 300

const PIECES = [
  encodeSslRequest(),
  encodeGssencRequest(),
  encodeCancelRequest(1, Buffer.from([1, 2, 3, 4])),
  encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'ada']]),
  encodeStartupMessage({ major: 3, minor: 9 }, [
    ['user', 'ada'],
    ['_pq_.x', 'y'],
  ]),
  Buffer.from('GET / HTTP/1.0\r\n\r\n'),
  Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]),
]

test('whatever a client sends first, in whatever pieces, the next one is served', async (context) => {
  const seed = testSeed()
  context.diagnostic(`seed ${seed}`)
  const random = new Random(seed)
  const remote = await startScriptedRemote(async (talk: RemoteTalk) => {
    await talk.askForToken()
    talk.letIn()
    while (await talk.receive().catch(() => undefined));
    talk.stream.destroy()
  })
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), { openingTimeoutMs: 300 })
  for (let round = 0; round < ROUNDS; round++) {
    const client = await tunnel.client()
    const bytes = Buffer.concat(
      Array.from({ length: 1 + random.below(3) }, () => {
        const piece = Buffer.from(random.pick(PIECES))
        if (random.below(3) === 0) piece[random.below(piece.length)] = random.below(256)
        return piece
      }),
    )
    const cut = random.below(bytes.length)
    client.send(bytes.subarray(0, cut))
    if (random.below(2) === 0) await new Promise((resolve) => setImmediate(resolve))
    client.send(bytes.subarray(cut))
    if (random.below(2) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(5)))
    client.socket.destroy()
  }
  const client = await tunnel.client()
  client.startup()
  assert.equal(await client.tags(), 'RSSKZ')
  client.socket.destroy()
  await eventually(() => tunnel.tunnel.connections === 0 && remote.open.size === 0, 'the end of all connections')
})

test('whatever a remote side sends in place of a handshake, the next client is served', async (context) => {
  const seed = testSeed()
  context.diagnostic(`seed ${seed}`)
  const random = new Random(seed)
  let fair = false
  const remote = await startScriptedRemote(async (talk) => {
    if (fair) {
      await talk.askForToken()
      return talk.letIn()
    }
    const bytes = Buffer.alloc(1 + random.below(40))
    for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256)
    if (random.below(2) === 0) bytes[0] = random.pick([0x52, 0x45, 0x76, 0x4b, 0x5a, 0x53, 0x4e])
    if (random.below(2) === 0)
      bytes.writeUInt32BE(Math.max(0, bytes.length - 1), Math.min(1, Math.max(0, bytes.length - 4)))
    talk.send(bytes)
    setTimeout(() => talk.stream.destroy(), 5)
  })
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'))
  for (let round = 0; round < ROUNDS / 3; round++) {
    const client = await tunnel.client()
    client.startup()
    await client.rest()
    client.socket.destroy()
  }
  fair = true
  const client = await tunnel.client()
  client.startup()
  assert.equal(await client.tags(), 'RSSKZ')
})
