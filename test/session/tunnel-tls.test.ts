import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Profile } from '../../src/config/profiles.ts'
import { encodeAuthenticationCleartextPassword } from '../../src/wire/authentication.ts'
import { testCertificates } from '../support/certificates.ts'
import { type RemoteTalk, startScriptedRemote } from '../support/scripted-remote.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTunnel, testProfile, tokensInTurn, verified } from '../support/tunnel.ts'

const certificates = testCertificates()
const directory = temporaryDirectory()
const file = (name: string, content: string) => {
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}
const ca = file('ca.pem', certificates.ca)
const cert = file('client.pem', certificates.client.cert)
const key = file('client.key', certificates.client.key)

async function letIn(talk: RemoteTalk): Promise<void> {
  await talk.askForToken()
  talk.letIn()
}

/** What a client reads first: tags up to ReadyForQuery, or SQLSTATE and message of the error. */
async function connectWith(profile: Profile): Promise<string> {
  const tunnel = await startTunnel(profile, tokensInTurn('t'))
  const client = await tunnel.client()
  client.startup()
  const message = await client.receive()
  if (message?.tag !== 0x45) return `R${await client.tags()}`
  const fields = message.body.toString('utf8').split('\0')
  const field = (letter: string) => fields.find((one) => one.startsWith(letter))?.slice(1) ?? ''
  return `${field('C')} ${field('M')} HINT ${field('H')}`
}

test('verify-full against the right certificate lets the session through, ALPN postgresql', async () => {
  let alpn: unknown
  const remote = await startScriptedRemote((talk) => {
    alpn = talk.alpn
    return letIn(talk)
  }, certificates.server)
  assert.equal(await connectWith(testProfile(remote.port, { host: 'localhost', ...verified(ca) })), 'RSSKZ')
  assert.equal(alpn, 'postgresql')
})

test('sslnegotiation: direct starts TLS at once', async () => {
  const remote = await startScriptedRemote(letIn, certificates.server)
  const profile = testProfile(remote.port, { host: 'localhost', sslnegotiation: 'direct', ...verified(ca) })
  assert.equal(await connectWith(profile), 'RSSKZ')
})

test('an address as host is checked against the addresses of the certificate', async () => {
  const remote = await startScriptedRemote(letIn, certificates.server)
  assert.equal(await connectWith(testProfile(remote.port, verified(ca))), 'RSSKZ')
})

for (const [name, certificate, pattern] of [
  ['expired', certificates.expired, /the certificate of localhost has expired HINT/],
  ['for another host', certificates.wrongHost, /not for localhost, but for .*db\.example\.com.*HINT.*tls\.server_name/],
  ['by an unknown authority', certificates.stranger, /an authority that is not trusted here HINT .*tls\.ca/],
] as const) {
  test(`a certificate that is ${name} is refused, and the error names the mismatch and the setting`, async () => {
    let startups = 0
    const remote = await startScriptedRemote(() => {
      startups += 1
    }, certificate)
    const said = await connectWith(testProfile(remote.port, { host: 'localhost', ...verified(ca) }))
    assert.match(said, /^08001 pgoauth: no secure connection to the remote side: /)
    assert.match(said, pattern)
    assert.equal(startups, 0)
  })
}

test('tls.server_name is the name that is checked, and the one sent', async () => {
  const remote = await startScriptedRemote(letIn, certificates.wrongHost)
  const profile = testProfile(remote.port, { host: '127.0.0.1', ...verified(ca, { serverName: 'db.example.com' }) })
  assert.equal(await connectWith(profile), 'RSSKZ')
})

test('verify-ca takes another host’s certificate by the right authority', async () => {
  const remote = await startScriptedRemote(letIn, certificates.wrongHost)
  const profile = testProfile(remote.port, { host: 'localhost', ...verified(ca, { mode: 'verify-ca' }) })
  assert.equal(await connectWith(profile), 'RSSKZ')
})

test('verify-ca refuses an unknown authority', async () => {
  const remote = await startScriptedRemote(letIn, certificates.stranger)
  const profile = testProfile(remote.port, { host: 'localhost', ...verified(ca, { mode: 'verify-ca' }) })
  assert.match(await connectWith(profile), /not trusted here/)
})

test('verify-ca without an authority of one’s own is refused: every public certificate would do', async () => {
  const remote = await startScriptedRemote(letIn, certificates.wrongHost)
  const tls = { ...verified(ca, { mode: 'verify-ca' }).tls, ca: undefined } as Profile['tls']
  const said = await connectWith(testProfile(remote.port, { host: 'localhost', tls }))
  assert.match(said, /verify-ca without tls\.ca/)
})

