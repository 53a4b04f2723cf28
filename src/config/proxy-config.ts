import { dirname, isAbsolute, resolve } from 'node:path'
import { checkYaml, type Mistake, type YamlDocument } from '../base/yaml-document.ts'
import { proxyMistakes } from './proxy-checks.ts'
import { type Algorithm, type ProxyDocument, proxySchema } from './proxy-schema.ts'
import type { Address, Network } from './scalars.ts'
import type { SecretSource } from './secret-source.ts'

export interface ListenerConfig {
  readonly address: Address
  readonly auth: 'oauthbearer' | 'password'
  /** Networks whose connections begin with a PROXY protocol header; undefined: none does. */
  readonly proxyProtocolFrom: readonly Network[] | undefined
}

export interface ListenerTls {
  readonly cert: string
  readonly key: string
  readonly clientCa: string | undefined
  readonly clientCertRequired: boolean
  readonly required: boolean
}

export interface IntrospectionConfig {
  readonly clientId: string
  readonly clientSecret: SecretSource | undefined
  readonly privateKeyFile: string | undefined
  readonly privateKeyAlgorithm: Algorithm
  readonly keyId: string | undefined
  readonly cacheMs: number
}

export interface ScopeGrant {
  /** Claim path → any of these values; all must hold. */
  readonly when: Readonly<Record<string, readonly (string | number | boolean)[]>>
  readonly scopes: readonly string[]
}

export interface IssuerConfig {
  readonly issuer: string
  readonly audience: readonly string[]
  readonly tokens: 'jwt' | 'introspection'
  readonly algorithms: readonly Algorithm[]
  readonly typ: 'at+jwt' | 'any'
  readonly offerScopes: readonly string[]
  readonly clockToleranceMs: number
  readonly requiredScopes: readonly string[]
  /** `auto`, or the path of the claim. */
  readonly scopesClaim: string
  readonly scopePrefix: string
  readonly scopesAllowed: readonly string[]
  readonly grantScopes: readonly ScopeGrant[]
  readonly jwksFile: string | undefined
  readonly introspection: IntrospectionConfig | undefined
  readonly caFile: string | undefined
}

export type TargetSessionAttrs = ProxyDocument['databases'][string]['server']['target_session_attrs']

export interface ServerConfig {
  readonly addresses: readonly Address[]
  readonly database: string
  readonly tls: {
    readonly mode: 'disable' | 'require' | 'verify-ca' | 'verify-full'
    readonly ca: string | undefined
    readonly cert: string | undefined
    readonly key: string | undefined
    readonly serverName: string | undefined
  }
  readonly targetSessionAttrs: TargetSessionAttrs
  readonly connectTimeoutMs: number
  readonly channelBinding: 'disable' | 'prefer' | 'require'
  readonly allowMd5: boolean
}

