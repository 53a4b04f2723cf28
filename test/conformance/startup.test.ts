import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import {
  encodeCancelRequest,
  encodeGssencRequest,
  encodeSslRequest,
  encodeStartupMessage,
} from '../../src/wire/startup.ts'
import { startDoor } from '../support/door.ts'
import { superuserQuery } from '../support/postgres.ts'
import { RawClient } from '../support/raw-client.ts'
import { eventually } from '../support/tunnel.ts'

// The chapter "Start-up" of the PostgreSQL manual (54.2.1), and 54.2.9 and 54.2.10 on encryption.
const door = await startDoor()
const plain = () => RawClient.connect(door.port, { tls: 'none' })

test('a good token opens a session on the mapped role', async () => {
  const client = await door.session()
  assert.deepEqual(await client.query('select current_user'), {
    rows: [['analyst']],
    error: undefined,
    text: undefined,
  })
  client.close()
})

test('AuthenticationOk, ParameterStatus, BackendKeyData and ReadyForQuery come in this order', async () => {
  const client = await door.connect()
  const tags = (await client.login(await door.issuer.mint())).map(({ tag }) => tag).join('')
  assert.match(tags, /^RS+KZ$/)
  client.close()
})

test('SSLRequest is answered with S, and TLS follows', async () => {
  assert.equal(await door.outcome({ raw: { tls: 'ssl' } }), 'ok')
})

test('direct TLS with ALPN postgresql is served', async () => {
  assert.equal(await door.outcome({ raw: { tls: 'direct' } }), 'ok')
})

test('direct TLS without ALPN is refused', async () => {
  const client = await RawClient.connect(door.port, { tls: 'direct', alpn: [] })
  client.startup()
  assert.equal((await client.next()).tag, 'E')
  client.close()
})

test('direct TLS with another ALPN fails in the TLS handshake', async () => {
  await assert.rejects(RawClient.connect(door.port, { tls: 'direct', alpn: ['http/1.1'] }))
})

test('GSSENCRequest is answered with N, and SSLRequest may follow', async () => {
  const client = await plain()
  client.send(encodeGssencRequest())
  assert.equal(await client.byte(), 'N')
  client.send(encodeSslRequest())
  assert.equal(await client.byte(), 'S')
  await client.startTls()
  assert.equal((await client.login(await door.issuer.mint())).at(-1)?.tag, 'Z')
  client.close()
})

test('a second GSSENCRequest is refused', async () => {
  const client = await plain()
  client.send(encodeGssencRequest())
  assert.equal(await client.byte(), 'N')
  client.send(encodeGssencRequest())
  assert.equal((await client.next()).code, '0A000')
  client.close()
})

test('a second SSLRequest within TLS, and a GSSENCRequest, are refused', async () => {
  for (const request of [encodeSslRequest(), encodeGssencRequest()]) {
    const client = await door.connect()
    client.send(request)
    assert.equal((await client.next()).code, '0A000')
    client.close()
  }
})

