import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { startDoor } from '../support/door.ts'

const door = await startDoor({
  proxyYaml: (text) => `${text}probes: { address: "127.0.0.1:0" }
admin: { address: "127.0.0.1:0", token_file: ./admin-token }
`,
})
const probes = `http://127.0.0.1:${door.proxy.side?.probes?.port}`
const admin = `http://127.0.0.1:${door.proxy.side?.admin?.port}`
const bearer = { authorization: 'Bearer open-sesame-admin-token' }
const status = async (url: string, init?: RequestInit) => (await fetch(url, init)).status

test('/healthz is there', async () => assert.equal(await status(`${probes}/healthz`), 200))

test('/readyz is ready with keys and a server, without saying whose', async () => {
  const response = await fetch(`${probes}/readyz`)
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), { ready: true, issuers: '1/1', databases: '1/1' })
})

test('/metrics counts what happened', async () => {
  const client = await door.session()
  await door.outcome({ token: 'bad' })
  const text = await (await fetch(`${probes}/metrics`)).text()
  assert.match(text, /^pgoauth_sessions 1$/m)
  assert.match(text, /^pgoauth_refusals_total\{code="TOKEN_REFUSED",fault="user"\} 1$/m)
  assert.match(text, /^pgoauth_handshake_seconds_count 1$/m)
  assert.match(text, /^pgoauth_token_check_seconds_count 2$/m)
  client.close()
})

for (const path of ['/', '/sessions', '/metrics/', '/healthz/../sessions', '/debug/pprof', '//healthz']) {
  test(`probes answer nothing else: ${path}`, async () => assert.equal(await status(`${probes}${path}`), 404))
}

test('probes are read-only', async () => {
  for (const method of ['POST', 'PUT', 'DELETE']) assert.equal(await status(`${probes}/healthz`, { method }), 405)
})

for (const [name, headers] of [
  ['nothing', {}],
  ['another token', { authorization: 'Bearer something-else' }],
  ['an empty token', { authorization: 'Bearer ' }],
  ['the token under another scheme', { authorization: 'Basic open-sesame-admin-token' }],
  ['the token and more', { authorization: 'Bearer open-sesame-admin-token x' }],
] as const) {
  test(`every admin path asks for authorisation, on loopback too: ${name}`, async () => {
    for (const path of ['/sessions', '/sessions/x', '/nothing', '/']) {
      for (const method of ['GET', 'DELETE', 'POST']) {
        assert.equal(await status(`${admin}${path}`, { method, headers }), 401, `${method} ${path}`)
      }
    }
  })
}

test('an empty token file lets nobody in', async () => {
  writeFileSync(join(door.directory, 'admin-token'), '\n')
  assert.equal(await status(`${admin}/sessions`, { headers: { authorization: 'Bearer ' } }), 401)
  assert.equal(await status(`${admin}/sessions`, { headers: bearer }), 401)
  writeFileSync(join(door.directory, 'admin-token'), 'open-sesame-admin-token\n')
  assert.equal(await status(`${admin}/sessions`, { headers: bearer }), 200)
})

test('sessions are listed with who they are', async () => {
  const client = await door.session({ token: await door.issuer.mint({ sub: 'grace' }) })
  const { sessions } = (await (await fetch(`${admin}/sessions`, { headers: bearer })).json()) as {
    sessions: Record<string, unknown>[]
  }
  const mine = sessions.find(({ subject }) => subject === 'grace')
  assert.deepEqual([mine?.issuer, mine?.role, mine?.database], [door.issuer.url, 'analyst', 'app'])
  client.close()
})

test('a session is killed by its id, in mid-statement too, within seconds', async () => {
  const client = await door.session({ token: await door.issuer.mint({ sub: 'grace' }) })
  const running = client.query('select pg_sleep(30)')
  await new Promise((resolve) => setTimeout(resolve, 200))
  const { sessions } = (await (await fetch(`${admin}/sessions`, { headers: bearer })).json()) as {
    sessions: Record<string, unknown>[]
  }
  const startedAt = Date.now()
  const id = sessions.find(({ subject }) => subject === 'grace')?.session_id
  assert.equal(await status(`${admin}/sessions/${id}`, { method: 'DELETE', headers: bearer }), 200)
  assert.ok(['57P01', '57014', 'closed'].includes(String((await running).error)))
  assert.ok(Date.now() - startedAt < 5_000)
})

test('an identity is killed by issuer and subject, never by subject alone', async () => {
  const client = await door.session({ token: await door.issuer.mint({ sub: 'grace' }) })
  const kill = (query: Record<string, string>) =>
    fetch(`${admin}/sessions?${new URLSearchParams(query)}`, { method: 'DELETE', headers: bearer })
  assert.equal((await kill({ subject: 'grace' })).status, 400)
  assert.deepEqual(await (await kill({ issuer: 'https://other', subject: 'grace' })).json(), { killed: 0 })
  assert.deepEqual(await (await kill({ issuer: door.issuer.url, subject: 'grace' })).json(), { killed: 1 })
  assert.equal((await client.next()).code, '57P01')
})

test('an unknown session is not killed', async () => {
  assert.equal(await status(`${admin}/sessions/0123`, { method: 'DELETE', headers: bearer }), 404)
})

