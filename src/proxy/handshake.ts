import type { Socket } from 'node:net'
import type { RequestId } from '../base/brand.ts'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { ListenerConfig } from '../config/proxy-config.ts'
import type { RevocationWatch } from '../oauth/revocation-watch.ts'
import type { ServerLease } from '../pool/server-lease.ts'
import { type BackendKeyData, encodeHandshakeEnd, encodeNegotiateProtocolVersion } from '../wire/server-messages.ts'
import { type Admitted, admit, who } from './admission.ts'
import type { Admission } from './admission-limits.ts'
import type { Arrival } from './arrival.ts'
import { checkClientSettings, pinnedSearchPath } from './client-settings.ts'
import type { Generation } from './generation.ts'
import type { IssuedKeys } from './issued-keys.ts'
import type { ProxyMetrics } from './metrics.ts'
import type { ServedDatabase } from './served-database.ts'
import { readStartupParameters, type StartupRequest } from './startup-settings.ts'
import { bearerExchange, type GivenToken, passwordExchange, type TokenExchange } from './token-exchange.ts'

export interface HandshakeOptions {
  readonly arrival: Arrival
  readonly listener: ListenerConfig
  readonly generation: Generation
  readonly revocations: RevocationWatch
  readonly limits: Admission
  readonly keys: IssuedKeys
  readonly metrics: ProxyMetrics
  readonly address: string
  readonly requestId: RequestId
  readonly clock: Clock
  readonly log: Log
  /** Aborted when the handshake's time is over. */
  readonly signal: AbortSignal
}

/** A client that is through: it has been sent its first ReadyForQuery. */
export interface Established extends Admitted {
  readonly socket: Socket
  /** Read of the client ahead of its session. */
  readonly first: Buffer
  readonly request: StartupRequest
  readonly clientCertificateSha256: Buffer | undefined
  /** For renewal to differ from, and for rechecks at an issuer that can take it back. */
  readonly token: Secret
  readonly lease: ServerLease
  readonly key: BackendKeyData
  readonly leaveIdentity: () => void
  /** What a CancelRequest with this client's key does; nothing until somebody puts something there. */
  readonly cancelling: { cancel: () => Promise<void> }
}

/** The newest minor spoken (manual section 54.1). */
const NEWEST_MINOR = 2
/**
 * A refusal is answered when this time is over, counted from the token's arrival: no cause of one takes longer, and so
 * none can be told from another by how long it took.
 */
const REFUSAL_MS = 25

/**
 * Authenticates a client that sent its StartupMessage and gives it a server connection. Undefined: it went away.
 *
 * @throws what the client is to be told: TOKEN_REFUSED, DATABASE_UNKNOWN, TOO_MANY_CLIENTS, SETTING_REFUSED, POOL_EXHAUSTED,
 *   SERVER_…
 */
export async function authenticate(options: HandshakeOptions): Promise<Established | undefined> {
  const { arrival, generation, keys, listener, log } = options
  const { socket, startup } = arrival
  const request = readStartupParameters(startup.parameters)
  if (startup.version.minor > NEWEST_MINOR || request.unknownOptions.length > 0) {
    const version = { major: 3, minor: Math.min(startup.version.minor, NEWEST_MINOR) }
    socket.write(encodeNegotiateProtocolVersion({ version, unknownOptions: request.unknownOptions }))
  }
  if (request.user === '') throw new PgoauthError('USER_MISSING')
  if (listener.auth === 'password' && !arrival.isTls) {
    throw new PgoauthError('TLS_REQUIRED', { detail: 'a token as password is taken over TLS only' })
  }
  const exchange = openExchange(listener, arrival, generation)
  const given = await exchange.receive()
  if (given.kind === 'gone') return undefined
  const opened = await openSession(given, exchange, request, options)
  if (opened === undefined) return undefined

  const { lease } = opened
  const cancelling = { cancel: () => Promise.resolve() }
  const key = keys.issue(startup.version, () => cancelling.cancel())
  const parameters = [...lease.parameters].map(([name, value]) => [name, clientValue(name, value, request)] as const)
  socket.write(encodeHandshakeEnd(parameters, key))
  log.debug({ settings: [...request.settings.keys()] }, 'handshake done')
  return {
    ...opened,
    socket,
    first: arrival.inbox.release(),
    request,
    key,
    cancelling,
    clientCertificateSha256: arrival.clientCertificateSha256,
  }
}

