import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { PgoauthError } from '../../src/base/errors.ts'
import { Secret } from '../../src/base/secret.ts'
import type { ServerConfig } from '../../src/config/proxy-config.ts'
import { connectServer, type ServerConnection } from '../../src/pool/server-connection.ts'
import { queryServer } from '../../src/pool/server-query.ts'
import { encodeErrorResponse } from '../../src/wire/error-response.ts'
import { testCertificates } from '../support/certificates.ts'
import { startTestPostgres, superuserQuery } from '../support/postgres.ts'
import { authenticationRequest, greeting, scriptedServer } from '../support/scripted-server.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const certificates = testCertificates()
const directory = temporaryDirectory()
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}
const ca = file('ca.pem', certificates.ca)
const cert = file('client.crt', certificates.client.cert)
const key = file('client.key', certificates.client.key)

const postgres = await startTestPostgres({
  tls: { ...certificates.server, ca: certificates.ca },
  hba: [
    'hostssl all clearuser 127.0.0.1/32 password',
    'hostnossl all clearuser 127.0.0.1/32 password',
    'host all md5user 127.0.0.1/32 md5',
    'hostssl all ada 127.0.0.1/32 cert',
    'host all all 127.0.0.1/32 scram-sha-256',
  ],
  prepare: `
set password_encryption = 'scram-sha-256';
create role scram login password 'päßword ½';
create role clearuser login password 'clear';
create role ada login;
set password_encryption = 'md5';
create role md5user login password 'md5pass';`,
})
await superuserQuery(postgres, "create database latin encoding 'LATIN1' locale 'C' template template0")

interface Wanted {
  readonly user?: string
  readonly password?: string
  readonly port?: number
  readonly ports?: number[]
  readonly database?: string
  readonly parameters?: Record<string, string>
  readonly server?: Partial<ServerConfig>
  readonly tls?: Partial<ServerConfig['tls']>
}

function connect(wanted: Wanted = {}): Promise<ServerConnection> {
  const { user = 'scram', password = 'päßword ½', ports = [wanted.port ?? postgres.port] } = wanted
  return connectServer({
    server: {
      addresses: ports.map((port) => ({ host: '127.0.0.1', port })),
      database: wanted.database ?? 'postgres',
      tls: { mode: 'verify-full', ca, cert: undefined, key: undefined, serverName: undefined, ...wanted.tls },
      targetSessionAttrs: 'any',
      connectTimeoutMs: 3_000,
      channelBinding: 'prefer',
      allowMd5: false,
      ...wanted.server,
    },
    user,
    password: async () => (password === '' ? undefined : new Secret(password)),
    parameters: new Map(
      Object.entries({ client_encoding: 'UTF8', standard_conforming_strings: 'on', ...wanted.parameters }),
    ),
    scramKeys: new Map(),
    clock: systemClock,
  })
}

async function failure(wanted: Wanted): Promise<{ code: string; detail: string }> {
  try {
    const connection = await connect(wanted)
    connection.close()
    return { code: 'connected', detail: '' }
  } catch (error) {
    if (error instanceof PgoauthError) return { code: error.code, detail: error.detail ?? '' }
    throw error
  }
}

const ask = (connection: ServerConnection, sql: string) =>
  queryServer(connection, sql, { clock: systemClock, timeoutMs: 5_000 })
const plain = { mode: 'disable' } as const

test('SCRAM-SHA-256 without TLS', async () => {
  const connection = await connect({ tls: plain })
  assert.deepEqual(await ask(connection, 'select current_user'), [['scram']])
  connection.close()
})

