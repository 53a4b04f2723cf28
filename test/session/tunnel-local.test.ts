import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { Secret } from '../../src/base/secret.ts'
import { socketOwner } from '../../src/net/socket-table.ts'
import { sameUserAccess } from '../../src/tunnel/local-access.ts'
import { passwordAccess } from '../../src/tunnel/local-password.ts'
import { localTls } from '../../src/tunnel/local-tls.ts'
import { portOwner } from '../../src/tunnel/port-owner.ts'
import { encodeSslRequest, encodeStartupMessage } from '../../src/wire/startup.ts'
import { testCertificates } from '../support/certificates.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { programPath, skipWithout } from '../support/programs.ts'
import { type RemoteTalk, startScriptedRemote } from '../support/scripted-remote.ts'
import { ClientTalk, connectClient, eventually, startTunnel, testProfile, tokensInTurn } from '../support/tunnel.ts'

async function letIn(talk: RemoteTalk): Promise<void> {
  await talk.askForToken()
  talk.letIn()
}

/** Until the tunnel has given up. */
async function sayNothing(talk: RemoteTalk): Promise<void> {
  await talk.receive()
  talk.stream.destroy()
}

const remote = await startScriptedRemote(letIn)
const NOT_ROOT = process.getuid?.() === 0 ? false : 'UNPROVEN: a second uid needs root'
const PSQL = skipWithout('psql')

test('a client that speaks HTTP is told in HTTP what this port is', async () => {
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  client.send(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'))
  const answer = (await client.rest()).toString()
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\nServer: pgoauth\r\n/)
  assert.match(answer, /This port speaks the Postgres protocol, not HTTP/)
})

test('a client that says nothing is told so at the deadline, and another is served meanwhile', async () => {
  const clock = new FakeClock()
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), { clock })
  const silent = await tunnel.client()
  await eventually(() => tunnel.tunnel.connections === 1)
  await clock.advance(14_000)
  const other = await tunnel.client()
  other.startup()
  assert.equal(await other.tags(), 'RSSKZ')
  await clock.advance(1_500)
  const error = await silent.error()
  assert.equal(error.get('C'), '08006')
  assert.match(error.get('M') ?? '', /took too long/)
  assert.equal((await silent.rest()).length, 0)
})

test('a client that stops in the middle of its startup message is ended at the deadline', async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), { openingTimeoutMs: 50 })
  const client = await tunnel.client()
  client.send(encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'ada']]).subarray(0, 10))
  assert.equal((await client.error()).get('C'), '08006')
})

for (const [name, bytes, sqlstate = '08P01'] of [
  ['a length of 4', Buffer.from([0, 0, 0, 4])],
  ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0])],
  ['a length of 2 GB', Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0])],
  ['protocol 2.0', Buffer.from([0, 0, 0, 8, 0, 2, 0, 0]), '0A000'],
  ['no end to the parameters', Buffer.from([0, 0, 0, 12, 0, 3, 0, 0, 0x61, 0x62, 0x63, 0x64])],
] as const) {
  test(`a first packet with ${name} gets an error and is closed`, async () => {
    const tunnel = await startTunnel(testProfile(remote.port))
    const client = await tunnel.client()
    client.send(bytes)
    assert.equal((await client.error()).get('C'), sqlstate)
    assert.equal((await client.rest()).length, 0)
  })
}

test('encryption requests without end are a violation', async () => {
  const tunnel = await startTunnel(testProfile(remote.port))
  const client = await tunnel.client()
  for (let request = 0; request < 6; request++) client.send(encodeSslRequest())
  assert.match((await client.rest()).toString('latin1'), /^N{4,6}E/)
})

test('a tunnel says over HTTP whose port it is, to its own commands', async () => {
  const tunnel = await startTunnel(testProfile(remote.port))
  const owner = await portOwner({ kind: 'tcp', address: '127.0.0.1', port: tunnel.port })
  assert.deepEqual(owner, { pid: process.pid, profile: 'prod' })
})

test('an explicit port in use is an error that names the tunnel that has it', async () => {
  const tunnel = await startTunnel(testProfile(remote.port))
  const listen = { kind: 'tcp', address: '127.0.0.1', port: tunnel.port } as const
  await assert.rejects(startTunnel(testProfile(remote.port, { listen })), {
    code: 'LISTEN_FAILED',
    message: new RegExp(`127.0.0.1:${tunnel.port} is in use by the tunnel of profile prod, pid ${process.pid}`),
  })
})

