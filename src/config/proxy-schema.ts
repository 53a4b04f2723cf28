import { z } from 'zod'
import { address, durationMs, network, oneOrMore, positiveMs, sizeBytes } from './scalars.ts'

const name = z.string().min(1)
const file = z.string().min(1)
const count = z.int().min(0)
const claimValue = z.union([z.string(), z.number(), z.boolean()])

/** Asymmetric ones alone: with a shared key whoever can check a token can make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

const issuerUrl = z.string().superRefine((text, context) => {
  const message = issuerMistake(text)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})

function issuerMistake(text: string): string | undefined {
  if (!URL.canParse(text)) return `${JSON.stringify(text)} is not a URL`
  const url = new URL(text)
  if (url.search !== '' || url.hash !== '') return 'an issuer has neither query nor fragment (RFC 8414 section 2)'
  if (url.username !== '' || url.password !== '') return 'an issuer has no user name or password in it'
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return undefined
  return 'an issuer is reached over https (http only on 127.0.0.1, ::1 and localhost)'
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

const introspection = z.strictObject({
  client_id: name,
  client_secret_file: file.optional(),
  client_secret_env: name.optional(),
  /** A private key (PEM) for private_key_jwt, in place of the secret. */
  private_key_file: file.optional(),
  private_key_algorithm: z.enum(ALGORITHMS).default('RS256'),
  key_id: name.optional(),
  cache: durationMs.default(30_000),
})

const issuer = z.strictObject({
  issuer: issuerUrl,
  audience: oneOrMore(name),
  tokens: z.enum(['jwt', 'introspection']).default('jwt'),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(['RS256', 'ES256', 'EdDSA']),
  typ: z.enum(['at+jwt', 'any']).default('at+jwt'),
  offer_scopes: z.array(name).default([]),
  clock_tolerance: durationMs.default(30_000),
  required_scopes: z.array(name).default([]),
  scopes_claim: name.default('auto'),
  scope_prefix: z.string().default(''),
  scopes_allowed: z.array(name).optional(),
  grant_scopes: z
    .array(z.strictObject({ when: z.record(name, oneOrMore(claimValue)), scopes: z.array(name).min(1) }))
    .default([]),
  jwks_file: file.optional(),
  introspection: introspection.optional(),
  tls: z.strictObject({ ca: file.optional() }).default({}),
})

const serverTls = z
  .strictObject({
    mode: z.enum(['disable', 'require', 'verify-ca', 'verify-full']).default('verify-full'),
    ca: file.optional(),
    cert: file.optional(),
    key: file.optional(),
    server_name: name.optional(),
  })
  .prefault({})

const port = z.int().min(1).max(65_535)

const server = z.strictObject({
  /** Tried in order; see target_session_attrs. A path is the directory of a Unix socket. */
  host: oneOrMore(name),
  /** One for all hosts, or one for each. */
  port: oneOrMore(port).default([5432]),
  database: name,
  tls: serverTls,
  target_session_attrs: z
    .enum(['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'])
    .default('any'),
  connect_timeout: positiveMs.default(10_000),
  channel_binding: z.enum(['disable', 'prefer', 'require']).default('prefer'),
  allow_md5: z.boolean().default(false),
})

const login = z.strictObject({
  user: name.optional(),
  as_role: z.boolean().default(false),
  password_file: file.optional(),
  password_env: name.optional(),
  cert: file.optional(),
  key: file.optional(),
  /** Prints a password, or JSON with `password` and `expires_in`. */
  exec: z.array(name).min(1).optional(),
})

const pool = z
  .strictObject({
    mode: z.enum(['session', 'transaction']).default('session'),
    size: z.int().min(1).default(50),
    servers_per_identity: z.int().min(1).default(12),
    min_idle: count.default(0),
    idle: durationMs.default(600_000),
    max_age: durationMs.default(3_600_000),
    wait: positiveMs.default(30_000),
    batch: z.union([z.boolean(), z.enum(['on', 'off'])]).default('off'),
  })
  .prefault({})

const database = z.strictObject({
  server,
  login: login.optional(),
  logins: z.record(name, login).optional(),
  policy: file.optional(),
  issuers: z.array(issuerUrl).min(1).optional(),
  required_scopes: z.array(name).default([]),
  allow_superuser: z.boolean().default(false),
  allow_shared_code: z.boolean().default(false),
  tag_application_name: z.boolean().default(false),
  pool,
})

const howMany = z.enum(['all', 'any', 'none'])

/** The keys of proxy.yaml, as DESIGN section 5 writes them. What depends on several of them is checked in proxy-config.ts. */
export const proxySchema = z.strictObject({
  listen: z
    .array(
      z.strictObject({
        address,
        auth: z.enum(['oauthbearer', 'password']).default('oauthbearer'),
        proxy_protocol: z.strictObject({ from: z.array(network).min(1) }).optional(),
      }),
    )
    .min(1),
  tls: z
    .strictObject({
      cert: file,
      key: file,
      client_ca: file.optional(),
      client_cert_required: z.boolean().default(false),
      required: z.boolean().default(true),
    })
    .optional(),
  admin: z
    .strictObject({
      address,
      token_file: file.optional(),
      tls: z.strictObject({ cert: file, key: file, client_ca: file.optional() }).optional(),
    })
    .optional(),
  probes: z
    .strictObject({
      address,
      /** What /readyz wants of each kind; `none`: it does not matter. */
      ready: z.strictObject({ issuers: howMany.default('all'), databases: howMany.default('all') }).prefault({}),
    })
    .optional(),
  logout: z
    .strictObject({
      address,
      tls: z.strictObject({ cert: file, key: file }).optional(),
      client_ids: z.array(name).min(1),
    })
    .optional(),
  issuers: z.array(issuer).min(1),
  databases: z.record(name, database).refine((databases) => Object.keys(databases).length > 0, 'no database is named'),
  policy: file.optional(),
  row_key_file: file.optional(),
  audit: z
    .strictObject({
      path: file,
      key_file: file.optional(),
      allowed: z.boolean().default(false),
      on_failure: z.enum(['refuse', 'continue']).default('refuse'),
      min_free: sizeBytes.default(1024 ** 3),
    })
    .optional(),
  sessions: z
    .strictObject({
      grace: durationMs.default(30_000),
      expiry_transaction_limit: durationMs.default(60_000),
      recheck: positiveMs.default(30_000),
    })
    .prefault({}),
  catalog_max_age: durationMs.default(10_000),
  drain: durationMs.default(30_000),
  limits: z
    .strictObject({
      clients: z.int().min(1).default(10_000),
      clients_per_identity: z.int().min(1).default(100),
      clients_per_address: z.int().min(1).default(1_000),
      /** Connections that are not through their handshake, all together. */
      handshakes: z.int().min(1).default(1_000),
      handshake: positiveMs.default(15_000),
      /** New connections from one address, a second. */
      handshake_rate: z.int().min(1).default(200),
      /**
       * Refused tokens from one address, a minute; past it refusals are delayed. Tokens are not guessed: this bounds what
       * a broken client costs, and many people may share one address.
       */
      token_failures: z.int().min(1).default(3_000),
      failure_delay: durationMs.default(1_000),
      idle: durationMs.default(0),
      statement_bytes: sizeBytes.default(16 * 1024 ** 2),
      parse_deadline: positiveMs.default(250),
    })
    .prefault({}),
  /** The cancel key has room for as many: see MAX_WORKERS. */
  workers: z.union([z.literal('auto'), z.int().min(1).max(64)]).default('auto'),
})

export type ProxyDocument = z.output<typeof proxySchema>
export type Algorithm = (typeof ALGORITHMS)[number]