export interface LoginConfig {
  /** Undefined with `asRole`: the role itself logs in. */
  readonly user: string | undefined
  readonly asRole: boolean
  readonly password: SecretSource | undefined
  readonly exec: readonly string[] | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

export interface PoolConfig {
  readonly mode: 'session' | 'transaction'
  readonly size: number
  readonly serversPerIdentity: number
  readonly minIdle: number
  readonly idleMs: number
  readonly maxAgeMs: number
  readonly waitMs: number
  readonly batch: boolean
}

export interface DatabaseConfig {
  /** The name clients ask for. */
  readonly name: string
  readonly server: ServerConfig
  /** The login of every role, unless it has one of its own. */
  readonly login: LoginConfig | undefined
  readonly logins: ReadonlyMap<string, LoginConfig>
  readonly policyFile: string
  /** Issuers whose tokens may open this database; all, unless it says. */
  readonly issuers: readonly string[]
  readonly requiredScopes: readonly string[]
  readonly allowSuperuser: boolean
  readonly allowSharedCode: boolean
  readonly tagApplicationName: boolean
  readonly pool: PoolConfig
}

export interface LimitsConfig {
  readonly clients: number
  readonly clientsPerIdentity: number
  readonly clientsPerAddress: number
  readonly handshakes: number
  readonly handshakeMs: number
  readonly handshakeRate: number
  readonly tokenFailures: number
  readonly failureDelayMs: number
  readonly idleMs: number
  readonly statementBytes: number
  readonly parseDeadlineMs: number
}

export interface AdminConfig {
  readonly address: Address
  readonly tokenFile: string | undefined
  readonly tls: { readonly cert: string; readonly key: string; readonly clientCa: string | undefined } | undefined
}

export interface ProbesConfig {
  readonly address: Address
  /** How many issuers and databases have to be usable for /readyz to say so. */
  readonly ready: { readonly issuers: HowMany; readonly databases: HowMany }
}

export type HowMany = 'all' | 'any' | 'none'

/** Where issuers say that a session at theirs is over (OpenID Connect Back-Channel Logout 1.0). */
export interface LogoutConfig {
  readonly address: Address
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  /** The clients whose logout concerns us. */
  readonly clientIds: readonly string[]
}

/** proxy.yaml, checked, with every default filled in and every file name absolute. Nothing of it was opened. */
export interface ProxyConfig {
  readonly file: string
  readonly listen: readonly ListenerConfig[]
  readonly tls: ListenerTls | undefined
  readonly admin: AdminConfig | undefined
  readonly probes: ProbesConfig | undefined
  readonly logout: LogoutConfig | undefined
  readonly issuers: readonly IssuerConfig[]
  readonly databases: ReadonlyMap<string, DatabaseConfig>
  readonly audit:
    | {
        readonly path: string
        readonly keyFile: string | undefined
        readonly allowed: boolean
        readonly onFailure: 'refuse' | 'continue'
        readonly minFreeBytes: number
      }
    | undefined
  readonly rowKeyFile: string | undefined
  readonly sessions: {
    readonly graceMs: number
    readonly expiryTransactionLimitMs: number
    readonly recheckMs: number
  }
  readonly catalogMaxAgeMs: number
  readonly drainMs: number
  readonly limits: LimitsConfig
  readonly workers: 'auto' | number
}

export type ProxyConfigResult =
  | { readonly ok: true; readonly config: ProxyConfig; readonly document: YamlDocument<ProxyDocument> }
  | {
      readonly ok: false
      readonly mistakes: readonly Mistake[]
      /** What was read all the same, for whoever looks for more that is wrong. */
      readonly unchecked?: YamlDocument<unknown> | undefined
    }

/** Reads the text of proxy.yaml; every mistake at once. Relative file names are relative to `file`. */
export function readProxyConfig(file: string, text: string): ProxyConfigResult {
  const result = checkYaml(file, text, proxySchema)
  if (!result.ok) {
    const { mistakes, unchecked, rest, wrongAt = [] } = result
    const more = rest === undefined ? [] : proxyMistakes(rest, wrongAt)
    return { ok: false, mistakes: [...mistakes, ...more], unchecked }
  }
  const mistakes = proxyMistakes(result.document)
  if (mistakes.length > 0) return { ok: false, mistakes, unchecked: result.document }
  return { ok: true, config: toConfig(file, result.document.value), document: result.document }
}

type Absolute = <T extends string | undefined>(name: T) => T

function toConfig(file: string, document: ProxyDocument): ProxyConfig {
  const folder = dirname(resolve(file))
  const absolute = ((name) => (name === undefined || isAbsolute(name) ? name : resolve(folder, name))) as Absolute
  const { tls, admin, audit, sessions, limits } = document
  const issuers = document.issuers.map((issuer) => toIssuer(issuer, absolute))
  return {
    file: resolve(file),
    listen: document.listen.map(({ address, auth, proxy_protocol }) => ({
      address,
      auth,
      proxyProtocolFrom: proxy_protocol?.from,
    })),
    tls: tls && {
      cert: absolute(tls.cert),
      key: absolute(tls.key),
      clientCa: absolute(tls.client_ca),
      clientCertRequired: tls.client_cert_required,
      required: tls.required,
    },
    admin: admin && {
      address: admin.address,
      tokenFile: absolute(admin.token_file),
      tls: admin.tls && {
        cert: absolute(admin.tls.cert),
        key: absolute(admin.tls.key),
        clientCa: absolute(admin.tls.client_ca),
      },
    },
    probes: document.probes,
    logout: document.logout && {
      address: document.logout.address,
      tls: document.logout.tls && { cert: absolute(document.logout.tls.cert), key: absolute(document.logout.tls.key) },
      clientIds: document.logout.client_ids,
    },
    issuers,
    databases: new Map(
      Object.entries(document.databases).map(([name, one]) => [
        name,
        toDatabase(name, one, { absolute, policy: document.policy ?? '', issuers: issuers.map((i) => i.issuer) }),
      ]),
    ),
    audit: audit && {
      path: absolute(audit.path),
      keyFile: absolute(audit.key_file),
      allowed: audit.allowed,
      onFailure: audit.on_failure,
      minFreeBytes: audit.min_free,
    },
    rowKeyFile: absolute(document.row_key_file),
    sessions: {
      graceMs: sessions.grace,
      expiryTransactionLimitMs: sessions.expiry_transaction_limit,
      recheckMs: sessions.recheck,
    },
    catalogMaxAgeMs: document.catalog_max_age,
    drainMs: document.drain,
    limits: {
      clients: limits.clients,
      clientsPerIdentity: limits.clients_per_identity,
      clientsPerAddress: limits.clients_per_address,
      handshakes: limits.handshakes,
      handshakeMs: limits.handshake,
      handshakeRate: limits.handshake_rate,
      tokenFailures: limits.token_failures,
      failureDelayMs: limits.failure_delay,
      idleMs: limits.idle,
      statementBytes: limits.statement_bytes,
      parseDeadlineMs: limits.parse_deadline,
    },
    workers: document.workers,
  }
}

function toIssuer(issuer: ProxyDocument['issuers'][number], absolute: Absolute): IssuerConfig {
  const { introspection } = issuer
  return {
    issuer: issuer.issuer,
    audience: issuer.audience,
    tokens: issuer.tokens,
    algorithms: issuer.algorithms,
    typ: issuer.typ,
    offerScopes: issuer.offer_scopes,
    clockToleranceMs: issuer.clock_tolerance,
    requiredScopes: issuer.required_scopes,
    scopesClaim: issuer.scopes_claim,
    scopePrefix: issuer.scope_prefix,
    scopesAllowed: issuer.scopes_allowed ?? ['*'],
    grantScopes: issuer.grant_scopes,
    jwksFile: absolute(issuer.jwks_file),
    introspection: introspection && {
      clientId: introspection.client_id,
      clientSecret: secretSource(introspection.client_secret_file, introspection.client_secret_env, absolute),
      privateKeyFile: absolute(introspection.private_key_file),
      privateKeyAlgorithm: introspection.private_key_algorithm,
      keyId: introspection.key_id,
      cacheMs: introspection.cache,
    },
    caFile: absolute(issuer.tls.ca),
  }
}

function toDatabase(
  name: string,
  database: ProxyDocument['databases'][string],
  { absolute, policy, issuers }: { absolute: Absolute; policy: string; issuers: readonly string[] },
): DatabaseConfig {
  const { server, pool } = database
  return {
    name,
    server: {
      addresses: server.host.map((host, at) => ({ host, port: server.port[at] ?? server.port[0] ?? 5432 })),
      database: server.database,
      tls: {
        mode: server.tls.mode,
        ca: absolute(server.tls.ca),
        cert: absolute(server.tls.cert),
        key: absolute(server.tls.key),
        serverName: server.tls.server_name,
      },
      targetSessionAttrs: server.target_session_attrs,
      connectTimeoutMs: server.connect_timeout,
      channelBinding: server.channel_binding,
      allowMd5: server.allow_md5,
    },
    login: database.login && toLogin(database.login, absolute),
    logins: new Map(Object.entries(database.logins ?? {}).map(([role, login]) => [role, toLogin(login, absolute)])),
    policyFile: absolute(database.policy ?? policy),
    issuers: database.issuers ?? issuers,
    requiredScopes: database.required_scopes,
    allowSuperuser: database.allow_superuser,
    allowSharedCode: database.allow_shared_code,
    tagApplicationName: database.tag_application_name,
    pool: {
      mode: pool.mode,
      size: pool.size,
      serversPerIdentity: pool.servers_per_identity,
      minIdle: pool.min_idle,
      idleMs: pool.idle,
      maxAgeMs: pool.max_age,
      waitMs: pool.wait,
      batch: pool.batch === true || pool.batch === 'on',
    },
  }
}

type LoginDocument = NonNullable<ProxyDocument['databases'][string]['login']>

function toLogin(login: LoginDocument, absolute: Absolute): LoginConfig {
  return {
    user: login.user,
    asRole: login.as_role,
    password: secretSource(login.password_file, login.password_env, absolute),
    exec: login.exec,
    cert: absolute(login.cert),
    key: absolute(login.key),
  }
}

function secretSource(file: string | undefined, env: string | undefined, absolute: Absolute): SecretSource | undefined {
  if (file !== undefined) return { file: absolute(file) }
  return env === undefined ? undefined : { env }
}