test('a token is not sent as a password to a server whose certificate was not checked', async () => {
  let answer: unknown = 'not yet'
  const remote = await startScriptedRemote(async (talk) => {
    talk.send(encodeAuthenticationCleartextPassword())
    answer = await talk.receive()
  }, certificates.stranger)
  const profile = testProfile(remote.port, { host: 'localhost', ...verified(ca, { mode: 'require' }) })
  assert.match(await connectWith(profile), /^28000 .*only to a server whose certificate was checked/)
  assert.equal(answer, undefined)
})

test('a token is sent as a password to a server whose certificate was checked', async () => {
  const remote = await startScriptedRemote(async (talk) => {
    talk.send(encodeAuthenticationCleartextPassword())
    await talk.receive()
    talk.letIn()
  }, certificates.server)
  assert.equal(await connectWith(testProfile(remote.port, { host: 'localhost', ...verified(ca) })), 'RSSKZ')
})

test('a remote side without TLS is refused: nothing is sent in the clear', async () => {
  let startups = 0
  const remote = await startScriptedRemote(() => {
    startups += 1
  })
  const said = await connectWith(testProfile(remote.port, { host: 'localhost', ...verified(ca) }))
  assert.match(said, /^08001 .*does not offer TLS, and a token is never sent in the clear/)
  assert.equal(startups, 0)
})

test('tls.mode disable needs insecure_loopback', async () => {
  const remote = await startScriptedRemote(letIn)
  assert.match(await connectWith(testProfile(remote.port, { insecureLoopback: false })), /^08001 .*--insecure-loopback/)
})

test('insecure_loopback does not reach beyond this machine', async () => {
  assert.match(await connectWith(testProfile(1, { host: '192.0.2.1' })), /^08001 .*not for 192\.0\.2\.1/)
})

test('a server that wants a client certificate is named as such', async () => {
  const remote = await startScriptedRemote(letIn, { ...certificates.server, ca: certificates.ca })
  const said = await connectWith(testProfile(remote.port, { host: 'localhost', ...verified(ca) }))
  assert.match(said, /^08001 .*localhost wants a client certificate HINT set tls\.cert and tls\.key/)
})

test('a client certificate is shown', async () => {
  const remote = await startScriptedRemote(letIn, { ...certificates.server, ca: certificates.ca })
  const profile = testProfile(remote.port, { host: 'localhost', ...verified(ca, { cert, key }) })
  assert.equal(await connectWith(profile), 'RSSKZ')
})

test('TLS below 1.2 is refused', async () => {
  const remote = await startScriptedRemote(letIn, { ...certificates.server, maxVersion: 'TLSv1.1' })
  const said = await connectWith(testProfile(remote.port, { host: 'localhost', ...verified(ca) }))
  assert.match(said, /^08001 .*TLS/)
})

test('a missing ca file is named', async () => {
  const remote = await startScriptedRemote(letIn, certificates.server)
  const said = await connectWith(testProfile(remote.port, { host: 'localhost', ...verified('/nonexistent/ca.pem') }))
  assert.match(said, /tls\.ca: ENOENT.*\/nonexistent\/ca\.pem/)
})

test('a ca file that holds no certificate is named', async () => {
  const remote = await startScriptedRemote(letIn, certificates.server)
  const said = await connectWith(testProfile(remote.port, { host: 'localhost', ...verified(file('empty', 'hello')) }))
  assert.match(said, /^08001 .*HINT/)
})

async function rawRemote(answer: Buffer): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => server.close())
  return (server.address() as { port: number }).port
}

test('bytes that come ahead of TLS are not taken for the server’s (CVE-2021-23222)', async () => {
  const port = await rawRemote(Buffer.from('SE\0\0\0\x08evil', 'latin1'))
  assert.match(await connectWith(testProfile(port, { host: 'localhost', ...verified(ca) })), /sent bytes ahead of TLS/)
})

test('something that is no Postgres server is named as such', async () => {
  const port = await rawRemote(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const said = await connectWith(testProfile(port, { host: 'localhost', ...verified(ca) }))
  assert.match(said, /did not answer as a Postgres server does/)
})

test('something that answers S and then speaks no TLS is named as such', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write('S')
      socket.once('data', () => socket.write('this is not TLS at all'))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => server.close())
  const { port } = server.address() as { port: number }
  assert.match(await connectWith(testProfile(port, { host: 'localhost', ...verified(ca) })), /does not speak TLS/)
})

test('direct TLS to a server that does not agree on the protocol by ALPN is refused', async () => {
  const { createServer: createTls } = await import('node:tls')
  const server = createTls({ cert: certificates.server.cert, key: certificates.server.key })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => server.close())
  const { port } = server.address() as { port: number }
  const profile = testProfile(port, { host: 'localhost', sslnegotiation: 'direct', ...verified(ca) })
  assert.match(await connectWith(profile), /did not agree to speak Postgres/)
})
