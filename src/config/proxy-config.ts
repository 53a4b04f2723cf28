import type { Algorithm, ProxyDocument } from './proxy-schema.ts'
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
