import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDoor } from '../support/door.ts'
import { Random, testSeed } from '../support/random.ts'
import { newForgeKey, signTexts } from '../support/token-forge.ts'

/**
 * Rounds until medians agree, and at most: a machine with other work to do is noisy, a difference that is there stays.
 * PGOAUTH_TIMING_ROUNDS=2000 for a full measure without early end.
 */
const LONG = Number(process.env.PGOAUTH_TIMING_ROUNDS ?? 0)
const [LEAST_ROUNDS, MOST_ROUNDS] = LONG > 0 ? [LONG, LONG] : [40, 240]
/** Whatever is larger. */
const MAX_SHARE = 0.05
const MAX_MS = 0.05

const door = await startDoor({
  proxyYaml: (text) => `${text}limits: { token_failures: 1000000, handshake_rate: 1000000 }\n`,
})
const attacker = newForgeKey('ES256', String(door.issuer.keys[0]?.kid))
const nowSeconds = Math.floor(Date.now() / 1000)

/** What is wrong with a login that nobody is to tell from another by its duration. Each token is a new one. */
const CAUSES: Readonly<Record<string, () => Promise<string>>> = {
  'no JWT': async () => `opaque${Math.random()}`,
  'a bad signature': async () => {
    const claims = {
      iss: door.issuer.url,
      sub: 'ada',
      aud: 'postgres://test',
      jti: Math.random(),
      exp: nowSeconds + 900,
    }
    const header = { alg: 'ES256', typ: 'at+jwt', kid: attacker.kid }
    return signTexts(JSON.stringify(header), JSON.stringify(claims), attacker)
  },
  'an unknown key': () => door.issuer.mint({}, { kid: `invented${Math.random()}` }),
  'another issuer': () => door.issuer.mint({ iss: 'https://evil.example' }),
  'another audience': () => door.issuer.mint({ aud: 'other' }),
  expired: () => door.issuer.mint({ exp: nowSeconds - 100 }),
  'no role': () => door.issuer.mint({ sub: 'nobody' }),
  'a role without the service’s membership': () => door.issuer.mint({ sub: 'stranger' }),
  'a role that does not exist': () => door.issuer.mint({ sub: 'nowhere' }),
}

const random = new Random(testSeed())
const took = new Map(Object.keys(CAUSES).map((cause) => [cause, [] as number[]]))

test('refusals take as long as each other, whatever the cause', async (context) => {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    for (const [cause, make] of Object.entries(CAUSES).sort(() => random.next() - 0.5)) {
      const ms = await refuse(await make())
      // The first ones load code.
      if (round >= 3) took.get(cause)?.push(ms)
    }
    if (round >= LEAST_ROUNDS && isEven()) break
  }
  for (const [cause, times] of took) context.diagnostic(`${median(times).toFixed(3)} ms: ${cause} (${times.length})`)
  assert.ok(isEven())
})

async function refuse(token: string): Promise<number> {
  const client = await door.connect()
  const started = performance.now()
  const last = (await client.login(token)).at(-1)
  const ms = performance.now() - started
  client.close()
  assert.equal(last?.code, '28000')
  return ms
}

function isEven(): boolean {
  const medians = [...took.values()].map(median)
  const fastest = Math.min(...medians)
  return Math.max(...medians) - fastest <= Math.max(MAX_MS, fastest * MAX_SHARE)
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
