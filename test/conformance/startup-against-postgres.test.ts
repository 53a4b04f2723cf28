import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeCancelRequest,
  encodeGssencRequest,
  encodeSslRequest,
  encodeStartupMessage,
} from '../../src/wire/startup.ts'
import { startDoor } from '../support/door.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { RawClient, type RawOptions } from '../support/raw-client.ts'

// The same bytes to PostgreSQL 18 itself and to the proxy: what opens a connection there opens one here, and what does
// not there does not here (backend_startup.c). PostgreSQL closes without a word in some places where the proxy says 08P01.
const door = await startDoor({ proxyYaml: (text) => `${text}limits: { handshake_rate: 100000 }\n` })
const postgres = await startTestPostgres({
  tls: door.certificates.server,
  prepare: 'create role anybody; create role app',
})

type Step = Buffer | 'S' | 'N' | 'tls' | 'end'

/** What comes back for these steps, a word each. A letter is an answer of one byte that is waited for. */
async function transcript(port: number, tls: RawOptions['tls'], steps: readonly Step[]): Promise<string> {
  const client = await RawClient.connect(port, { tls: tls ?? 'none' })
  const heard: string[] = []
  try {
    for (const step of steps) {
      if (typeof step === 'object') client.send(step)
      else if (step === 'tls') await client.startTls()
      else if (step === 'end') client.end()
      else if (heard.push(await client.byte()) && heard.at(-1) !== step) return heard.join(' ')
    }
    let { tag, body, code } = await client.next()
    if (tag === 'v') {
      heard.push(`v${body.readInt32BE(0) & 0xffff}:${body.toString('latin1', 8).replaceAll('\0', '|')}`)
      ;({ tag, code } = await client.next())
    }
    heard.push(tag === 'R' ? 'asks for a token or password' : (code ?? tag))
  } finally {
    client.close()
  }
  return heard.join(' ').replace(/closed$/, '08P01')
}

const start = (parameters: Record<string, string> = {}, minor = 0, major = 3) =>
  encodeStartupMessage({ major, minor }, Object.entries({ user: 'anybody', database: 'app', ...parameters }))
const packet = (version: number, rest: Buffer | string, length?: number) => {
  const body = Buffer.from(rest)
  const head = Buffer.alloc(8)
  head.writeInt32BE(length ?? body.length + 8, 0)
  head.writeInt32BE(version, 4)
  return Buffer.concat([head, body])
}
const V3 = 3 << 16
const ofLength = (bytes: number) =>
  start({ application_name: 'x'.repeat(bytes - start({ application_name: '' }).length) })

const WITHIN_TLS: Record<string, Step[]> = {
  'protocol 3.0': [start()],
  'protocol 3.1': [start({}, 1)],
  'protocol 3.2': [start({}, 2)],
  'protocol 3.3': [start({}, 3)],
  'protocol 3.9999': [start({}, 9999)],
  'protocol 4.0': [start({}, 0, 4)],
  'a request code that nobody knows': [packet((1234 << 16) | 5681, '')],
  'no user': [encodeStartupMessage({ major: 3, minor: 0 }, [['database', 'app']])],
  'no user, of a newer client': [encodeStartupMessage({ major: 3, minor: 7 }, [['database', 'app']])],
  'an empty user': [start({ user: '' })],
  'no database': [encodeStartupMessage({ major: 3, minor: 0 }, [['user', 'app']])],
  'nothing but the version': [packet(V3, '')],
  'no parameters': [packet(V3, '\0')],
  'unknown protocol options': [start({ '_pq_.one': '1', '_pq_.two': '' })],
  'an unknown protocol option of a newer client': [start({ '_pq_.grease': '' }, 9999)],
  'replication=false': [start({ replication: 'false' })],
  'replication=OFF': [start({ replication: 'OFF' })],
  'replication=0': [start({ replication: '0' })],
  // Values of `replication` that are none: nonsense was answered with 0A000 here, as if it had been asked for.
  ...Object.fromEntries(
    ['nonsense', '', 'o', 'truely', 'Database', 'data', '2', '01', ' true', 'of f', 'f', 'NO', 'of'].map((value) => [
      `replication=${JSON.stringify(value)}`,
      [start({ replication: value })],
    ]),
  ),
  '10,000 bytes': [ofLength(10_000)],
  '10,004 bytes': [ofLength(10_004)],
  '10,005 bytes': [ofLength(10_005)],
  'a length of 0': [packet(V3, '', 0)],
  'a length of 7': [packet(V3, '', 7)],
  'a negative length': [packet(V3, '', -8)],
  'a name without a value': [packet(V3, 'user\0anybody\0database\0')],
  'a value without its end': [packet(V3, 'user\0anybody')],
  'no end of the parameters': [packet(V3, 'user\0anybody\0')],
  'bytes behind the end': [packet(V3, 'user\0anybody\0\0x')],
  'a second SSLRequest': [encodeSslRequest()],
  'a GSSENCRequest': [encodeGssencRequest()],
  'a CancelRequest': [encodeCancelRequest(1, Buffer.alloc(4)), 'end'],
}

const WITHIN_DIRECT_TLS: Record<string, Step[]> = {
  'a startup': [start()],
  'an SSLRequest, then a startup': [encodeSslRequest(), 'N', start()],
  'a GSSENCRequest, then a startup': [encodeGssencRequest(), 'N', start()],
  'both, then a startup': [encodeGssencRequest(), 'N', encodeSslRequest(), 'N', start()],
  'two SSLRequests': [encodeSslRequest(), 'N', encodeSslRequest()],
}

const IN_CLEAR: Record<string, Step[]> = {
  'a CancelRequest with a key of 256 bytes': [encodeCancelRequest(1, Buffer.alloc(256)), 'end'],
  'GSSENCRequest, SSLRequest, TLS, startup': [encodeGssencRequest(), 'N', encodeSslRequest(), 'S', 'tls', start({}, 2)],
  'two GSSENCRequests': [encodeGssencRequest(), 'N', encodeGssencRequest()],
  'half a length': [Buffer.from([0, 0]), 'end'],
  'half a packet': [start().subarray(0, 20), 'end'],
  nothing: ['end'],
}

for (const [place, tls, cases] of [
  ['within TLS', 'ssl', WITHIN_TLS],
  ['within direct TLS', 'direct', WITHIN_DIRECT_TLS],
  ['in clear', 'none', IN_CLEAR],
] as const) {
  for (const [name, steps] of Object.entries(cases)) {
    test(`as PostgreSQL answers it, ${place}: ${name}`, async () => {
      const theirs = await transcript(postgres.port, tls, steps)
      assert.equal(await transcript(door.port, tls, steps), theirs)
    })
  }
}
