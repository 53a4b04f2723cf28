import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { openJwksKeys } from '../../src/oauth/jwks-fetch.ts'
import { testCertificates } from '../support/certificates.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { introspectedIssuer, openVerifier, reasonOf } from '../support/verifier.ts'

// The proxy's own calls to its issuers: from behind a forward proxy, with an authority of the company's own.
const certificates = testCertificates()
const issuer = await startTestIssuer({
  tls: certificates.server,
  settings: { format: 'opaque', scopes: ['orders:read'] },
  clients: [
    {
      client_id: 'proxy',
      client_secret: 'proxy-secret',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: [],
      response_types: [],
      redirect_uris: [],
    },
  ],
})
const directory = temporaryDirectory()
const caFile = join(directory, 'corp.pem')
writeFileSync(caFile, certificates.ca)

const tunnels: string[] = []
const forward = createServer()
forward.on('connect', (request: IncomingMessage, socket, head) => {
  tunnels.push(request.url ?? '')
  const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    upstream.write(head)
    upstream.pipe(socket).pipe(upstream)
  })
  for (const one of [socket, upstream]) one.on('error', () => [socket, upstream].map((other) => other.destroy()))
})
await new Promise<void>((listening) => forward.listen(0, '127.0.0.1', listening))
after(() => {
  forward.closeAllConnections()
  forward.close()
})
const HTTPS_PROXY = `http://127.0.0.1:${(forward.address() as AddressInfo).port}`

function keysWith(env: NodeJS.ProcessEnv, place: { caFile?: string } = { caFile }) {
  return openJwksKeys({ ...place, issuer: issuer.url, env }, { clock: systemClock, log: silentLog })
}

test('an issuer whose authority nobody knows is not believed', async () => {
  await assert.rejects(keysWith({}, {}).current(), /signed by an authority that this machine does not trust/)
})

test('tls.ca of the issuer names the authority to trust', async () => {
  assert.ok(await keysWith({}).current())
})

test('an authority’s file that is renewed counts without a restart', async () => {
  const file = join(directory, 'renewed.pem')
  writeFileSync(file, testCertificates().ca)
  const keys = keysWith({}, { caFile: file })
  await assert.rejects(keys.current(), /does not trust/)
  writeFileSync(file, certificates.ca)
  assert.ok(await keys.current())
})

test('HTTPS_PROXY is what the keys come through', async () => {
  tunnels.length = 0
  assert.ok(await keysWith({ HTTPS_PROXY }).current())
  assert.deepEqual([...new Set(tunnels)], [new URL(issuer.url).host])
})

test('NO_PROXY keeps the issuer from it', async () => {
  tunnels.length = 0
  assert.ok(await keysWith({ HTTPS_PROXY, NO_PROXY: 'example.com,localhost' }).current())
  assert.deepEqual(tunnels, [])
})

test('introspection goes through HTTPS_PROXY too', async () => {
  tunnels.length = 0
  const verifier = openVerifier([introspectedIssuer({ url: issuer.url, caFile, env: { HTTPS_PROXY } })])
  assert.match(reasonOf(await verifier.verify('invented')), /not active/)
  assert.ok(tunnels.length > 0)
})

test('HTTP_PROXY and HTTPS_PROXY are nothing to an issuer on this machine that speaks plain http', async () => {
  const plain = await startTestIssuer()
  const env = { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' }
  assert.ok(await openJwksKeys({ issuer: plain.url, env }, { clock: systemClock, log: silentLog }).current())
})

test('a forward proxy that is down is named in the log, without its password', async () => {
  const env = { HTTPS_PROXY: 'http://user:hunter2@127.0.0.1:1' }
  await assert.rejects(keysWith(env).current(), (error: Error) => {
    assert.match(error.message, /through the proxy http:\/\/127\.0\.0\.1:1/)
    assert.doesNotMatch(error.message, /hunter2/)
    return true
  })
})

test('NODE_EXTRA_CA_CERTS is honoured, alone and beside a tls.ca of another authority', async () => {
  const other = join(directory, 'other.pem')
  writeFileSync(other, testCertificates().ca)
  for (const ca of [undefined, other]) {
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: caFile }
    assert.equal(await runKeys(ca, env), 'keys')
  }
})

/** NODE_EXTRA_CA_CERTS counts from a process' start, so this takes a process. */
async function runKeys(ca: string | undefined, env: NodeJS.ProcessEnv): Promise<string> {
  const dist = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
  const script = `
    const { openJwksKeys } = await import(${JSON.stringify(join(dist, 'src/oauth/jwks-fetch.js'))})
    const { silentLog } = await import(${JSON.stringify(join(dist, 'src/base/log.js'))})
    const { systemClock } = await import(${JSON.stringify(join(dist, 'src/base/clock.js'))})
    const place = { issuer: ${JSON.stringify(issuer.url)}, caFile: ${JSON.stringify(ca)}, env: process.env }
    await openJwksKeys(place, { clock: systemClock, log: silentLog }).current()
    process.stdout.write('keys')
    process.exit(0)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    out += chunk
  })
  await once(child, 'close')
  return out
}
