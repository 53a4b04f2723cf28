import { constants } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, DEFAULT_CIPHERS } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { IssuerConfig, ListenerTls, ProxyConfig } from '../config/proxy-config.ts'
import { readSecret } from '../config/secret-source.ts'
import { IntrospectionClient } from '../oauth/introspection-client.ts'
import { openJwksKeys } from '../oauth/jwks-fetch.ts'
import type { LogoutIssuer } from '../oauth/logout-token.ts'
import type { TokenVerifier } from '../oauth/verify-rules.ts'
import { createTokenVerifier, type VerifiedIssuer } from '../oauth/verify-token.ts'
import type { Policy } from '../policy/policy.ts'
import { isObserving } from '../policy/policy-file.ts'
import type { ArrivalTls } from './arrival.ts'
import { type DatabaseMetrics, openDatabase, type PoolBounds, type ServedDatabase } from './served-database.ts'

/** All that one reading of the configuration comes to; connections take the newest when they arrive. */
export interface Generation {
  readonly config: ProxyConfig
  readonly tls: ArrivalTls | undefined
  readonly issuers: readonly VerifiedIssuer[]
  /** Those whose logout tokens are taken; an issuer that is asked about its tokens signs these all the same. */
  readonly logoutIssuers: readonly LogoutIssuer[]
  readonly verifier: TokenVerifier & { counts(): { readonly hits: number; readonly misses: number } }
  readonly databases: ReadonlyMap<string, ServedDatabase>
}

export interface GenerationOptions {
  readonly config: ProxyConfig
  /** By the file name that `config.databases` has. */
  readonly policies: ReadonlyMap<string, Policy>
  /** What is kept of it where nothing changed: key sets, pools. */
  readonly previous?: Generation
  /** What bounds its pools beside the configuration: in one worker of several, what the others have. */
  readonly bounds?: PoolBounds | undefined
  /** Where its databases count; absent where nobody looks. */
  readonly metrics?: DatabaseMetrics
  readonly clock: Clock
  readonly log: Log
  readonly env: NodeJS.ProcessEnv
}

/** Opens what a configuration names. Nothing is connected yet. @throws CONFIG_INVALID; then nothing was changed. */
export function openGeneration(options: GenerationOptions): Generation {
  const { config, policies, previous, clock, log, env } = options
  const tls = openArrivalTls(config.tls)
  const issuers = config.issuers.map((issuer) => keptIssuer(issuer, previous) ?? openIssuer(issuer, options))
  const databases = new Map<string, ServedDatabase>()
  for (const [name, database] of config.databases) {
    const policy = policies.get(database.policyFile)
    if (policy === undefined) fail('INTERNAL', { detail: `no policy was read for database "${name}"` })
    if (isObserving(policy, clock.nowMs())) {
      log.warn(
        { database: name, policy: policy.file },
        'the policy observes: what it would deny is let through and audited',
      )
    }
    databases.set(
      name,
      openDatabase({ ...options, config: database, proxy: config, policy, previous: previous?.databases.get(name) }),
    )
  }
  const logoutIssuers = issuers.map((issuer) => ({
    ...issuer,
    keys: issuer.tokens === 'jwt' ? issuer.keys : openJwksKeys({ ...issuer, env }, { clock, log }),
  }))
  return { config, tls, issuers, logoutIssuers, verifier: createTokenVerifier({ issuers, clock, log }), databases }
}

/** Keys that were fetched serve on where the issuer's entry is the same to the letter. */
function keptIssuer(issuer: IssuerConfig, previous: Generation | undefined): VerifiedIssuer | undefined {
  const before = previous?.config.issuers.find((one) => one.issuer === issuer.issuer)
  if (JSON.stringify(before) !== JSON.stringify(issuer)) return undefined
  return previous?.issuers.find((one) => one.issuer === issuer.issuer)
}

function openIssuer(issuer: IssuerConfig, { clock, log, env }: GenerationOptions): VerifiedIssuer {
  const { introspection } = issuer
  if (issuer.tokens === 'jwt' || introspection === undefined) {
    return { ...issuer, tokens: 'jwt', keys: openJwksKeys({ ...issuer, env }, { clock, log }) }
  }
  const { clientSecret, privateKeyFile } = introspection
  const client = new IntrospectionClient({
    issuer: issuer.issuer,
    clientId: introspection.clientId,
    clientSecret: clientSecret && (() => readSecret(clientSecret, env)),
    privateKey: privateKeyFile === undefined ? undefined : () => readSecret({ file: privateKeyFile }, env),
    privateKeyAlgorithm: introspection.privateKeyAlgorithm,
    keyId: introspection.keyId,
    caFile: issuer.caFile,
    env,
    clock,
  })
  return { ...issuer, tokens: 'introspection', client, cacheMs: introspection.cacheMs }
}

/**
 * As PostgreSQL has it (be-secure-openssl.c): no session is resumed, since a client certificate is looked at each time, and
 * a driver that tries to (Java, .NET, Go) is given a whole handshake; nothing is renegotiated.
 */
const SECURE_OPTIONS = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION

/**
 * Node's suites, AES-128 first of those of TLS 1.3: as Mozilla's server side has them. A handshake with SHA-256 in place of
 * SHA-384 and bulk with the shorter key cost a tenth less; nothing is known that breaks one and not the other.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  ...DEFAULT_CIPHERS.split(':').filter((name) => name !== 'TLS_AES_128_GCM_SHA256'),
]

/** Reads the listener's certificate and key. @throws CONFIG_INVALID where they cannot be read or do not fit. */
function openArrivalTls(tls: ListenerTls | undefined): ArrivalTls | undefined {
  if (tls === undefined) return undefined
  try {
    const context = createSecureContext({
      cert: readFileSync(tls.cert),
      key: readFileSync(tls.key),
      ...(tls.clientCa !== undefined && { ca: readFileSync(tls.clientCa) }),
      minVersion: 'TLSv1.2',
      ciphers: CIPHERS.join(':'),
      honorCipherOrder: true,
      secureOptions: SECURE_OPTIONS,
    })
    return {
      context,
      required: tls.required,
      checksClients: tls.clientCa !== undefined,
      requiresClientCertificate: tls.clientCertRequired,
    }
  } catch (cause) {
    return fail('CONFIG_INVALID', {
      detail: `tls: ${(cause as Error).message}`,
      fix: 'check tls.cert, tls.key and tls.client_ca in the configuration',
      cause,
    })
  }
}