test('/readyz is not ready while the issuer cannot give keys', async () => {
  door.issuer.weather.outage = true
  const other = await startDoor({
    postgres: door.postgres,
    issuer: door.issuer,
    proxyYaml: (text) => `${text}probes: { address: "127.0.0.1:0" }\n`,
  })
  const url = `http://127.0.0.1:${other.proxy.side?.probes?.port}`
  const response = await fetch(`${url}/readyz`)
  assert.equal(response.status, 503)
  assert.deepEqual(await response.json(), { ready: false, issuers: '0/1', databases: '1/1' })
  assert.equal(await status(`${url}/healthz`), 200)
  door.issuer.weather.outage = false
})

test('/readyz is not ready while a database has no server', async () => {
  const other = await startDoor({
    postgres: door.postgres,
    issuer: door.issuer,
    proxyYaml: (text) =>
      `${text.replace(`port: ${door.postgres.port}`, 'port: 1')}probes: { address: "127.0.0.1:0" }\n`,
  })
  const response = await fetch(`http://127.0.0.1:${other.proxy.side?.probes?.port}/readyz`)
  assert.deepEqual(await response.json(), { ready: false, issuers: '1/1', databases: '0/1' })
  assert.equal(await other.outcome(), '08006')
})

/** Status and answer of a proxy's /readyz: its issuer is there as `weather` says, and of its two databases one has no server. */
async function readyz(ready: string, { hasIssuer = true, lostPort = 1 } = {}) {
  door.issuer.weather.outage = !hasIssuer
  const other = await startDoor({
    postgres: door.postgres,
    issuer: door.issuer,
    proxyYaml: (text) => {
      const app = /^ {2}app:\n(?: {4}.*\n)+/m.exec(text)?.[0] ?? assert.fail('no database app')
      const lost = app
        .replace('app:', 'lost:')
        .replace(`port: ${door.postgres.port}`, `port: ${lostPort}, connect_timeout: 15s`)
      return `${text.replace(app, `${app}${lost}`)}probes: { address: "127.0.0.1:0", ready: ${ready} }\n`
    },
  })
  const response = await fetch(`http://127.0.0.1:${other.proxy.side?.probes?.port}/readyz`)
  door.issuer.weather.outage = false
  return [response.status, await response.json()]
}

test('one usable database is enough for /readyz with any, and not with all, which is the default', async () => {
  assert.deepEqual(await readyz('{ databases: any }'), [200, { ready: true, issuers: '1/1', databases: '1/2' }])
  assert.deepEqual(await readyz('{}'), [503, { ready: false, issuers: '1/1', databases: '1/2' }])
})

test('probes.ready is reloaded, beside an address that is not', async () => {
  const other = await startDoor({
    postgres: door.postgres,
    issuer: door.issuer,
    proxyYaml: (text) =>
      `${text.replace(`port: ${door.postgres.port}`, 'port: 1')}probes: { address: "127.0.0.1:0", ready: {} }\n`,
  })
  const url = `http://127.0.0.1:${other.proxy.side?.probes?.port}/readyz`
  assert.equal(await status(url), 503)
  const file = join(other.directory, 'proxy.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('ready: {}', 'ready: { databases: none }'))
  other.reload()
  assert.equal(await status(url), 200)
  assert.deepEqual(
    other.logs.filter(({ msg }) => /from the next start on/.test(String(msg))),
    [],
  )
})

test('one is what any wants at least', async () => {
  const answer = [503, { ready: false, issuers: '0/1', databases: '1/2' }]
  assert.deepEqual(await readyz('{ issuers: any, databases: any }', { hasIssuer: false }), answer)
})

test('what does not matter to /readyz is not told by it', async () => {
  assert.deepEqual(await readyz('{ databases: none }'), [200, { ready: true, issuers: '1/1' }])
  assert.deepEqual(await readyz('{ issuers: none, databases: any }', { hasIssuer: false }), [
    200,
    { ready: true, databases: '1/2' },
  ])
  assert.deepEqual(await readyz('{ issuers: none, databases: none }', { hasIssuer: false }), [200, { ready: true }])
})

test('a server that never answers does not hold up a /readyz that another is enough for', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => void sockets.push(socket.on('error', () => {})))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as AddressInfo
  const answer = await readyz('{ databases: any }', { lostPort: port })
  assert.notEqual(sockets.filter(({ destroyed }) => !destroyed).length, 0, 'it is asked still')
  silent.close()
  for (const socket of sockets) socket.destroy()
  assert.deepEqual(answer, [200, { ready: true, issuers: '1/1', databases: '1/2' }])
})

const mutual = await startDoor({
  postgres: door.postgres,
  issuer: door.issuer,
  proxyYaml: (text) =>
    `${text}admin: { address: "127.0.0.1:0", tls: { cert: server.crt, key: server.key, client_ca: ca.pem } }\n`,
})

function overTls(options: { cert?: string; key?: string }): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const port = mutual.proxy.side?.admin?.port
    request({ host: '127.0.0.1', port, path: '/sessions', ca: mutual.certificates.ca, ...options }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

test('admin over mutual TLS takes a certificate of the authority and no other', async () => {
  assert.equal(await overTls(mutual.certificates.client), 200)
  assert.equal(await overTls({}), 401)
  assert.equal(await overTls(mutual.certificates.stranger), 401)
})
