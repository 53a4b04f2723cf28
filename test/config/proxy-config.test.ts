import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProxyConfig } from '../../src/config/proxy-config.ts'
import { readProxyConfig } from '../../src/config/proxy-config-file.ts'

const GOOD = `listen:
  - address: 127.0.0.1:6432
issuers:
  - issuer: https://id.example.com
    audience: postgres://prod
databases:
  app:
    server: { host: 10.0.0.5, database: app }
    login: { user: pgoauth_proxy, password_file: ./pw }
policy: ./policy.yaml
`

function read(text: string): ProxyConfig {
  const result = readProxyConfig('/etc/pgoauth/proxy.yaml', text)
  if (!result.ok) throw new Error(result.mistakes.map(({ message }) => message).join('\n'))
  return result.config
}

function mistakes(text: string): string[] {
  const result = readProxyConfig('proxy.yaml', text)
  return result.ok ? [] : result.mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

/** DESIGN section 5 as it is written there, but for what is not built yet. */
const DESIGN = `listen:
  - address: 0.0.0.0:6432
    auth: oauthbearer
    proxy_protocol: { from: [10.0.0.0/8] }
tls: { cert: server.crt, key: server.key, client_ca: ca.pem, required: true }
admin: { address: 127.0.0.1:9432, token_file: ./admin-token }
probes: { address: 0.0.0.0:9433 }
issuers:
  - issuer: https://id.example.com
    audience: postgres://prod
    tokens: jwt
    algorithms: [RS256, ES256, EdDSA]
    typ: at+jwt
    offer_scopes: [openid, orders:read]
    clock_tolerance: 30s
    required_scopes: []
    scopes_claim: auto
    scope_prefix: ""
    scopes_allowed: ["*"]
    grant_scopes: [{ when: { repository: acme/app }, scopes: [orders:read] }]
    jwks_file: keys.json
databases:
  app:
    server: { host: 10.0.0.5, port: 5432, database: app, tls: { mode: verify-full, ca: ./ca.pem } }
    login: { user: pgoauth_proxy, password_file: ./pw }
    policy: ./app.policy.yaml
    pool: { mode: session, size: 50, servers_per_identity: 12, min_idle: 2, idle: 10m, max_age: 1h, wait: 30s, batch: off }
policy: ./policy.yaml
audit: { path: ./audit.jsonl, key_file: ./audit.key, allowed: false, on_failure: refuse, min_free: 1GiB }
sessions: { grace: 30s, expiry_transaction_limit: 60s, recheck: 30s }
catalog_max_age: 10s
drain: 30s
limits: { clients: 10000, clients_per_identity: 100, handshake: 15s, idle: 0, statement_bytes: 16MiB, parse_deadline: 250ms }
workers: auto
`

test('the example of the design is taken as written', () => {
  const config = read(DESIGN)
  assert.equal(config.databases.get('app')?.policyFile, '/etc/pgoauth/app.policy.yaml')
  assert.equal(config.databases.get('app')?.pool.idleMs, 600_000)
  assert.equal(config.audit?.minFreeBytes, 1024 ** 3)
  assert.equal(config.limits.parseDeadlineMs, 250)
})

test('what is not said has the defaults of the design', () => {
  const { issuers, databases, limits, sessions, drainMs } = read(GOOD)
  const [issuer] = issuers
  assert.deepEqual(issuer?.algorithms, ['RS256', 'ES256', 'EdDSA'])
  assert.deepEqual([issuer?.typ, issuer?.clockToleranceMs, issuer?.scopesAllowed], ['at+jwt', 30_000, ['*']])
  const server = databases.get('app')?.server
  assert.deepEqual([server?.tls.mode, server?.addresses], ['verify-full', [{ host: '10.0.0.5', port: 5432 }]])
  assert.deepEqual([limits.clients, limits.clientsPerIdentity, limits.handshakeMs], [10_000, 100, 15_000])
  assert.deepEqual([sessions.graceMs, sessions.expiryTransactionLimitMs, drainMs], [30_000, 60_000, 30_000])
})

test('probes.ready takes all, any or none of issuers and databases, and is all where nothing is said', () => {
  const ready = (text: string) => read(`${GOOD}probes: { address: 127.0.0.1:9433${text} }\n`).probes?.ready
  assert.deepEqual(ready(''), { issuers: 'all', databases: 'all' })
  assert.deepEqual(ready(', ready: { databases: any }'), { issuers: 'all', databases: 'any' })
  assert.deepEqual(ready(', ready: { issuers: none }'), { issuers: 'none', databases: 'all' })
  const all = mistakes(`${GOOD}probes: { address: 127.0.0.1:9433, ready: { servers: any, issuers: some } }\n`).join(
    '\n',
  )
  assert.match(all, /unknown key "servers"/)
  assert.match(all, /probes\.ready\.issuers must be one of "all", "any", "none"/)
})

test('file names are relative to the file that names them', () => {
  assert.deepEqual(read(GOOD).databases.get('app')?.login?.password, { file: '/etc/pgoauth/pw' })
})

test('several hosts have one port, or one each', () => {
  const addresses = (server: string) =>
    read(GOOD.replace('{ host: 10.0.0.5, database: app }', server)).databases.get('app')?.server.addresses
  assert.deepEqual(addresses('{ host: [a, b], port: 5433, database: app }'), [
    { host: 'a', port: 5433 },
    { host: 'b', port: 5433 },
  ])
  assert.deepEqual(addresses('{ host: [a, b], port: [1, 2], database: app }'), [
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
  ])
})

test('every mistake is told at once, each with its place and a suggestion', () => {
  const found = mistakes(
    GOOD.replace('address: 127', 'adress: 127').replace('audience:', 'audiences:').replace('user:', 'usr:'),
  )
  const all = found.join('\n')
  assert.match(all, /^2:5 unknown key "adress"; did you mean "address"\?$/m)
  assert.match(all, /^5:5 unknown key "audiences"; did you mean "audience"\?$/m)
  assert.match(all, /^9:14 unknown key "usr"; did you mean "user"\?$/m)
})

test('what is wrong between keys is told beside what is wrong with one, and not of places that are wrong themselves', () => {
  const all = mistakes(
    GOOD.replace('policy: ./', 'polcy: 1\ndrain: 30\nprobes: { address: 127.0.0.1:6432 }\npolicy: ./')
      .replace('password_file: ./pw', 'password_file: ./pw, as_role: true')
      .replace('audience: postgres://prod', 'audience: postgres://prod\n    tokens: opaque'),
  ).join('\n')
  assert.match(all, /unknown key "polcy"; did you mean "policy"\?/)
  assert.match(all, /drain: 30 is not a duration/)
  assert.match(all, /probes\.address: 127\.0\.0\.1:6432 is that of listen\.0 already/)
  assert.match(all, /with as_role the role itself logs in/)
  assert.match(all, /issuers\.0\.tokens must be one of "jwt", "introspection"$/m)
  assert.equal(all.split('\n').length, 5)
})

const ISSUER = 'https://id.example.com'
const AUDIENCE = 'audience: postgres://prod'
const LISTEN = 'address: 127.0.0.1:6432'
const PASSWORD = 'password_file: ./pw'

for (const [name, from, to, expected] of [
  ['an issuer over http', ISSUER, 'http://id.example.com', /4:13 .*https/],
  ['an issuer with a query', ISSUER, 'https://id.example.com/?x=1', /query/],
  ['an issuer with a password', ISSUER, 'https://a:b@id.example.com', /password/],
  ['an issuer that is no URL', ISSUER, 'id.example.com', /URL/],
  ['no audience', `    ${AUDIENCE}\n`, '', /audience/],
  ['an HMAC algorithm', AUDIENCE, 'audience: x\n    algorithms: [HS256]', /algorithms/],
  ['the algorithm none', AUDIENCE, 'audience: x\n    algorithms: [none]', /algorithms/],
  ['no algorithm', AUDIENCE, 'audience: x\n    algorithms: []', /algorithms/],
  ['an address without a port', '127.0.0.1:6432', '0.0.0.0', /2:14 .*HOST:PORT/],
  ['a port past the end', '127.0.0.1:6432', '0.0.0.0:70000', /HOST:PORT/],
  ['a duration without a unit', 'policy: ./', 'drain: 30\npolicy: ./', /not a duration/],
  ['a size that is none', 'policy: ./', 'limits: { statement_bytes: lots }\npolicy: ./', /not a size/],
  ['a network that is none', LISTEN, `${LISTEN}\n    proxy_protocol: { from: [10.0.0.0/33] }`, /not a network/],
  ['an open listener without TLS', '127.0.0.1:6432', '0.0.0.0:6432', /2:14 .*needs TLS/],
  ['no login', '    login: { user: pgoauth_proxy, password_file: ./pw }\n', '', /needs login or logins/],
  ['a password in the file', PASSWORD, 'password: secret', /unknown key "password"; did you mean "password_file"/],
  ['a handshake of no time', 'policy: ./', 'limits: { handshake: 0 }\npolicy: ./', /handshake must be more than 0/],
  ['rechecks without a pause', 'policy: ./', 'sessions: { recheck: 0s }\npolicy: ./', /recheck must be more than 0/],
  ['a near value', LISTEN, `${LISTEN}\n    auth: oauthbearer2`, /"password"; did you mean "oauthbearer"/],
  ['a server certificate without its key', 'database: app', 'database: app, tls: { cert: c }', /belong together/],
  [
    'a channel that is not there to be bound to',
    'database: app',
    'database: app, tls: { mode: disable }, channel_binding: require',
    /no channel to bind to/,
  ],
  ['two passwords', PASSWORD, `${PASSWORD}, exec: [x]`, /one of password_file/],
  ['as_role with a user', PASSWORD, 'as_role: true', /the role itself logs in/],
  ['a certificate without its key', PASSWORD, 'cert: c.pem', /belong together/],
  ['no policy', 'policy: ./policy.yaml\n', '', /no policy/],
  ['more ports than hosts', 'host: 10.0.0.5', 'host: 10.0.0.5, port: [1, 2]', /2 ports for 1 hosts/],
  ['a database’s issuer that is not there', 'login:', 'issuers: [https://o.example.com]\n    login:', /not among/],
  ['a password listener without TLS', LISTEN, `${LISTEN}\n    auth: password`, /over TLS only/],
  ['an admin listener without a secret', 'policy: ./', 'admin: { address: 127.0.0.1:1 }\npolicy: ./', /token_file/],
  ['an open admin listener', 'policy: ./', 'admin: { address: 0.0.0.0:1, token_file: t }\npolicy: ./', /needs tls/],
  ['introspection without its client', AUDIENCE, 'audience: x\n    tokens: introspection', /introspection/],
  [
    'introspection without a secret',
    AUDIENCE,
    'audience: x\n    tokens: introspection\n    introspection: { client_id: a }',
    /one of client_secret_file/,
  ],
  [
    'a required client certificate without an authority',
    'policy: ./',
    'tls: { cert: a, key: b, client_cert_required: true }\npolicy: ./',
    /client_ca/,
  ],
  ['min_idle over size', `${PASSWORD} }`, `${PASSWORD} }\n    pool: { size: 2, min_idle: 3 }`, /more than size/],
  [
    'more workers than a cancel key has room for',
    'policy: ./',
    'workers: 65\npolicy: ./',
    /10:10 workers must be at most 64/,
  ],
  ['row rules, which are not built', 'policy: ./', 'row_key_file: k\npolicy: ./', /not built yet/],
] as const) {
  test(`a mistake: ${name}`, () => {
    const text = GOOD.replace(from, to)
    assert.notEqual(text, GOOD)
    assert.match(mistakes(text).join('\n'), expected)
  })
}

test('an issuer on loopback may speak http', () => {
  for (const host of ['127.0.0.1:8080', 'localhost:8080', '[::1]:8080']) {
    assert.deepEqual(mistakes(GOOD.replace('https://id.example.com', `http://${host}`)), [])
  }
})

test('with several issuers each says what it may confer', () => {
  const second = '  - { issuer: https://two.example.com, audience: x }\ndatabases:'
  assert.match(mistakes(GOOD.replace('databases:', second)).join('\n'), /scopes_allowed/)
})

test('an issuer that comes twice is a mistake', () => {
  const second = '  - { issuer: https://id.example.com, audience: x, scopes_allowed: [a] }\ndatabases:'
  assert.match(mistakes(GOOD.replace('databases:', second)).join('\n'), /comes twice/)
})

test('what is no mapping is a mistake and no crash', () => {
  for (const text of ['', '[]', 'x', '- 1', '{', '&a [*a]', 'a: &a [x]\nb: *b'])
    assert.ok(mistakes(text).length > 0, text)
})