test('SCRAM-SHA-256-PLUS over TLS: the channel is bound', async () => {
  const connection = await connect({ server: { channelBinding: 'require' } })
  assert.deepEqual(await ask(connection, 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'), [['t']])
  connection.close()
})

test('channel_binding: require has nothing to bind to without TLS', async () => {
  const { code, detail } = await failure({ tls: plain, server: { channelBinding: 'require' } })
  assert.equal(code, 'SERVER_REFUSED')
  assert.match(detail, /channel_binding/)
})

test('a wrong password is the operator’s to fix, and the reason is for the log', async () => {
  const { code, detail } = await failure({ password: 'wrong' })
  assert.equal(code, 'SERVER_REFUSED')
  assert.match(detail, /password authentication failed.*28P01/)
})

test('no password where the server asks for one', async () => {
  assert.match((await failure({ password: '' })).detail, /asks for a password/)
})

test('a cleartext password goes over TLS', async () => {
  assert.equal((await failure({ user: 'clearuser', password: 'clear' })).code, 'connected')
})

test('a cleartext password does not go without TLS', async () => {
  const { code, detail } = await failure({ user: 'clearuser', password: 'clear', tls: plain })
  assert.equal(code, 'SERVER_REFUSED')
  assert.match(detail, /clear text/)
})

test('md5 is refused unless it is allowed', async () => {
  assert.match((await failure({ user: 'md5user', password: 'md5pass' })).detail, /md5/)
  assert.equal((await failure({ user: 'md5user', password: 'md5pass', server: { allowMd5: true } })).code, 'connected')
})

test('a client certificate logs in', async () => {
  assert.equal((await failure({ user: 'ada', password: '', tls: { cert, key } })).code, 'connected')
  assert.equal((await failure({ user: 'ada', password: '' })).code, 'SERVER_REFUSED')
})

test('verify-full refuses an authority that is not trusted', async () => {
  const { code, detail } = await failure({ tls: { ca: undefined } })
  assert.equal(code, 'SERVER_UNREACHABLE')
  assert.match(detail, /not trusted/)
})

test('verify-full refuses a name that the certificate does not have', async () => {
  assert.match((await failure({ tls: { serverName: 'db.example.com' } })).detail, /not for db.example.com/)
})

test('verify-ca takes any name of that authority', async () => {
  assert.equal((await failure({ tls: { mode: 'verify-ca', serverName: 'db.example.com' } })).code, 'connected')
})

test('require takes any certificate', async () => {
  assert.equal((await failure({ tls: { mode: 'require', ca: undefined } })).code, 'connected')
})

test('a server without TLS is never talked to in plain text where TLS is asked for', async () => {
  const server = await scriptedServer([Buffer.from('N'), 'silence'])
  const { code, detail } = await failure({ port: server.port })
  assert.equal(code, 'SERVER_UNREACHABLE')
  assert.match(detail, /does not do TLS/)
  assert.equal(server.received.length, 1)
})

test('bytes behind the answer to SSLRequest are somebody else’s', async () => {
  const server = await scriptedServer([Buffer.from('S\x16\x03'), 'silence'])
  assert.match((await failure({ port: server.port })).detail, /bytes behind/)
})

for (const [version, allowed] of [
  ['13.22', false],
  ['14.13', false],
  ['14.14', true],
  ['15.8', false],
  ['15.9 (Debian 15.9-1)', true],
  ['16.4', false],
  ['16.5', true],
  ['17.0', false],
  ['17.1', true],
  ['17beta3', false],
  ['18.0', true],
  ['19devel', true],
  ['', false],
  ['nonsense', false],
] as const) {
  test(`server_version ${JSON.stringify(version)} is ${allowed ? 'served' : 'refused'}`, async () => {
    const server = await scriptedServer([greeting({ server_version: version }), 'silence'])
    assert.equal((await failure({ port: server.port, tls: plain })).code, allowed ? 'connected' : 'SERVER_UNFIT')
  })
}

test('a database that is not UTF8 is refused', async () => {
  assert.match((await failure({ database: 'latin' })).detail, /server_encoding is LATIN1/)
})

test('a server that reads literals otherwise is refused', async () => {
  const server = await scriptedServer([greeting({ standard_conforming_strings: 'off' }), 'silence'])
  assert.match((await failure({ port: server.port, tls: plain })).detail, /standard_conforming_strings/)
})

test('a server that lets us in in the middle of SCRAM is refused', async () => {
  const server = await scriptedServer([authenticationRequest(10, Buffer.from('SCRAM-SHA-256\0\0')), greeting()])
  const { code, detail } = await failure({ port: server.port, tls: plain })
  assert.equal(code, 'SERVER_BAD')
  assert.match(detail, /before SCRAM was through/)
})

for (const [name, answer] of [
  ['an unknown authentication request', authenticationRequest(99)],
  ['GSSAPI', authenticationRequest(7)],
  ['a mechanism that is not supported', authenticationRequest(10, Buffer.from('OAUTHBEARER\0\0'))],
  ['a SASL step without a beginning', authenticationRequest(11, Buffer.from('r=x'))],
  ['a message of negative length', Buffer.from([0x52, 0xff, 0xff, 0xff, 0xff])],
  ['a message of 2 GB', Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff])],
  ['a DataRow', Buffer.from([0x44, 0, 0, 0, 4])],
  ['ReadyForQuery before it let us in', Buffer.from([0x5a, 0, 0, 0, 5, 0x49])],
  ['bytes behind the greeting', Buffer.concat([greeting(), Buffer.from('x')])],
  ['the end', 'close'],
] as const) {
  test(`a server that answers the startup with ${name} is an error, not a crash`, async () => {
    const server = await scriptedServer([answer, 'silence'])
    assert.match((await failure({ port: server.port, tls: plain })).code, /^SERVER_(BAD|REFUSED|LOST)$|^BAD_FRAME$/)
  })
}

