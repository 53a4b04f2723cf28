import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { time } from '../../src/demo/der.ts'
import { type CertifiedKey, testCertificates } from '../support/certificates.ts'

const made = testCertificates()

/** What a client that trusts the authority and asks for `localhost` finds wrong, if anything. */
async function handshake(served: CertifiedKey, presented?: CertifiedKey): Promise<{ error?: string; peer?: string }> {
  const server = createServer({ ...served, ca: made.ca, requestCert: true, rejectUnauthorized: false })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>
  accepted.catch(() => {})
  const client = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: made.ca, ...presented })
  try {
    await once(client, 'secureConnect')
    const [socket] = await accepted
    return socket.authorized ? { peer: String(socket.getPeerCertificate().subject.CN) } : {}
  } catch (error) {
    return { error: String((error as NodeJS.ErrnoException).code) }
  } finally {
    client.destroy()
    server.close()
  }
}

test('the server certificate is trusted by whoever trusts the authority', async () => {
  assert.deepEqual(await handshake(made.server), {})
})

test('the client certificate is trusted, with its name', async () => {
  assert.deepEqual(await handshake(made.server, made.client), { peer: 'ada' })
})

test('an expired one is refused for that', async () => {
  assert.deepEqual(await handshake(made.expired), { error: 'CERT_HAS_EXPIRED' })
})

test('one for another host is refused for that', async () => {
  assert.deepEqual(await handshake(made.wrongHost), { error: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

test("a strange authority's is refused for that", async () => {
  assert.deepEqual(await handshake(made.stranger), { error: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
})

test('the address stands in it beside the name', () => {
  assert.equal(new X509Certificate(made.server.cert).subjectAltName, 'DNS:localhost, IP Address:127.0.0.1')
})

test('the authority is one, and nothing it issues is', () => {
  assert.deepEqual([new X509Certificate(made.ca).ca, new X509Certificate(made.server.cert).ca], [true, false])
})

test('a year from 2050 on is written with four digits', () => {
  assert.equal(time(new Date('2049-12-31T23:59:59Z')).toString('latin1', 2), '491231235959Z')
  assert.equal(time(new Date('2050-01-01T00:00:00Z')).toString('latin1', 2), '20500101000000Z')
})
