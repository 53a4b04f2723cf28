import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import test from 'node:test'
import { Client } from 'pg'
import { freePort } from '../../src/demo/port.ts'
import { testCertificates } from '../support/certificates.ts'
import { type CommandResult, runCommand } from '../support/command.ts'
import { startStack } from '../support/stack.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const stack = await startStack({ proxyYaml: (text) => `${text}limits: { handshake: 6s }\n` })
const { access_token: ADA } = await stack.issuer.login('ada', 'openid orders:read')
const good = await stack.tunnel(ADA)

/** A session that was open before the misbehaviour, and one opened after it, work. */
async function nothingElseIsDisturbed(misbehave: () => Promise<void>): Promise<void> {
  const open = new Client({ connectionString: good.url })
  await open.connect()
  await misbehave()
  assert.equal((await open.query('select 1 as one')).rows[0].one, 1)
  await open.end()
  const later = new Client({ connectionString: good.url })
  await later.connect()
  await later.end()
}

/** What a client is told that connects through a tunnel. */
async function refusal(url: string): Promise<{ code: string; message: string; hint?: string; severity?: string }> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  const error = await client.connect().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof Error, 'it was let in')
  return error as Error & { code: string }
}

function laptop(config: string): { env: Record<string, string> } {
  const home = temporaryDirectory()
  writeFileSync(join(home, 'config.yaml'), config)
  return { env: { HOME: home, PGOAUTH_CONFIG: join(home, 'config.yaml'), PGOAUTH_STORE_KEY: 'k'.repeat(32) } }
}

function tellsOf({ code, stderr }: CommandResult, exit: number, ...patterns: RegExp[]): void {
  for (const pattern of patterns) assert.match(stderr, pattern)
  assert.equal(code, exit, stderr)
  assert.doesNotMatch(stderr, /^\s+at /m, 'no stack trace')
}

const PROFILE = `profiles:
  prod: { host: localhost, port: 1, database: app, issuer: "http://127.0.0.1:1", client_id: pgoauth, store: file, flow: device }
`

test('an unknown profile is a usage error that suggests the nearest', async () => {
  tellsOf(await runCommand(['connect', 'prdo'], laptop(PROFILE)), 2, /prdo/, /prod/)
})

test('an unreachable issuer is named, with exit code 5', async () => {
  tellsOf(await runCommand(['login', 'prod', '--device', '--no-open'], laptop(PROFILE)), 5, /http:\/\/127\.0\.0\.1:1/)
})

test('a broken profile file is told by file, line and column, with the nearest key', async () => {
  const broken = laptop('profiles:\n  prod:\n    hots: localhost\n')
  tellsOf(await runCommand(['connect', 'prod'], broken), 2, /config\.yaml:3:5: .*hots.*did you mean "host"/)
})

test('a profile file that is not YAML is told by file, line and column', async () => {
  tellsOf(await runCommand(['connect', 'prod'], laptop('profiles: [\n')), 2, /config\.yaml:\d+:\d+: /)
})

test('a broken proxy file is told by file, line and column, with the nearest key', async () => {
  const file = join(temporaryDirectory(), 'proxy.yaml')
  writeFileSync(file, 'listen:\n  - adress: 127.0.0.1:1\n')
  tellsOf(await runCommand(['proxy', '--config', file]), 2, /proxy\.yaml:2:5: .*adress.*did you mean "address"/)
})

test('a proxy file that does not exist is named', async () => {
  tellsOf(await runCommand(['proxy', '--config', '/nonexistent/proxy.yaml']), 2, /\/nonexistent\/proxy\.yaml/)
})

test('a certificate of an authority that is not trusted reaches the client as an error that says so', async () => {
  const other = join(temporaryDirectory(), 'other.pem')
  writeFileSync(other, testCertificates().ca)
  const { url } = await stack.tunnel(ADA, { tls: { mode: 'verify-full', ca: other } })
  const { code, message } = await refusal(url)
  assert.equal(code, '08001')
  assert.match(message, /secure connection|certificate/i)
})

test('a certificate for another host reaches the client as an error that says so', async () => {
  const { url } = await stack.tunnel(ADA, {
    tls: { mode: 'verify-full', ca: './ca.pem', server_name: 'db.example.com' },
  })
  assert.equal((await refusal(url)).code, '08001')
})

test('a remote port where nobody listens reaches the client as an error that names it', async () => {
  const port = await freePort()
  const { url } = await stack.tunnel(ADA, { port })
  const { code, message } = await refusal(url)
  assert.equal(code, '08001')
  assert.match(message, new RegExp(String(port)))
})

test('an expired token is refused with 28000 and the next step, and the tunnel stays', async () => {
  await nothingElseIsDisturbed(async () => {
    const { url, replaceToken } = await stack.tunnel(
      await stack.issuer.mint({ exp: 1_700_000_000, groups: ['analysts'] }),
    )
    assert.equal((await refusal(url)).code, '28000')
    replaceToken(ADA)
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.end()
  })
})

test('a token that was tampered with is refused with 28000', async () => {
  const [header, payload, signature = ''] = ADA.split('.')
  const other = signature.startsWith('A') ? 'B' : 'A'
  const { url } = await stack.tunnel([header, payload, `${other}${signature.slice(1)}`].join('.'))
  assert.equal((await refusal(url)).code, '28000')
})

test('a database the proxy does not have is 3D000', async () => {
  const { url } = await stack.tunnel(ADA, { database: 'nowhere' })
  assert.equal((await refusal(url.replace('/demo', '/nowhere'))).code, '3D000')
})

for (const side of ['proxy', 'tunnel'] as const) {
  const port = side === 'proxy' ? stack.proxyPort : good.port

  test(`HTTP spoken to the ${side} is answered or closed at once, and nothing else is disturbed`, async () => {
    await nothingElseIsDisturbed(async () => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.on('error', () => {})
      socket.end('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await closed(socket, 5_000)
    })
  })

  test(`random bytes spoken to the ${side} disturb nothing else`, async () => {
    await nothingElseIsDisturbed(async () => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.on('error', () => {})
      socket.end(Buffer.from('ff'.repeat(64), 'hex'))
      await closed(socket, 30_000)
    })
  })
}

test('a client that connects to the proxy and says nothing is closed after the handshake limit', async () => {
  await nothingElseIsDisturbed(async () => {
    const started = Date.now()
    const socket = connect({ host: '127.0.0.1', port: stack.proxyPort })
    socket.on('error', () => {})
    await closed(socket, 30_000)
    assert.ok(Date.now() - started >= 5_500)
  })
})

test('a client that connects to the tunnel and says nothing disturbs nobody', async () => {
  const silent = connect({ host: '127.0.0.1', port: good.port })
  silent.on('error', () => {})
  await nothingElseIsDisturbed(async () => {})
  silent.destroy()
})

async function closed(socket: Socket, withinMs: number): Promise<void> {
  socket.resume()
  await once(socket, 'close', { signal: AbortSignal.timeout(withinMs) })
}
