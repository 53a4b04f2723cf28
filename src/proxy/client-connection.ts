import type { Socket } from 'node:net'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import { newRequestId, newSessionId } from '../base/ids.ts'
import type { Log } from '../base/log.ts'
import type { ListenerConfig } from '../config/proxy-config.ts'
import { Inbox } from '../net/inbox.ts'
import type { RevocationWatch } from '../oauth/revocation-watch.ts'
import type { Admission, Place } from './admission-limits.ts'
import { type Arrived, receiveStartup, type Stage } from './arrival.ts'
import type { Generation } from './generation.ts'
import { authenticate, type Established } from './handshake.ts'
import type { IssuedKeys } from './issued-keys.ts'
import { LiveSession } from './live-session.ts'
import type { ProxyMetrics } from './metrics.ts'
import { plainAddress } from './networks.ts'
import { readProxyHeader } from './proxy-protocol.ts'
import { encodeHttpRefusal, encodeRefusal } from './refusal.ts'
import type { RefusalRecord } from './refusal-record.ts'
import type { SessionRegistry } from './session-registry.ts'

export interface ConnectionParts {
  readonly listener: ListenerConfig
  readonly generation: () => Generation
  readonly limits: Admission
  readonly keys: IssuedKeys
  readonly sessions: SessionRegistry
  readonly revocations: RevocationWatch
  readonly audit: AuditLog
  readonly refusals: RefusalRecord
  readonly metrics: ProxyMetrics
  /** Whether connections from that address begin with a PROXY protocol header. */
  readonly isBalancer: (address: string) => boolean
  readonly clock: Clock
  readonly log: Log
}

/** A refused client has this long to read why; then the socket is closed under it. */
const LAST_WORD_MS = 2_000

/** Serves one client, from accept to its last word. Never throws: what goes wrong is told to the client and the log. */
export async function serveClient(accepted: Socket, parts: ConnectionParts): Promise<void> {
  const { clock, limits, metrics } = parts
  const requestId = newRequestId()
  const stage: Stage = { socket: accepted, inbox: new Inbox(accepted), speaksPostgres: false }
  const startedAtMs = clock.nowMs()
  const deadline = startDeadline(stage, parts)
  let address = plainAddress(accepted.remoteAddress ?? '')
  let log = parts.log
  let place: Place | undefined
  try {
    place = limits.enter()
    address = await clientAddress(address, stage, parts)
    log = parts.log.child({ request_id: requestId, client_address: address })
    await place.enterAddress(address)
    const arrived = await receiveStartup(stage, parts.generation().tls)
    if (arrived.kind === 'startup') place.check()
    const established = await proceed(arrived, { parts, requestId, address, log, signal: deadline.signal })
    deadline.stop()
    place.handshakeDone()
    if (established === undefined) return close(stage.socket, undefined, clock)
    metrics.opened(established.database.config.name, clock.nowMs() - startedAtMs)
    await runSession(established, { parts, requestId, address, log })
  } catch (thrown) {
    deadline.stop()
    const isLate = deadline.signal.aborted && !(thrown instanceof PgoauthError)
    const error = asPgoauthError(isLate ? deadline.signal.reason : thrown)
    metrics.refused(error.code, error.fault)
    tell(error, thrown, stage, log)
    const refusal = auditedRefusal(error)
    if (refusal !== undefined) {
      const fields = { request_id: requestId, client_address: address, reason: refusal.message }
      parts.refusals.record({ event: 'session_refused', ...fields })
    }
    const word = error.code === 'NOT_POSTGRES' ? encodeHttpRefusal() : encodeRefusal(error, requestId)
    close(stage.socket, word, clock)
  } finally {
    place?.handshakeDone()
    place?.leave()
  }
  await lastWordSent(stage.socket)
}