test('an explicit port that another program has is an error that says so', async () => {
  const listen = { kind: 'tcp', address: '127.0.0.1', port: remote.port } as const
  await assert.rejects(startTunnel(testProfile(remote.port, { listen })), { message: /is in use by another program/ })
})

test('an address that others can reach needs allow_remote', async () => {
  const listen = { kind: 'tcp', address: '0.0.0.0', port: 0 } as const
  await assert.rejects(startTunnel(testProfile(remote.port, { listen })), { code: 'USAGE' })
})

test('without a port of its own a profile has the same one each time', async () => {
  const profile = testProfile(remote.port, { name: `stable-${process.pid}`, listen: undefined })
  const first = await startTunnel(profile)
  const { port } = first
  await first.close()
  const second = await startTunnel(profile)
  assert.equal(second.port, port)
  const third = await startTunnel(profile)
  assert.notEqual(third.port, port, 'while it is taken another is found')
})

// same-user

async function sayAs(uid: number, host: string, port: number): Promise<Buffer> {
  const startup = encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'ada']])
    .toString('hex')
    .replace(/../g, '\\x$&')
  const script = `exec 3<>/dev/tcp/${host}/${port}; printf '${startup}' >&3; head -c 4000 <&3`
  const child = spawn('/bin/bash', ['-c', script], { uid, gid: uid, stdio: ['ignore', 'pipe', 'inherit'] })
  return Buffer.from(await text(child.stdout), 'utf8')
}

function sameUser(uid: number) {
  return { access: sameUserAccess(uid, socketOwner) }
}

for (const address of ['127.0.0.1', '::1']) {
  test(`same-user lets the own user in over ${address}`, { skip: process.platform !== 'linux' }, async () => {
    const profile = testProfile(remote.port, { listen: { kind: 'tcp', address, port: 0 } })
    const tunnel = await startTunnel(profile, tokensInTurn('t'), sameUser(process.getuid?.() ?? -1))
    const client = await connectClient(tunnel.port, address)
    client.startup()
    assert.equal(await client.tags(), 'RSSKZ')
  })

  test(`same-user refuses another user over ${address} with a Postgres error`, { skip: NOT_ROOT }, async () => {
    const profile = testProfile(remote.port, { listen: { kind: 'tcp', address, port: 0 } })
    const tunnel = await startTunnel(profile, tokensInTurn('t'), sameUser(0))
    const before = remote.startups.length
    const answer = (await sayAs(65_533, address, tunnel.port)).toString('latin1')
    assert.match(answer, /^E.*SFATAL\0VFATAL\0C28000\0Mpgoauth: this port belongs to another user\0/s)
    assert.equal(remote.startups.length, before, 'nothing has gone to the remote side')
    assert.match(tunnel.refused[0]?.error.message ?? '', /uid 65533 is not uid 0/)
  })
}

test('same-user tells another user over HTTP nothing of whose port it is', { skip: NOT_ROOT }, async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), sameUser(1234))
  assert.equal(await portOwner({ kind: 'tcp', address: '127.0.0.1', port: tunnel.port }), undefined)
})

test('same-user refuses another user’s cancel request', { skip: NOT_ROOT }, async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), sameUser(1234))
  const client = await tunnel.client()
  client.send(Buffer.from('0000001004d2162e0000109201020304', 'hex'))
  await client.rest()
  assert.deepEqual(remote.cancels, [])
  assert.equal(tunnel.refused[0]?.error.code, 'PEER_REFUSED')
})

// password

const withPassword = { access: passwordAccess(new Secret('local-secret'), 'prod') }

async function psqlWith(port: number, password: string): Promise<{ code: unknown; out: string; err: string }> {
  const child = spawn(
    programPath('psql'),
    ['-w', '-Atc', 'select 1', `host=127.0.0.1 port=${port} user=ada sslmode=disable`],
    {
      env: { PATH: process.env.PATH, PGPASSWORD: password, PGREQUIREAUTH: 'scram-sha-256', LC_ALL: 'C' },
    },
  )
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, out, err }
}