test('a server that says nothing is given up on in time', async () => {
  const server = await scriptedServer(['silence'])
  const startedAt = performance.now()
  assert.equal(
    (await failure({ port: server.port, tls: plain, server: { connectTimeoutMs: 300 } })).code,
    'SERVER_UNREACHABLE',
  )
  assert.ok(performance.now() - startedAt < 8_000)
})

for (const [sqlstate, code] of [
  ['53300', 'SERVER_FULL'],
  ['57P03', 'SERVER_NOT_READY'],
  ['3D000', 'SERVER_REFUSED'],
  ['28000', 'SERVER_REFUSED'],
] as const) {
  test(`a server's ${sqlstate} at startup is ${code}`, async () => {
    const refusal = encodeErrorResponse({ severity: 'FATAL', code: sqlstate, message: 'internal words' })
    const server = await scriptedServer([refusal])
    const { code: got, detail } = await failure({ port: server.port, tls: plain })
    assert.equal(got, code)
    assert.match(detail, /internal words/)
  })
}

test('the next host is tried where one does not answer', async () => {
  const closed = await scriptedServer(['close'])
  const connection = await connect({ ports: [1, closed.port, postgres.port], tls: plain })
  assert.equal(connection.address.port, postgres.port)
  connection.close()
})

const primary = () => scriptedServer([greeting(), 'silence'])
const standby = () => scriptedServer([greeting({ in_hot_standby: 'on' }), 'silence'])

for (const [attrs, expected] of [
  ['any', 'standby'],
  ['primary', 'primary'],
  ['read-write', 'primary'],
  ['standby', 'standby'],
  ['read-only', 'standby'],
  ['prefer-standby', 'standby'],
] as const) {
  test(`target_session_attrs: ${attrs} takes the ${expected}`, async () => {
    const ports = { standby: (await standby()).port, primary: (await primary()).port }
    const connection = await connect({
      ports: [ports.standby, ports.primary],
      tls: plain,
      server: { targetSessionAttrs: attrs },
    })
    assert.equal(connection.address.port, ports[expected])
    connection.close()
  })
}

test('prefer-standby takes a primary where there is no standby', async () => {
  const { port } = await primary()
  const connection = await connect({ port, tls: plain, server: { targetSessionAttrs: 'prefer-standby' } })
  assert.equal(connection.address.port, port)
  connection.close()
})

test('no host that fits is unreachable, with each one’s reason', async () => {
  const { port } = await standby()
  const { code, detail } = await failure({ ports: [port, 1], tls: plain, server: { targetSessionAttrs: 'primary' } })
  assert.equal(code, 'SERVER_UNREACHABLE')
  assert.match(detail, /is a standby.*refused/)
})
