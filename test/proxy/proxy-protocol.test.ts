import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readProxyHeader } from '../../src/proxy/proxy-protocol.ts'
import { startDoor } from '../support/door.ts'
import { RawClient } from '../support/raw-client.ts'

const read = (bytes: Buffer | string) => readProxyHeader(Buffer.from(bytes as string, 'latin1'))
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const v2 = (version: number, family: number, body: Buffer, length = body.length) =>
  Buffer.concat([SIGNATURE, Buffer.from([version, family, length >> 8, length & 0xff]), body])
const V4 = Buffer.from('c0000201c00002021f905432', 'hex')

test('version 1 carries an IPv4 address', () => {
  const header = read('PROXY TCP4 192.0.2.1 192.0.2.2 8080 5432\r\nrest')
  assert.deepEqual(header?.value, { kind: 'proxied', address: '192.0.2.1', port: 8080 })
  assert.equal(header?.rest.toString(), 'rest')
})

test('version 1 carries an IPv6 address', () => {
  assert.deepEqual(read('PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n')?.value, {
    kind: 'proxied',
    address: '2001:db8::1',
    port: 1,
  })
})

test('version 1 UNKNOWN is the balancer’s own connection', () => {
  assert.deepEqual(read('PROXY UNKNOWN ffff::1 x 1 2\r\n')?.value, { kind: 'local' })
})

test('version 2 carries an IPv4 address, and its TLVs are passed over', () => {
  const header = readProxyHeader(
    Buffer.concat([v2(0x21, 0x11, Buffer.concat([V4, Buffer.from('04000161', 'hex')])), Buffer.from('rest')]),
  )
  assert.deepEqual(header?.value, { kind: 'proxied', address: '192.0.2.1', port: 8080 })
  assert.equal(header?.rest.toString(), 'rest')
})

test('version 2 carries an IPv6 address', () => {
  const body = Buffer.alloc(36)
  body[15] = 1
  body.writeUInt16BE(77, 32)
  assert.deepEqual(readProxyHeader(v2(0x21, 0x21, body))?.value, {
    kind: 'proxied',
    address: '0:0:0:0:0:0:0:1',
    port: 77,
  })
})

test('version 2 LOCAL is the balancer’s own connection', () => {
  assert.deepEqual(readProxyHeader(v2(0x20, 0, Buffer.alloc(0)))?.value, { kind: 'local' })
})

test('a header is waited for at every split point', () => {
  for (const whole of [Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 8080 5432\r\n'), v2(0x21, 0x11, V4)]) {
    for (let at = 1; at < whole.length; at++) assert.equal(readProxyHeader(whole.subarray(0, at)), undefined)
    assert.ok(readProxyHeader(whole))
  }
})

for (const [name, bytes] of [
  ['a startup packet', Buffer.from('0000000804d2162f', 'hex')],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
  ['an address that is none', Buffer.from('PROXY TCP4 999.0.2.1 192.0.2.2 1 2\r\n')],
  ['an IPv6 address as TCP4', Buffer.from('PROXY TCP4 ::1 ::1 1 2\r\n')],
  ['a port that is none', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 99999 2\r\n')],
  ['a port with a sign', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n')],
  ['a word too many', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n')],
  ['two spaces', Buffer.from('PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n')],
  ['a line without its end', Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`)],
  ['version 3', v2(0x31, 0x11, V4)],
  ['an unknown command', v2(0x22, 0x11, V4)],
  ['UDP', v2(0x21, 0x12, V4)],
  ['a Unix socket', v2(0x21, 0x31, Buffer.alloc(216))],
  ['an address that is cut short', v2(0x21, 0x11, V4.subarray(0, 8))],
  ['60 KB of addresses', v2(0x21, 0x11, Buffer.alloc(0), 60_000)],
] as const) {
  test(`refused: ${name}`, () => assert.throws(() => readProxyHeader(bytes), { code: 'BAD_STARTUP' }))
}

const door = await startDoor({
  proxyYaml: (text) =>
    text.replace('auth: oauthbearer }', 'auth: oauthbearer, proxy_protocol: { from: [127.0.0.2/32] } }'),
})

test('the carried address is the one in audit and log', async () => {
  // The far side of our own connections is 127.0.0.1 unless a socket is bound elsewhere.
  const { connect } = await import('node:net')
  const socket = connect({ host: '127.0.0.1', port: door.port, localAddress: '127.0.0.2' })
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write('PROXY TCP4 203.0.113.9 192.0.2.2 8080 5432\r\n')
  socket.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
  await new Promise((resolve) => socket.once('close', resolve).resume())
  assert.ok(door.logs.some(({ client_address }) => client_address === '203.0.113.9'))
})

test('from a network that is not named, a header is not read', async () => {
  const client = await RawClient.connect(door.port, {
    tls: 'none',
    before: Buffer.from('PROXY TCP4 203.0.113.10 192.0.2.2 1 2\r\n'),
  })
  assert.equal((await client.next()).tag, 'E')
  assert.ok(!door.logs.some(({ client_address }) => client_address === '203.0.113.10'))
  client.close()
})

test('from a network that is not named, clients connect without one', async () => {
  assert.equal(await door.outcome(), 'ok')
})