test('password: real psql gets in with the password, by SCRAM', { skip: PSQL }, async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), withPassword)
  const before = remote.startups.length
  const running = psqlWith(tunnel.port, 'local-secret')
  await eventually(() => tunnel.opened.length === 1)
  assert.equal(remote.startups.length, before + 1)
  await tunnel.close()
  await running
})

test('password: real psql with another password is refused, and nothing goes to the remote side', {
  skip: PSQL,
}, async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), withPassword)
  const before = remote.startups.length
  const { code, err } = await psqlWith(tunnel.port, 'wrong')
  assert.equal(code, 2)
  assert.match(err, /FATAL: {2}pgoauth: this port belongs to another user/)
  assert.equal(remote.startups.length, before)
})

test('password: a client that sends no password is ended at the deadline', async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), {
    ...withPassword,
    openingTimeoutMs: 1000,
  })
  const client = await tunnel.client()
  client.startup()
  assert.equal((await client.receive())?.tag, 0x52)
  assert.equal((await client.error()).get('C'), '08006')
})

test('password: something else than a password message is refused', async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), withPassword)
  const client = await tunnel.client()
  client.startup()
  await client.receive()
  client.send(Buffer.from('Q\0\0\0\x0dselect 1\0', 'latin1'))
  assert.equal((await client.error()).get('C'), '08P01')
})

// local TLS

const certificates = testCertificates()
const withTls = { startLocalTls: localTls(certificates.server) }

test('local TLS: SSLRequest is answered S, and the session runs inside', { skip: PSQL }, async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), withTls)
  const client = await tunnel.client()
  client.send(encodeSslRequest())
  assert.equal(await client.byte(), 'S')
  client.inbox.release()
  const secure = connectTls({ socket: client.socket, ca: certificates.ca, host: 'localhost' })
  await once(secure, 'secureConnect')
  const inside = new ClientTalk(secure)
  inside.startup()
  assert.equal(await inside.tags(), 'RSSKZ')
  secure.destroy()
})

test('local TLS: a client may start it directly', async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), withTls)
  const secure = connectTls({
    port: tunnel.port,
    host: '127.0.0.1',
    ca: certificates.ca,
    ALPNProtocols: ['postgresql'],
  })
  await once(secure, 'secureConnect')
  assert.equal(secure.alpnProtocol, 'postgresql')
  const inside = new ClientTalk(secure)
  inside.startup()
  assert.equal(await inside.tags(), 'RSSKZ')
  secure.destroy()
})

test('local TLS: unencrypted bytes behind SSLRequest are refused', async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), withTls)
  const client = await tunnel.client()
  client.send(encodeSslRequest(), encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'ada']]))
  assert.equal((await client.error()).get('C'), '08P01')
})

test('local TLS: a client that never finishes its handshake is ended at the deadline', async () => {
  const tunnel = await startTunnel(testProfile(remote.port), tokensInTurn('t'), { ...withTls, openingTimeoutMs: 1000 })
  const client = await tunnel.client()
  client.send(encodeSslRequest())
  assert.equal(await client.byte(), 'S')
  assert.equal((await client.rest()).length, 0)
  await eventually(() => tunnel.tunnel.connections === 0)
})

test('without local TLS a client that starts TLS directly is closed, and the log says why', async () => {
  const tunnel = await startTunnel(testProfile(remote.port))
  const secure = connectTls({ port: tunnel.port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(secure, 'error')
  await eventually(() => tunnel.refused.length === 1)
  assert.match(tunnel.refused[0]?.error.message ?? '', /--local-tls/)
})

test('a client that leaves while the remote side is being asked costs nothing more', async () => {
  const slow = await startScriptedRemote(sayNothing)
  const tunnel = await startTunnel(testProfile(slow.port))
  const socket = connectTcp(tunnel.port, '127.0.0.1')
  socket.write(encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'ada']]))
  await eventually(() => slow.open.size === 1)
  socket.destroy()
  await eventually(() => slow.open.size === 0 && tunnel.tunnel.connections === 0)
})

test('a remote side that says nothing is given up at the deadline, with 08001', async () => {
  const slow = await startScriptedRemote(sayNothing)
  const tunnel = await startTunnel(testProfile(slow.port), tokensInTurn('t'), { sessionTimeoutMs: 100 })
  const client = await tunnel.client()
  client.startup()
  assert.equal((await client.error()).get('C'), '08001')
  await eventually(() => slow.open.size === 0)
})
