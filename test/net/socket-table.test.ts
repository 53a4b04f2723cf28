import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { socketOwner, type TcpEnds } from '../../src/net/socket-table.ts'

const LINUX = process.platform === 'linux' ? false : 'only Linux has a socket table in /proc'

async function listen(host: string): Promise<{ port: number; accepted: Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, host)
  await once(server, 'listening')
  after(() => server.close())
  return {
    port: (server.address() as { port: number }).port,
    accepted: once(server, 'connection').then(([socket]) => socket),
  }
}

function endsOf(socket: Socket): TcpEnds {
  const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket
  return { remoteAddress, remotePort, localAddress, localPort }
}

for (const [name, bind, target] of [
  ['IPv4', '127.0.0.1', '127.0.0.1'],
  ['IPv6', '::1', '::1'],
  ['IPv4 to a listener of both', '::', '127.0.0.1'],
  ['an IPv4 address through an IPv6 socket', '127.0.0.1', '::ffff:127.0.0.1'],
] as const) {
  test(`the owner of a connection is found: ${name}`, { skip: LINUX }, async () => {
    const { port, accepted } = await listen(bind)
    const client = connect(port, target)
    const socket = await accepted
    assert.equal(await socketOwner(endsOf(socket)), process.getuid?.())
    client.destroy()
    socket.destroy()
  })
}

const SECOND_UID = 65_533
const NOT_ROOT = process.getuid?.() === 0 ? LINUX : 'UNPROVEN: a second uid needs root'

for (const host of ['127.0.0.1', '::1']) {
  test(`a process of another uid is told apart, over ${host}`, { skip: NOT_ROOT }, async () => {
    const { port, accepted } = await listen(host)
    const child = spawn('/bin/bash', ['-c', `exec 3<>/dev/tcp/${host}/${port}; read -r line <&3`], {
      uid: SECOND_UID,
      gid: SECOND_UID,
      stdio: 'ignore',
    })
    after(() => child.kill('SIGKILL'))
    const socket = await accepted
    assert.equal(await socketOwner(endsOf(socket)), SECOND_UID)
    socket.destroy()
  })
}

test('owners asked for at once are all found', { skip: LINUX }, async () => {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  const owners: Promise<number | undefined>[] = []
  const sockets: Socket[] = []
  server.on('connection', (socket) => {
    sockets.push(socket)
    owners.push(socketOwner(endsOf(socket)))
  })
  const { port } = server.address() as { port: number }
  for (let nth = 0; nth < 100; nth++) sockets.push(connect(port, '127.0.0.1'))
  while (owners.length < 100) await new Promise((resolve) => setImmediate(resolve))
  const uid = process.getuid?.()
  assert.deepEqual(await Promise.all(owners), Array(100).fill(uid))
  for (const socket of sockets) socket.destroy()
})

test('a connection whose far end is closed already is nobody’s, not root’s', { skip: LINUX }, async () => {
  const { port, accepted } = await listen('127.0.0.1')
  const client = connect(port, '127.0.0.1')
  const socket = await accepted
  const ends = endsOf(socket)
  client.destroy()
  await once(client, 'close')
  assert.equal(await socketOwner(ends), undefined)
  socket.destroy()
})

test('ends that no connection has are nobody’s', { skip: LINUX }, async () => {
  const nowhere = { remoteAddress: '127.0.0.1', remotePort: 1, localAddress: '127.0.0.1', localPort: 2 }
  assert.equal(await socketOwner(nowhere), undefined)
})
