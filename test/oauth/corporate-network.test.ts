import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { testCertificates } from '../support/certificates.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { openLaptop } from '../support/laptop.ts'

const SECRET = 'machine-secret'
const certificates = testCertificates()
const clients = [
  {
    client_id: 'ci',
    client_secret: SECRET,
    token_endpoint_auth_method: 'client_secret_basic' as const,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
  },
]
const issuer = await startTestIssuer({ clients, tls: certificates.server })

/** A forward proxy that notes whom it was asked to connect to. */
const tunnels: string[] = []
const proxy = createServer()
proxy.on('connect', (request: IncomingMessage, socket, head) => {
  tunnels.push(request.url ?? '')
  const [host, port] = (request.url ?? '').split(':')
  const upstream = connect(Number(port), host === 'id.corp.example' ? '127.0.0.1' : host, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    upstream.write(head)
    upstream.pipe(socket).pipe(upstream)
  })
  for (const one of [socket, upstream]) one.on('error', () => [socket, upstream].map((other) => other.destroy()))
})
await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
after(() => {
  proxy.closeAllConnections()
  proxy.close()
})
const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`

function laptopWith(extra = '', env: Record<string, string> = {}) {
  const laptop = openLaptop(
    `profiles:
  ci: { issuer: "${issuer.url}", client_id: ci, client_secret_env: S, flow: client_credentials${extra} }
`,
    { S: SECRET, PGOAUTH_STORE: undefined, ...env },
  )
  writeFileSync(join(laptop.configFile, '..', 'corp.pem'), certificates.ca)
  return laptop
}

test('an authority that nobody knows is refused, and the fix is named', async () => {
  const { code, stderr } = await laptopWith().run(['token'])
  assert.equal(code, 5)
  assert.match(stderr, /signed by an authority that this machine does not trust/)
  assert.match(stderr, /issuer_tls\.ca/)
})

test('issuer_tls.ca names the authority to trust', async () => {
  const { code, stderr } = await laptopWith(', issuer_tls: { ca: ./corp.pem }').run(['token'])
  assert.equal(code, 0, stderr)
})

test('NODE_EXTRA_CA_CERTS is honoured for issuer calls', async () => {
  const laptop = laptopWith()
  const env = { NODE_EXTRA_CA_CERTS: join(laptop.configFile, '..', 'corp.pem') }
  assert.equal((await laptop.run(['token'], { env })).code, 0)
})

test('NODE_EXTRA_CA_CERTS is honoured beside an issuer_tls.ca of another authority', async () => {
  const laptop = laptopWith(', issuer_tls: { ca: ./other.pem }')
  writeFileSync(join(laptop.configFile, '..', 'other.pem'), testCertificates().ca)
  const env = { NODE_EXTRA_CA_CERTS: join(laptop.configFile, '..', 'corp.pem') }
  assert.equal((await laptop.run(['token'], { env })).code, 0)
})

test('an issuer_tls.ca without a certificate in it is named', async () => {
  const laptop = laptopWith(', issuer_tls: { ca: ./empty.pem }')
  writeFileSync(join(laptop.configFile, '..', 'empty.pem'), 'not a certificate\n')
  const { code, stderr } = await laptop.run(['token'])
  assert.equal(code, 2)
  assert.match(stderr, /issuer_tls\.ca: there is no certificate in \S+empty\.pem/)
})

test('an issuer_tls.ca that cannot be read is named', async () => {
  const { code, stderr } = await laptopWith(', issuer_tls: { ca: ./gone.pem }').run(['token'])
  assert.equal(code, 2)
  assert.match(stderr, /issuer_tls\.ca: \S+gone\.pem cannot be read/)
})

for (const variable of ['HTTPS_PROXY', 'https_proxy']) {
  test(`issuer calls go through ${variable}`, async () => {
    tunnels.length = 0
    const laptop = laptopWith(', issuer_tls: { ca: ./corp.pem }', { [variable]: proxyUrl })
    assert.equal((await laptop.run(['token'])).code, 0)
    assert.ok(tunnels.length > 0 && tunnels.every((target) => target === new URL(issuer.url).host), String(tunnels))
  })
}

test('NO_PROXY keeps issuer calls from the proxy', async () => {
  for (const exempt of ['localhost', '*', 'other.example, localhost']) {
    tunnels.length = 0
    const laptop = laptopWith(', issuer_tls: { ca: ./corp.pem }', { HTTPS_PROXY: proxyUrl, NO_PROXY: exempt })
    assert.equal((await laptop.run(['token'])).code, 0, exempt)
    assert.deepEqual(tunnels, [], exempt)
  }
})

test('NODE_EXTRA_CA_CERTS counts through the proxy too', async () => {
  tunnels.length = 0
  const laptop = laptopWith('', { HTTPS_PROXY: proxyUrl })
  const env = { NODE_EXTRA_CA_CERTS: join(laptop.configFile, '..', 'corp.pem') }
  const { code, stderr } = await laptop.run(['token'], { env })
  assert.equal(code, 0, stderr)
  assert.ok(tunnels.length > 0)
})

test('a proxy that is not there is named, without the password in its address', async () => {
  const env = { HTTPS_PROXY: 'http://ada:hunter2@127.0.0.1:9' }
  const { code, stderr } = await laptopWith(', issuer_tls: { ca: ./corp.pem }', env).run(['token', '--debug'])
  assert.equal(code, 5)
  assert.match(stderr, /through the proxy http:\/\/127\.0\.0\.1:9/)
  assert.match(stderr, /HTTPS_PROXY/)
  assert.doesNotMatch(stderr, /hunter2/)
})

test('an issuer on this machine that names an http address elsewhere is refused', async () => {
  const { createServer: createHttpServer } = await import('node:http')
  const liar = createHttpServer((_request, response) => {
    const { port } = liar.address() as AddressInfo
    const here = `http://127.0.0.1:${port}`
    const metadata = { issuer: here, token_endpoint: 'http://id.example.com/token', response_types_supported: ['code'] }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata))
  })
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
  after(() => liar.close())
  const { port } = liar.address() as AddressInfo
  const laptop = laptopWith('', { PGOAUTH_ISSUER: `http://127.0.0.1:${port}` })
  const { code, stderr } = await laptop.run(['token'])
  assert.equal(code, 1)
  assert.match(stderr, /names http:\/\/id\.example\.com, which is not https/)
})
