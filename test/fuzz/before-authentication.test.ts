import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgoauthError } from '../../src/base/errors.ts'
import { readProxyConfig } from '../../src/config/proxy-config-file.ts'
import { readProxyHeader } from '../../src/proxy/proxy-protocol.ts'
import { readStartupParameters } from '../../src/proxy/startup-settings.ts'
import { decodeErrorChallenge, decodeInitialResponse } from '../../src/sasl/oauthbearer.ts'
import { ScramServer } from '../../src/sasl/scram.ts'
import { parsePasswordMessage, parseSaslInitialResponse } from '../../src/wire/authentication.ts'
import { encodeStartupMessage, readFirstPacket } from '../../src/wire/startup.ts'
import { Random, testSeed } from '../support/random.ts'

// Everything that is read of a client before it is known: any bytes are an answer or one of our errors, soon.
const SECONDS = Number(process.env.PGOAUTH_FUZZ_SECONDS ?? 2)
/** No reader may take longer than this for what fits into a handshake. */
const SLOW_MS = 250

const verifier = { salt: Buffer.alloc(16), iterations: 4096, storedKey: Buffer.alloc(32), serverKey: Buffer.alloc(32) }

const READERS: Record<string, { seeds: Buffer[]; read: (bytes: Buffer) => void }> = {
  'the first packet': {
    seeds: [
      encodeStartupMessage({ major: 3, minor: 0 }, [
        ['user', 'ada'],
        ['options', '-c work_mem=1MB --x-y=z'],
      ]),
      Buffer.from('000000080 4d2162f'.replace(' ', ''), 'hex'),
      Buffer.from('0000001004d2162e0000000100000002', 'hex'),
    ],
    read(bytes) {
      const read = readFirstPacket(bytes)
      if (read?.packet.kind === 'startup') readStartupParameters(read.packet.parameters)
    },
  },
  'startup parameters': {
    seeds: [Buffer.from('-c\\ a=b -c search_path="a","b" --x=y\\'), Buffer.from('"a"'.repeat(500))],
    read(bytes) {
      const text = bytes.toString('latin1')
      readStartupParameters(
        new Map([
          ['user', 'x'],
          ['options', text],
        ]),
      )
      readStartupParameters(
        new Map([
          ['user', 'x'],
          ['search_path', text],
        ]),
      )
    },
  },
  'the PROXY protocol': {
    seeds: [
      Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 8080 5432\r\n'),
      Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201c00002021f905432', 'hex'),
    ],
    read: (bytes) => void readProxyHeader(bytes),
  },
  'a SASLInitialResponse': {
    seeds: [Buffer.from('OAUTHBEARER\0\0\0\0\x05n,,\x01\x01', 'latin1')],
    read: (bytes) => void parseSaslInitialResponse(bytes),
  },
  'an OAUTHBEARER response': {
    seeds: [
      Buffer.from('n,,\x01auth=Bearer abc.def\x01host=x\x01\x01', 'latin1'),
      Buffer.from('n,,\x01auth=\x01\x01', 'latin1'),
    ],
    read: (bytes) => void decodeInitialResponse(bytes),
  },
  'an error challenge': {
    seeds: [Buffer.from('{"status":"invalid_token","scope":"a b","openid-configuration":"https://x"}')],
    read: (bytes) => void decodeErrorChallenge(bytes),
  },
  'a password': { seeds: [Buffer.from('secret\0')], read: (bytes) => void parsePasswordMessage(bytes) },
  'SCRAM, the server’s side': {
    seeds: [Buffer.from('n,,n=,r=abcdef'), Buffer.from('c=biws,r=abcdefxyz,p=AAAA')],
    read(bytes) {
      const server = new ScramServer(verifier, 'xyz')
      try {
        server.first(bytes)
      } catch (error) {
        if (!(error instanceof PgoauthError)) throw error
      }
      new ScramServer(verifier, 'xyz').first(Buffer.from('n,,n=,r=abcdef'))
      server.finish(bytes)
    },
  },
  'a configuration file': {
    seeds: [Buffer.from('listen: [{ address: "0.0.0.0:1" }]\nissuers: [{ issuer: https://x, audience: y }]\n')],
    read: (bytes) => void readProxyConfig('proxy.yaml', bytes.toString('utf8')),
  },
}

for (const [name, { seeds, read }] of Object.entries(READERS)) {
  test(`any bytes: ${name}`, (context) => {
    const seed = testSeed()
    const random = new Random(seed)
    const endAt = performance.now() + SECONDS * 1000
    let runs = 0
    for (; performance.now() < endAt; runs++) {
      const bytes = mutate(random.pick(seeds), random)
      let ms = timed(read, bytes, `seed ${seed}, run ${runs}`)
      // On a busy machine anything may be slow once; what is slow by itself is slow each time.
      for (let again = 0; again < 4 && ms >= SLOW_MS; again++) ms = Math.min(ms, timed(read, bytes, `seed ${seed}`))
      assert.ok(ms < SLOW_MS, `seed ${seed}, run ${runs}: ${ms.toFixed(0)} ms for ${bytes.length} bytes`)
    }
    context.diagnostic(`${runs} inputs, seed ${seed}`)
  })
}

/** A few changes of one of the seeds: flipped, cut, repeated, spliced, or wholly random bytes. */
function mutate(seed: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(seed)
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(bytes.length + 1)
    switch (random.below(6)) {
      case 0:
        if (at < bytes.length) bytes[at] = random.below(256)
        break
      case 1:
        bytes = bytes.subarray(0, at)
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), random.bytes(random.below(20)), bytes.subarray(at)])
        break
      case 3: {
        const piece = bytes.subarray(at, at + random.below(8))
        const repeated = Array.from({ length: random.below(200) }, () => piece)
        bytes = Buffer.concat([bytes.subarray(0, at), ...repeated, bytes.subarray(at)])
        break
      }
      case 4:
        bytes = Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)])
        break
      default:
        if (random.below(10) === 0) bytes = random.bytes(random.below(5_000))
    }
  }
  return Buffer.from(bytes.subarray(0, 9_000))
}

/** Milliseconds that reading takes; any error but one of ours fails the test. */
function timed(read: (bytes: Buffer) => void, bytes: Buffer, about: string): number {
  const startedAt = performance.now()
  try {
    read(bytes)
  } catch (error) {
    const expected = error instanceof PgoauthError && error.code !== 'INTERNAL'
    assert.ok(expected, `${about}, ${bytes.toString('hex')}: ${String(error)}`)
  }
  return performance.now() - startedAt
}