/** Whoever stops the proxy waits for this, lest a socket be closed under its FATAL; a timer closes those that do not read. */
function lastWordSent(socket: Socket): Promise<void> {
  if (socket.destroyed || socket.writableFinished) return Promise.resolve()
  return new Promise((resolve) => {
    socket.once('finish', resolve)
    socket.once('close', resolve)
  })
}

/** From accept to ReadyForQuery. A client that has not said a word of Postgres is closed without one. */
function startDeadline(stage: Stage, { clock, generation }: ConnectionParts): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController()
  const { handshakeMs } = generation().config.limits
  const stop = clock.after(handshakeMs, () => {
    const error = new PgoauthError('HANDSHAKE_TIMEOUT', { detail: `not through after ${handshakeMs} ms` })
    controller.abort(error)
    stage.inbox.interrupt(error)
    if (!stage.speaksPostgres) stage.socket.destroy()
  })
  return { signal: controller.signal, stop }
}

/** The client's own address: what the balancer says, where the connection comes from one. */
async function clientAddress(address: string, { inbox }: Stage, { isBalancer }: ConnectionParts): Promise<string> {
  if (!isBalancer(address)) return address
  const header = await inbox.take(readProxyHeader)
  return header?.kind === 'proxied' ? plainAddress(header.address) : address
}

interface Doing {
  readonly parts: ConnectionParts
  readonly requestId: ReturnType<typeof newRequestId>
  readonly address: string
  readonly log: Log
}

async function proceed(arrived: Arrived, doing: Doing & { signal: AbortSignal }): Promise<Established | undefined> {
  if (arrived.kind === 'gone') return undefined
  const { parts } = doing
  if (arrived.kind === 'cancel') {
    const isOurs = await parts.keys.cancel(arrived)
    doing.log.info({ event: 'cancel', known: isOurs }, 'cancel request')
    return undefined
  }
  // Named one by one: spread into one object, this many cost more than all that is done with them.
  return authenticate({
    arrival: arrived.arrival,
    listener: parts.listener,
    generation: parts.generation(),
    revocations: parts.revocations,
    limits: parts.limits,
    keys: parts.keys,
    metrics: parts.metrics,
    address: doing.address,
    requestId: doing.requestId,
    clock: parts.clock,
    log: doing.log,
    signal: doing.signal,
  })
}

async function runSession(established: Established, doing: Doing): Promise<void> {
  const live = new LiveSession(established, {
    sessionId: newSessionId(),
    requestId: doing.requestId,
    address: doing.address,
    log: doing.log,
    parts: doing.parts,
  })
  established.cancelling.cancel = () => live.cancel()
  try {
    await live.run()
  } finally {
    doing.parts.keys.revoke(established.key)
    established.leaveIdentity()
  }
}

/** Connections that never spoke Postgres are noise of the network; the rest is somebody who wanted in. */
function tell(error: PgoauthError, thrown: unknown, stage: Stage, log: Log): void {
  const fields = { code: error.code, reason: error.detail ?? error.say }
  if (error.code === 'INTERNAL' && stage.speaksPostgres) {
    log.error({ ...fields, stack: thrown instanceof Error ? thrown.stack : undefined }, 'handshake failed')
  } else if (stage.speaksPostgres) log.info(fields, 'refused')
  else log.debug(fields, 'connection without a startup')
}

/** The error, or the one behind it: who is refused and then breaks the exchange off is in the audit all the same. */
function auditedRefusal(error: unknown): PgoauthError | undefined {
  if (!(error instanceof PgoauthError)) return undefined
  return AUDITED.has(error.sqlstate) ? error : auditedRefusal(error.cause)
}

const AUDITED: ReadonlySet<string> = new Set(['28000', '42501', '3D000'])

function close(socket: Socket, word: Buffer | undefined, clock: Clock): void {
  if (socket.destroyed) return
  socket.on('error', () => {})
  socket.resume()
  if (word === undefined) socket.end()
  else socket.end(word)
  const stop = clock.after(LAST_WORD_MS, () => socket.destroy())
  socket.once('close', stop)
}
