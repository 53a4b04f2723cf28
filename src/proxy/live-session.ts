import type { AuditEvent } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { RequestId, SessionId } from '../base/brand.ts'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import type { MappedIdentity } from '../base/identity.ts'
import type { Log } from '../base/log.ts'
import type { RevocationWatch } from '../oauth/revocation-watch.ts'
import { rolesOf } from '../policy/roles.ts'
import type { ServerPool } from '../pool/server-lease.ts'
import { databaseMistake } from './admission.ts'
import { openGate } from './gate-opening.ts'
import type { Generation } from './generation.ts'
import type { Established } from './handshake.ts'
import type { ProxyMetrics } from './metrics.ts'
import type { ServedDatabase } from './served-database.ts'
import { Session, type SessionEnd } from './session.ts'
import { sessionGrants } from './session-grants.ts'
import type { RegisteredSession, SessionDescription, SessionRegistry } from './session-registry.ts'
import { SessionToken } from './session-token.ts'

export interface LiveSessionOptions {
  readonly sessionId: SessionId
  readonly requestId: RequestId
  readonly address: string
  readonly log: Log
  readonly parts: {
    readonly generation: () => Generation
    readonly sessions: SessionRegistry
    readonly revocations: RevocationWatch
    readonly audit: AuditLog
    readonly metrics: ProxyMetrics
    readonly clock: Clock
  }
}

/** A session with everything that can happen to it from outside its byte streams: expiry, renewal, cancel, drain, a new policy. */
export class LiveSession implements RegisteredSession {
  readonly id: SessionId
  readonly #client: Established
  readonly #options: LiveSessionOptions
  readonly #session: Session
  readonly #log: Log
  readonly #openedAtMs: number
  readonly #token: SessionToken
  #database: ServedDatabase
  #isOver = false