test('within direct TLS an SSLRequest and a GSSENCRequest are declined once each, as by PostgreSQL', async () => {
  const client = await RawClient.connect(door.port, { tls: 'direct' })
  for (const request of [encodeSslRequest(), encodeGssencRequest()]) {
    client.send(request)
    assert.equal(await client.byte(), 'N')
  }
  assert.equal((await client.login(await door.issuer.mint())).at(-1)?.tag, 'Z')
  client.close()
  const again = await RawClient.connect(door.port, { tls: 'direct' })
  again.send(encodeSslRequest())
  assert.equal(await again.byte(), 'N')
  again.send(encodeSslRequest())
  assert.equal((await again.next()).code, '0A000')
  again.close()
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a driver that tries to resume its ${version} session is given a whole handshake, not an error`, async () => {
    const tls = { minVersion: version, maxVersion: version, ALPNProtocols: ['postgresql'], rejectUnauthorized: false }
    let session: Buffer | undefined
    for (let time = 0; time < 2; time++) {
      const socket = connectTls({ port: door.port, host: '127.0.0.1', ...tls, ...(session && { session }) })
      socket.on('session', (given) => {
        session = given
      })
      await once(socket, 'secureConnect')
      assert.equal(socket.isSessionReused(), false)
      // TLS 1.3 gives its sessions behind the handshake: the answer to a startup comes after them.
      socket.write(encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'ada']]))
      const [answer] = await once(socket, 'data')
      assert.equal(String.fromCharCode((answer as Buffer)[0] ?? 0), 'R')
      socket.destroy()
    }
    assert.ok(session)
  })
}

test('TLS 1.2 is not renegotiated', async () => {
  const socket = connectTls({
    port: door.port,
    host: '127.0.0.1',
    maxVersion: 'TLSv1.2',
    ALPNProtocols: ['postgresql'],
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const failed = once(socket, 'error')
  socket.renegotiate({}, () => {})
  assert.match(String((await failed)[0]), /no renegotiation/)
})

test('bytes sent ahead of the answer to SSLRequest are refused', async () => {
  const client = await plain()
  client.send(encodeSslRequest(), Buffer.from('smuggled'))
  assert.equal((await client.next()).code, '08P01')
  client.close()
})

test('bytes sent ahead of the answer to GSSENCRequest are refused', async () => {
  const client = await plain()
  client.send(encodeGssencRequest(), Buffer.from('smuggled'))
  assert.equal((await client.next()).code, '08P01')
  client.close()
})

test('a plain startup behind the S of SSLRequest is not read', async () => {
  const client = await plain()
  client.send(encodeSslRequest())
  assert.equal(await client.byte(), 'S')
  client.startup()
  const answer = await client.rest()
  assert.ok(!answer.includes('OAUTHBEARER'))
  assert.equal(await door.outcome(), 'ok')
})

test('a plain startup behind the N of GSSENCRequest is refused as any other', async () => {
  const client = await plain()
  client.send(encodeGssencRequest())
  assert.equal(await client.byte(), 'N')
  client.startup()
  assert.equal((await client.next()).code, '28000')
  client.close()
})

test('a startup without TLS is refused before any token is asked for', async () => {
  const client = await plain()
  client.startup()
  const answer = await client.next()
  assert.deepEqual([answer.tag, answer.code], ['E', '28000'])
  client.close()
})

test('protocol 3.2 gives a cancel key of 32 bytes, 3.0 one of 4', async () => {
  for (const [minor, bytes] of [
    [0, 4],
    [2, 32],
  ] as const) {
    const client = await door.connect()
    const messages = await client.login(await door.issuer.mint(), {}, { major: 3, minor })
    assert.equal(messages.find(({ tag }) => tag === 'K')?.body.length, 4 + bytes)
    client.close()
  }
})

test('a higher minor is answered with NegotiateProtocolVersion and served with 3.2', async () => {
  const client = await door.connect()
  client.startup({}, { major: 3, minor: 9999 })
  const answer = await client.next()
  assert.equal(answer.tag, 'v')
  assert.equal(answer.body.readInt32BE(0), (3 << 16) | 2)
  assert.equal(answer.body.readInt32BE(4), 0)
  assert.equal((await client.next()).tag, 'R')
  client.close()
})

test('an unknown _pq_ option is named in NegotiateProtocolVersion, and the version stays', async () => {
  const client = await door.connect()
  client.startup({ '_pq_.test_protocol_negotiation': '' })
  const answer = await client.next()
  assert.equal(answer.tag, 'v')
  assert.equal(answer.body.readInt32BE(0), 3 << 16)
  assert.equal(answer.body.readInt32BE(4), 1)
  assert.equal(answer.body.toString('latin1', 8), '_pq_.test_protocol_negotiation\0')
  client.close()
})

test('our own _pq_ option is known, with the value 1 alone', async () => {
  const known = await door.connect()
  known.startup({ '_pq_.pgoauth': '1' })
  assert.equal((await known.next()).tag, 'R')
  known.close()
  const other = await door.connect()
  other.startup({ '_pq_.pgoauth': '2' })
  assert.equal((await other.next()).tag, 'v')
  other.close()
})

for (const major of [0, 1, 2, 4, 5, 1234]) {
  test(`protocol ${major}.0 is unsupported`, async () => {
    const client = await door.connect()
    client.send(encodeStartupMessage({ major, minor: 0 }, [['user', 'x']]))
    assert.equal((await client.next()).code, '0A000')
    client.close()
  })
}

test('a startup without user is refused', async () => {
  const client = await door.connect()
  client.startup({ user: '' })
  assert.equal((await client.next()).code, '28000')
  client.close()
})

test('a parameter that comes twice is refused', async () => {
  const client = await door.connect()
  client.send(
    encodeStartupMessage({ major: 3, minor: 0 }, [
      ['user', 'a'],
      ['user', 'b'],
    ]),
  )
  assert.equal((await client.next()).code, '08P01')
  client.close()
})

test('parameters without their end are refused', async () => {
  const client = await door.connect()
  const packet = encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'a']])
  const cut = Buffer.from(packet.subarray(0, -1))
  cut.writeInt32BE(cut.length, 0)
  client.send(cut)
  assert.equal((await client.next()).code, '08P01')
  client.close()
})

for (const length of [-1, 0, 4, 7, 10_005, 0x7fffffff]) {
  test(`a startup packet that says it has ${length} bytes is refused`, async () => {
    const client = await door.connect()
    const head = Buffer.alloc(8)
    head.writeInt32BE(length, 0)
    client.send(head)
    assert.equal((await client.next()).code, '08P01')
    client.close()
  })
}

test('a startup packet of 10,004 bytes is read, which is PostgreSQL’s bound with the length word', async () => {
  const client = await door.connect()
  const empty = encodeStartupMessage({ major: 3, minor: 0 }, [
    ['application_name', ''],
    ['user', 'a'],
  ])
  const name = 'x'.repeat(10_004 - empty.length)
  client.send(
    encodeStartupMessage({ major: 3, minor: 0 }, [
      ['application_name', name],
      ['user', 'a'],
    ]),
  )
  assert.equal((await client.next()).tag, 'R')
  client.close()
})

test('a newer client without a user is told the version first, then what is missing', async () => {
  const client = await door.connect()
  client.send(encodeStartupMessage({ major: 3, minor: 3 }, [['database', 'app']]))
  assert.equal((await client.next()).tag, 'v')
  assert.equal((await client.next()).code, '28000')
  client.close()
})

for (const value of ['true', 'on', '1', 'yes', 'database', 't', 'y', 'TRUE']) {
  test(`replication=${JSON.stringify(value)} is refused`, async () => {
    const client = await door.connect()
    client.startup({ replication: value })
    assert.equal((await client.next()).code, '0A000')
    client.close()
  })
}

test('replication=false is what every connection is', async () => {
  assert.equal(await door.outcome({ parameters: { replication: 'false' } }), 'ok')
})

test('a CancelRequest is taken without TLS and answered by closing', async () => {
  const client = await plain()
  client.send(encodeCancelRequest(4711, Buffer.alloc(4)))
  assert.equal(await client.rest(), '')
  client.close()
})

test('a cancel key cancels the statement of its own session', async () => {
  const client = await door.connect()
  const token = await door.issuer.mint({ scope: 'db:admin' })
  const key = (await client.login(token)).find(({ tag }) => tag === 'K')?.body ?? Buffer.alloc(0)
  const running = client.query('select pg_sleep(20)')
  const sleepers = "select from pg_stat_activity where state = 'active' and query = 'select pg_sleep(20)'"
  await eventually(async () => (await superuserQuery(door.postgres, sleepers)).rowCount === 1, 'the statement')
  const other = await plain()
  other.send(encodeCancelRequest(key.readInt32BE(0), key.subarray(4)))
  assert.equal((await running).error, '57014')
  assert.equal((await client.query('select 1')).error, undefined)
  client.close()
  other.close()
})

test('a cancel key with a wrong secret cancels nothing', async () => {
  const client = await door.connect()
  const token = await door.issuer.mint({ scope: 'db:admin' })
  const key = (await client.login(token)).find(({ tag }) => tag === 'K')?.body ?? Buffer.alloc(0)
  const running = client.query('select pg_sleep(0.5)')
  const other = await plain()
  const wrong = Buffer.from(key.subarray(4).map((byte) => byte ^ 1))
  other.send(encodeCancelRequest(key.readInt32BE(0), wrong))
  assert.equal(await other.rest(), '')
  assert.equal((await running).error, undefined)
  client.close()
})

test('a client that speaks HTTP is told in HTTP what this port is', async () => {
  const client = await plain()
  client.send(Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'))
  const answer = await client.rest()
  assert.match(answer, /^HTTP\/1\.1 400 /)
  assert.match(answer, /speaks the Postgres protocol/)
})

test('the database of a startup without one is its user', async () => {
  assert.equal(await door.outcome({ parameters: { user: 'app', database: '' } }), 'ok')
})
