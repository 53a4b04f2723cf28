import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { encodeQuery } from '../../src/wire/client-messages.ts'
import { encodeReadyForQuery } from '../../src/wire/server-messages.ts'
import { encodeCancelRequest, encodeStartupMessage } from '../../src/wire/startup.ts'
import { type RemoteTalk, startScriptedRemote } from '../support/scripted-remote.ts'
import { eventually, startTunnel, testProfile, tokensInTurn } from '../support/tunnel.ts'

const KEY = { processId: 77, secretKey: Buffer.from('00112233', 'hex') }

async function letIn(talk: RemoteTalk): Promise<void> {
  await talk.askForToken()
  talk.letIn(KEY)
  await talk.receive()
  talk.stream.end()
}

test('a cancel request with the key of a running session reaches the remote side', async () => {
  const remote = await startScriptedRemote(letIn)
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  const cancel = await tunnel.client()
  cancel.send(encodeCancelRequest(KEY.processId, KEY.secretKey))
  assert.equal((await cancel.rest()).length, 0)
  assert.deepEqual(remote.cancels, [{ kind: 'cancel', ...KEY }])
  assert.deepEqual(tunnel.cancels, ['cancel request delivered'])
})

test('a long cancel key of protocol 3.2 is passed on whole', async () => {
  const key = { processId: 78, secretKey: Buffer.alloc(256, 9) }
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    talk.letIn(key)
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup({ user: 'ada' }, 2)
  await client.tags()
  const cancel = await tunnel.client()
  cancel.send(encodeCancelRequest(key.processId, key.secretKey))
  await cancel.rest()
  assert.deepEqual(remote.cancels, [{ kind: 'cancel', ...key }])
})

for (const [name, processId, secretKey] of [
  ['another secret', 77, Buffer.from('00112234', 'hex')],
  ['another process', 76, KEY.secretKey],
  ['a longer secret', 77, Buffer.from('0011223300', 'hex')],
] as const) {
  test(`a cancel request with ${name} goes nowhere`, async () => {
    const remote = await startScriptedRemote(letIn)
    const tunnel = await startTunnel(testProfile(remote.port))
    const client = await tunnel.client()
    client.startup()
    await client.tags()
    const cancel = await tunnel.client()
    cancel.send(encodeCancelRequest(processId, secretKey))
    await cancel.rest()
    assert.deepEqual(remote.cancels, [])
  })
}

test('a cancel request for a session that has ended goes nowhere', async () => {
  const remote = await startScriptedRemote(letIn)
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  client.socket.destroy()
  await eventually(() => tunnel.tunnel.connections === 0)
  const cancel = await tunnel.client()
  cancel.send(encodeCancelRequest(KEY.processId, KEY.secretKey))
  await cancel.rest()
  assert.deepEqual(remote.cancels, [])
})

test('two sessions with one key, of a remote side that gives bad ones, do not free each other’s', async () => {
  const remote = await startScriptedRemote(letIn)
  const tunnel = await startTunnel(testProfile(remote.port))
  const [first, second] = [await tunnel.client(), await tunnel.client()]
  for (const client of [first, second]) {
    client.startup()
    await client.tags()
  }
  first.socket.destroy()
  await eventually(() => tunnel.tunnel.connections === 1)
  assert.equal(tunnel.tunnel.cancelKeys.size, 1)
})

test('an idle client is told why when the remote side is lost', async () => {
  let talk: RemoteTalk | undefined
  const remote = await startScriptedRemote(async (one) => {
    talk = one
    await one.askForToken()
    one.letIn()
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  for (const socket of remote.open) socket.resetAndDestroy()
  const error = await client.error()
  assert.equal(error.get('C'), '08006')
  assert.match(error.get('M') ?? '', new RegExp(`the connection to 127.0.0.1:${remote.port} was lost: .*reset`))
  assert.ok(talk)
})

test('a client in the middle of a reply is told nothing that could be taken for data', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    talk.letIn()
    await talk.receive()
    talk.send(Buffer.from('D\0\0\xff\xff\0\x01', 'latin1'))
    setTimeout(() => talk.stream.destroy(), 50)
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  client.send(encodeQuery('select 1'))
  assert.equal((await client.rest()).toString('latin1'), 'D\0\0\xff\xff\0\x01')
})

test('a client that waits for a reply is told nothing that could be taken for one', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    talk.letIn()
    await talk.receive()
    talk.stream.destroy()
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  client.send(encodeQuery('select 1'))
  assert.equal((await client.rest()).length, 0)
})