function openExchange(listener: ListenerConfig, { socket, inbox }: Arrival, { config }: Generation): TokenExchange {
  const [first] = config.issuers
  const offer = { issuer: first?.issuer ?? '', scopes: first?.offerScopes ?? [] }
  const open = listener.auth === 'password' ? passwordExchange : bearerExchange
  return open({ stream: socket, inbox, offer })
}

type Opened = Pick<Established, 'identity' | 'database' | 'token' | 'lease' | 'leaveIdentity'>

/** Everything that can go wrong with a token goes wrong at the same time after it arrived, and in the same words. */
async function openSession(
  given: Exclude<GivenToken, { kind: 'gone' }>,
  exchange: TokenExchange,
  request: StartupRequest,
  options: HandshakeOptions,
): Promise<Opened | undefined> {
  const { clock, limits, address } = options
  const refusalTime = clock.sleep(REFUSAL_MS)
  try {
    if (given.kind === 'none') throw new PgoauthError('TOKEN_REFUSED', { detail: given.reason })
    return await leaseFor(given.token, request, options)
  } catch (thrown) {
    const error = asPgoauthError(thrown)
    if (error.sqlstate !== '28000') throw error
    const isDiscovery = given.kind === 'none' && given.isDiscovery
    const delayMs = isDiscovery ? 0 : await limits.tokenRefused(address)
    await refusalTime
    if (delayMs > 0) await clock.sleep(delayMs)
    await exchange.refuse().catch((failure: unknown) => {
      const { code, detail, say } = asPgoauthError(failure)
      // However the exchange ends: that a token was refused, and why, is still to be told.
      throw new PgoauthError(code, { detail: `${detail ?? say}; before that: ${error.message}`, cause: error })
    })
    throw error
  }
}

async function leaseFor(
  token: Secret,
  request: StartupRequest,
  { arrival, generation, revocations, limits, metrics, signal }: HandshakeOptions,
): Promise<Opened> {
  const channel = { clientCertificateSha256: arrival.clientCertificateSha256 }
  const startedAt = performance.now()
  const checked = admit(token, channel, request, generation, revocations)
  checked.finally(() => metrics.tokenChecked(performance.now() - startedAt)).catch(() => {})
  const { identity, database } = await within(signal, checked, () => {})
  const leaveIdentity = await limits.enterIdentity(`${identity.issuer} ${identity.subject}`)
  // Asked before anybody else hears of the deadline, and takes the request out of the queue.
  let isPoolFull = false
  const onLate = () => {
    const { waiting, opening } = database.pool.counts
    isPoolFull = waiting > 0 && opening === 0
  }
  signal.addEventListener('abort', onLate, { once: true })
  try {
    await checkClientSettings(request.settings, identity, database)
    const leasing = database.pool.lease({
      role: identity.role,
      issuer: identity.issuer,
      subject: identity.subject,
      settings: serverSettings(request, identity.subject, database),
      signal,
    })
    const lease = await within(signal, leasing, (late) => late.release(true))
    return { identity, database, token, lease, leaveIdentity }
  } catch (thrown) {
    leaveIdentity()
    const error = asPgoauthError(thrown)
    const detail = `${error.detail ?? error.say}; ${who(identity)}`
    // The client did its part in time: it waited for a server connection, as long as limits.handshake lets it.
    const code = error.code === 'HANDSHAKE_TIMEOUT' && isPoolFull ? 'POOL_EXHAUSTED' : error.code
    throw new PgoauthError(code, { detail, cause: error })
  } finally {
    signal.removeEventListener('abort', onLate)
  }
}

/** What it comes to, unless the time is over first: what comes after that is disposed of. */
function within<T>(signal: AbortSignal, promise: Promise<T>, dispose: (late: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason)
      promise.then(dispose, () => {})
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Who is behind a session is to be seen in pg_stat_activity. */
function serverSettings({ settings }: StartupRequest, subject: string, database: ServedDatabase): Map<string, string> {
  const isTagged = database.config.tagApplicationName
  const path = pinnedSearchPath(database)
  const own = settings.get('application_name')
  const shown = own === undefined || own === '' ? `${subject} via pgoauth` : isTagged ? `${own} (${subject})` : own
  const pinned: [string, string][] = path === undefined ? [] : [['search_path', path]]
  return new Map([...settings, ...pinned, ['application_name', shown]])
}

/** A tag is for the server's eyes; the client is told what it said. */
function clientValue(name: string, value: string, { settings }: StartupRequest): string {
  return name === 'application_name' ? (settings.get('application_name') ?? value) : value
}
