import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeSaslInitialResponse, encodeSaslResponse } from '../../src/wire/authentication.ts'
import { MessageWriter } from '../../src/wire/message-writer.ts'
import { startDoor } from '../support/door.ts'
import { libpq, libpqMissing } from '../support/libpq.ts'
import type { RawClient } from '../support/raw-client.ts'

// RFC 7628 as PostgreSQL 18 reads it (auth-sasl.c, auth-oauth.c), over the real door.
const door = await startDoor()

async function atSasl(): Promise<RawClient> {
  const client = await door.connect()
  client.startup()
  const offer = await client.next()
  assert.equal(offer.body.toString('latin1', 4), 'OAUTHBEARER\0\0')
  return client
}

const initial = (text: string) => encodeSaslInitialResponse('OAUTHBEARER', Buffer.from(text, 'latin1'))
const challengeOf = (body: Buffer) => JSON.parse(body.toString('utf8', 4))

test('section 4.3: an empty token is answered with where to get one', async () => {
  const client = await atSasl()
  client.send(initial('n,,\x01auth=\x01\x01'))
  const challenge = await client.next()
  assert.equal(challenge.body.readInt32BE(0), 11)
  assert.deepEqual(challengeOf(challenge.body), {
    status: 'invalid_token',
    'openid-configuration': `${door.issuer.url}/.well-known/openid-configuration`,
    scope: 'openid orders:read',
  })
  client.send(encodeSaslResponse(Buffer.from([1])))
  assert.equal((await client.next()).code, '28000')
  client.close()
})

test('section 3.2.3: anything but a kvsep after the challenge is a violation', async () => {
  for (const dummy of ['', '\x01\x01', 'x']) {
    const client = await atSasl()
    client.send(initial('n,,\x01auth=\x01\x01'))
    await client.next()
    client.send(encodeSaslResponse(Buffer.from(dummy, 'latin1')))
    assert.equal((await client.next()).code, '08P01', JSON.stringify(dummy))
    client.close()
  }
})

test('a second token after the challenge is not looked at', async () => {
  const client = await atSasl()
  client.send(initial('n,,\x01auth=\x01\x01'))
  await client.next()
  client.send(encodeSaslResponse(Buffer.from(`n,,\x01auth=Bearer ${await door.issuer.mint()}\x01\x01`)))
  assert.equal((await client.next()).code, '08P01')
  client.close()
})

test('a missing initial response is asked for with an empty challenge', async () => {
  const client = await atSasl()
  client.send(new MessageWriter().begin('p').cstring('OAUTHBEARER').int32(-1).end().finish())
  const challenge = await client.next()
  assert.equal(challenge.body.length, 4)
  assert.equal(challenge.body.readInt32BE(0), 11)
  client.send(encodeSaslResponse(Buffer.from(`n,,\x01auth=Bearer ${await door.issuer.mint()}\x01\x01`)))
  assert.equal((await client.until('Z', 'E')).at(-1)?.tag, 'Z')
  client.close()
})

test('an empty initial response is malformed', async () => {
  const client = await atSasl()
  client.send(initial(''))
  assert.equal((await client.next()).code, '08P01')
  client.close()
})

for (const mechanism of ['SCRAM-SHA-256', 'oauthbearer', 'OAUTHBEARER-PLUS', '']) {
  test(`mechanism ${JSON.stringify(mechanism)} is a violation`, async () => {
    const client = await atSasl()
    client.send(encodeSaslInitialResponse(mechanism, Buffer.from('n,,\x01auth=\x01\x01')))
    assert.equal((await client.next()).code, '08P01')
    client.close()
  })
}

for (const [name, message, code] of [
  ['channel binding', 'p=tls-server-end-point,,\x01auth=Bearer x\x01\x01', '08P01'],
  ['an authorization identity', 'n,a=ada,\x01auth=Bearer x\x01\x01', '0A000'],
  ['no auth pair', 'n,,\x01\x01', '08P01'],
  ['bytes behind the end', 'n,,\x01auth=Bearer x\x01\x01x', '08P01'],
  ['a NUL inside', 'n,,\x01auth=Bearer x\x01\x01\0', '08P01'],
] as const) {
  test(`an initial response with ${name} is refused with ${code}`, async () => {
    const client = await atSasl()
    client.send(initial(message))
    assert.equal((await client.next()).code, code)
    client.close()
  })
}

test('a header that is no Bearer token is refused as a bad token', async () => {
  const client = await atSasl()
  client.send(initial('n,,\x01auth=Basic dTpw\x01\x01'))
  assert.equal(challengeOf((await client.next()).body).status, 'invalid_token')
  client.close()
})

test('another message than p is a violation', async () => {
  const client = await atSasl()
  client.send(Buffer.from('Q\0\0\0\x05\0', 'latin1'))
  assert.equal((await client.next()).code, '08P01')
  client.close()
})

test('a SASL message whose length word says 65,535 is read, one of 65,536 is refused at its header', async () => {
  const overhead = initial('').length - 1
  for (const [bytes, expected] of [
    [65_535, 'R'],
    [65_536, 'E'],
  ] as const) {
    const client = await atSasl()
    const frame = 'n,,\x01auth=Bearer '.length + 2
    const token = 'x'.repeat(bytes - overhead - frame)
    client.send(initial(`n,,\x01auth=Bearer ${token}\x01\x01`))
    assert.equal((await client.next()).tag, expected, String(bytes))
    client.close()
  }
})

test('the scheme is compared without case, and spaces before the token are skipped', async () => {
  const client = await atSasl()
  client.send(initial(`n,,\x01auth=bEARER   ${await door.issuer.mint()}\x01\x01`))
  assert.equal((await client.until('Z', 'E')).at(-1)?.tag, 'Z')
  client.close()
})

const conninfo = (extra: string) =>
  `host=127.0.0.1 port=${door.port} dbname=app user=ada sslmode=require oauth_issuer=${door.issuer.url} oauth_client_id=pgoauth ${extra}`

test('libpq 18 finds the issuer by our challenge and logs in with what its hook gives', {
  skip: libpqMissing,
}, async () => {
  const result = await libpq(conninfo(''), { token: await door.issuer.mint() })
  assert.equal(result.error, '')
  assert.deepEqual(result.asked, [
    { openid_configuration: `${door.issuer.url}/.well-known/openid-configuration`, scope: 'openid orders:read' },
  ])
  assert.equal(result.value, 'analyst')
})

test('libpq 18 over direct TLS', { skip: libpqMissing }, async () => {
  const result = await libpq(conninfo('sslnegotiation=direct'), { token: await door.issuer.mint() })
  assert.equal(result.value, 'analyst')
})

test('libpq 18 with protocol 3.2', { skip: libpqMissing }, async () => {
  const result = await libpq(conninfo('min_protocol_version=3.2 max_protocol_version=latest'), {
    token: await door.issuer.mint(),
  })
  assert.equal(result.value, 'analyst')
})

test('libpq 18 with a bad token reads our one sentence', { skip: libpqMissing }, async () => {
  const result = await libpq(conninfo(''), { token: 'bad' })
  assert.equal(result.connected, false)
  assert.match(result.error, /token was refused/)
})

test('libpq 18 does not follow us to an issuer that it was not told of', { skip: libpqMissing }, async () => {
  const other = conninfo('').replace(`oauth_issuer=${door.issuer.url}`, 'oauth_issuer=https://id.example.com')
  const result = await libpq(other, { token: await door.issuer.mint() })
  assert.equal(result.connected, false)
  assert.deepEqual(result.asked, [])
})
