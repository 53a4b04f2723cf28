import { startProxied } from '../support/proxied.ts'
import { RawClient } from '../support/raw-client.ts'

/**
 * How long refusals of each cause take, as their client sees it, over interleaved rounds: medians have to lie within 5 %
 * or 50 µs of each other. `node dist/test/bench/refusal-timing.js [ROUNDS]`, on a quiet machine.
 */
const ROUNDS = Number(process.argv[2] ?? 2_000)
/** Clients at once: most of a refusal is waiting. */
const LANES = 6

const proxied = await startProxied({
  databases: { app: '{ mode: session, size: 20 }' },
  policy: `version: 1
roles:
  - { role: analyst, when: { sub: ada } }
  - { role: stranger, when: { sub: stranger } }
  - { role: nowhere, when: { sub: nowhere } }
  - { role: expired, when: { sub: expired } }
  - { role: postgres, when: { sub: superuser } }
scopes: { orders:read: { select: [public.orders] } }
`,
  prepare: `create role analyst nologin; grant analyst to pgoauth_proxy; create role stranger nologin;
create role expired nologin valid until '2000-01-01'; grant expired to pgoauth_proxy;`,
  yaml: 'limits: { token_failures: 1000000, handshake_rate: 100000, clients_per_address: 100000 }\n',
})
try {
  const good = await proxied.token('ada')
  const now = Math.floor(Date.now() / 1000)
  const [head = '', , signature = ''] = good.split('.')
  const other = (await proxied.token('grace')).split('.')[1]
  const causes: Record<string, string> = {
    'not a token': 'nonsense',
    'another issuer': await proxied.token('ada', { iss: 'https://other.example.com' }),
    'a bad signature': `${head}.${other}.${signature}`,
    expired: await proxied.token('ada', { exp: now - 3_600 }),
    'another audience': await proxied.token('ada', { aud: 'https://api.example.com' }),
    'an ID token': await proxied.token('ada', { token_use: 'id' }),
    'no rule yields a role': await proxied.token('nobody'),
    'the role does not exist': await proxied.token('nowhere'),
    'the login is no member of the role': await proxied.token('stranger'),
    'the role is past VALID UNTIL': await proxied.token('expired'),
    'the role is a superuser': await proxied.token('superuser'),
  }
  const names = Object.keys(causes)
  const times = new Map(names.map((name) => [name, [] as number[]]))
  const one = async (name: string, isCounted: boolean) => {
    const client = await RawClient.connect(proxied.port, { tls: 'none' })
    const startedAt = performance.now()
    const last = (await client.login(causes[name])).at(-1)
    const took = performance.now() - startedAt
    client.close()
    if (last?.code !== '28000') throw new Error(`${name}: ${last?.tag} ${last?.code}`)
    if (isCounted) times.get(name)?.push(took)
  }
  const rounds = async (count: number, isCounted: boolean) => {
    let left = count
    const lane = async (shift: number) => {
      while (left > 0) {
        const round = left--
        for (const at of names.keys()) await one(names[(at + round + shift) % names.length] ?? '', isCounted)
      }
    }
    await Promise.all(Array.from({ length: LANES }, (_, at) => lane(at)))
  }
  await rounds(30, false)
  await rounds(ROUNDS, true)
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
  const medians = names.map((name) => [name, median(times.get(name) ?? [])] as const)
  const all = medians.map(([, ms]) => ms)
  for (const [name, ms] of medians) console.log(`${ms.toFixed(3)} ms  ${name} (${times.get(name)?.length} rounds)`)
  const spread = Math.max(...all) - Math.min(...all)
  const share = (100 * spread) / Math.min(...all)
  console.log(`medians lie within ${(spread * 1000).toFixed(0)} µs, ${share.toFixed(2)} %`)
  process.exitCode = share <= 5 || spread <= 0.05 ? 0 : 1
} finally {
  await proxied.end()
}