test('the end of the tunnel is told to a client that is idle', async () => {
  const remote = await startScriptedRemote(letIn)
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.startup()
  await client.tags()
  await tunnel.close()
  const error = await client.error()
  assert.equal(error.get('C'), '57P01')
  await eventually(() => tunnel.closed.length === 1)
  assert.equal(tunnel.closed[0]?.endedBy, 'tunnel')
})

test('each connection is told of once when it opens and once when it closes', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    talk.letIn()
    await talk.receive()
    talk.send(encodeReadyForQuery('I'))
    await talk.receive()
    talk.stream.end()
  })
  const tunnel = await startTunnel(testProfile(remote.port, { user: 'analyst', database: 'app' }))
  const client = await tunnel.client()
  client.startup({ user: 'ada', application_name: 'psql' })
  await client.tags()
  client.send(encodeQuery('select 1'))
  await client.tags()
  client.socket.end()
  await eventually(() => tunnel.closed.length === 1)
  const [opened] = tunnel.opened
  const [closed] = tunnel.closed
  assert.equal(tunnel.opened.length, 1)
  assert.match(opened?.peer ?? '', /^127\.0\.0\.1:\d+$/)
  assert.deepEqual(
    [opened?.profile, opened?.remote, opened?.user, opened?.database, opened?.application],
    ['prod', `127.0.0.1:${remote.port}`, 'analyst', 'app', 'psql'],
  )
  assert.deepEqual(
    [closed?.bytesFromClient, closed?.bytesFromRemote, closed?.endedBy, closed?.why],
    [encodeQuery('select 1').length, 6, 'client', 'ended in order'],
  )
})

test('ten thousand short connections leave no socket, timer or memory behind', async () => {
  const rounds = Number(process.env.PGOAUTH_TEST_CHURN ?? 1000)
  const remote = await startScriptedRemote(letIn)
  const tunnel = await startTunnel(testProfile(remote.port))
  const one = async () => {
    const client = await tunnel.client()
    client.startup()
    await client.tags()
    client.send(Buffer.from('X\0\0\0\x04', 'latin1'))
    await client.rest()
    client.socket.destroy()
  }
  const batch = async (count: number) => {
    for (let done = 0; done < count; done += 10) await Promise.all(Array.from({ length: 10 }, one))
    await eventually(() => tunnel.tunnel.connections === 0 && remote.open.size === 0)
  }
  await batch(200)
  const before = resources()
  await batch(rounds)
  await eventually(() => resources().handles <= before.handles, 'the release of all handles')
  assert.equal(tunnel.tunnel.cancelKeys.size, 0)
})

function resources(): { handles: number } {
  return { handles: process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).length }
}

test('connections at once do not disturb each other', async () => {
  const count = Number(process.env.PGOAUTH_TEST_CONNECTIONS ?? 200)
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    talk.letIn()
    const message = await talk.receive()
    if (message) talk.send(message.bytes)
  })
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'))
  const clients = await Promise.all(Array.from({ length: count }, () => tunnel.client()))
  for (const client of clients) client.startup()
  await Promise.all(clients.map((client) => client.tags()))
  assert.equal(tunnel.tunnel.connections, count)
  clients.forEach((client, index) => void client.send(encodeQuery(`select ${index}`)))
  const echoes = await Promise.all(clients.map((client) => client.receive()))
  echoes.forEach((echo, index) => void assert.equal(echo?.body.toString(), `select ${index}\0`))
  for (const client of clients) client.socket.destroy()
})

test('a startup message and a query in one packet are both served', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    await talk.askForToken()
    talk.letIn()
    const message = await talk.receive()
    if (message) talk.send(message.bytes)
  })
  const tunnel = await startTunnel(testProfile(remote.port))
  const socket = connect({ port: tunnel.port, host: '127.0.0.1' })
  const startup = encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'ada']])
  socket.write(Buffer.concat([startup, encodeQuery('select 1')]))
  let heard = ''
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1')
  })
  await eventually(() => heard.endsWith(encodeQuery('select 1').toString('latin1')))
  socket.destroy()
})