  constructor(client: Established, options: LiveSessionOptions) {
    const { database, lease, request, socket } = client
    const { clock, generation, revocations, metrics } = options.parts
    this.id = options.sessionId
    this.#client = client
    this.#options = options
    this.#database = database
    this.#openedAtMs = clock.nowMs()
    this.#log = options.log.child({ session_id: this.id })
    this.#token = new SessionToken({
      identity: client.identity,
      token: client.token,
      channel: { clientCertificateSha256: client.clientCertificateSha256 },
      generation,
      revocations,
      clock,
      log: this.#log,
      record: (event) => this.#record(event),
      end: (error, when) => this.end(error, when),
      onRenewed: () => this.#applyPolicy(),
    })
    this.#session = new Session({
      client: socket,
      server: lease.stream,
      watcher: lease.watcher,
      onCompleted: () => metrics.statementCompleted(),
      clock,
      openGate: (sinks) => openGate(client, options, sinks),
      onRenewal: request.wantsRenewal ? (body) => this.#token.renew(Buffer.from(body)) : undefined,
      onParameterStatus: (name, value) => {
        lease.parameters.set(name, value)
        return true
      },
    })
  }

  get pool(): ServerPool {
    return this.#client.database.pool
  }

  get bytes() {
    return this.#session.bytes
  }

  /** Carries the session to its end; the lease is given back by then. */
  async run(): Promise<void> {
    const { first, lease } = this.#client
    const { sessions } = this.#options.parts
    const remove = sessions.add(this)
    let isClean = false
    try {
      this.#record({ event: 'session_opened' })
      this.#log.info({ ...this.#who() }, 'session opened')
      this.#session.start(first)
      // It was in its handshake when the others were told.
      if (sessions.isDraining) this.end(new PgoauthError('SHUTDOWN'), 'transaction')
      this.#token.watch()
      this.#setIdle()
      const end = await this.#session.ended
      isClean = end.isClean
      this.#tellEnd(end)
    } finally {
      this.#isOver = true
      this.#token.close()
      lease.release(isClean)
      remove()
    }
  }

  #tellEnd(end: SessionEnd): void {
    const reason = end.error?.message
    this.#options.parts.metrics.closed(end.bytesFromClient, end.bytesFromServer)
    this.#log.info(
      { by: end.by, reason, from_client: end.bytesFromClient, from_server: end.bytesFromServer },
      'session closed',
    )
    this.#record({ event: 'session_closed', ...(reason !== undefined && { reason }) })
  }

  /** Passes a CancelRequest on to this session's server, over a connection of its own. */
  async cancel(): Promise<void> {
    if (this.#isOver) return
    this.#record({ event: 'cancel' })
    await this.#client.lease.cancel().catch((error: unknown) => {
      this.#log.warn({ reason: asPgoauthError(error).message }, 'a cancel request could not be passed on')
    })
  }

  end(error: PgoauthError, when: 'now' | 'statement' | 'transaction'): void {
    if (this.#isOver) return
    if (when === 'now' && !this.#session.gate.quiet) void this.cancel()
    this.#session.gate.end(error, when)
  }

  adopt({ databases }: Generation): void {
    const database = databases.get(this.#database.config.name)
    if (database === undefined) {
      this.end(new PgoauthError('SESSION_ENDED', { detail: 'the database is no longer served' }), 'statement')
      return
    }
    this.#database = database
    this.#applyPolicy()
  }

  describe(): SessionDescription {
    const { address } = this.#options
    const { issuer, subject, role, clientId, scopes, expiresAtSeconds } = this.#identity
    return {
      session_id: this.id,
      issuer,
      subject,
      role,
      database: this.#database.config.name,
      client_address: address,
      client_id: clientId,
      scopes,
      opened_at: new Date(this.#openedAtMs).toISOString(),
      expires_at: new Date(expiresAtSeconds * 1000).toISOString(),
      idle_seconds: Math.floor(this.#session.idleMs / 1000),
    }
  }

  get #config() {
    return this.#options.parts.generation().config
  }

  /** Grants and role as the policy has them now; where the role is no longer yielded the session ends with its transaction. */
  #applyPolicy(): void {
    const { policy } = this.#database
    const mistake =
      databaseMistake(this.#database, this.#identity) ??
      (rolesOf(policy, this.#identity).includes(this.#identity.role)
        ? undefined
        : 'the policy no longer yields the role')
    if (mistake !== undefined) this.end(new PgoauthError('SESSION_ENDED', { detail: mistake }), 'transaction')
    else this.#session.gate.setGrants(sessionGrants(this.#database, this.#identity))
  }

  #setIdle(): void {
    const { idleMs } = this.#config.limits
    if (idleMs === 0) return
    const { clock } = this.#options.parts
    const look = () => {
      const leftMs = idleMs - this.#session.idleMs
      if (leftMs <= 0) this.end(new PgoauthError('SESSION_IDLE'), 'statement')
      else stopIdle = clock.after(leftMs, look)
    }
    let stopIdle = clock.after(idleMs, look)
    this.#session.ended.then(() => stopIdle())
  }

  get #identity(): MappedIdentity {
    return this.#token.identity
  }

  #who() {
    const { issuer, subject, role, clientId, scopes } = this.#identity
    return { issuer, subject, role, client_id: clientId, scopes, database: this.#database.config.name }
  }

  #record(event: AuditEvent): void {
    const { requestId, address, parts } = this.#options
    const { issuer, subject, role, clientId, scopes } = this.#identity
    try {
      parts.audit.record({
        request_id: requestId,
        session_id: this.id,
        issuer,
        subject,
        role,
        scopes,
        database: this.#database.config.name,
        ...(clientId !== undefined && { client_id: clientId }),
        client_address: address,
        ...event,
      })
    } catch (thrown) {
      const error = asPgoauthError(thrown)
      this.#log.error({ reason: error.message }, 'the audit log cannot be written')
      // No audit, no session.
      this.end(error, 'now')
    }
  }
}
