import { dirname, isAbsolute, resolve } from 'node:path'
import { checkYaml, type Mistake, type YamlDocument } from '../base/yaml-document.ts'
import { proxyMistakes } from './proxy-checks.ts'
import type { DatabaseConfig, IssuerConfig, LoginConfig, ProxyConfig } from './proxy-config.ts'
import { type ProxyDocument, proxySchema } from './proxy-schema.ts'
import type { SecretSource } from './secret-source.ts'

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
