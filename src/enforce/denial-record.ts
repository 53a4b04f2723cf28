import type { AuditEvent, AuditEventName } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { RequestId, SessionId } from '../base/brand.ts'
import { PgoauthError } from '../base/errors.ts'
import type { MappedIdentity } from '../base/identity.ts'
import { newRequestId } from '../base/ids.ts'
import type { Decision } from '../policy/decision.ts'
import type { Judge, ParsedJudgement } from './judge.ts'

/** The fields that every audit line of a session bears. */
export interface AuditedSession {
  readonly sessionId: SessionId
  readonly identity: MappedIdentity
  readonly database: string
  readonly clientAddress: string
}

/** An audit event of a session, with its fields filled in. */
export function sessionEvent(
  event: AuditEventName,
  session: AuditedSession,
  more: Partial<AuditEvent> = {},
): AuditEvent {
  const { identity } = session
  return {
    event,
    session_id: session.sessionId,
    subject: identity.subject,
    issuer: identity.issuer,
    ...(identity.clientId !== undefined && { client_id: identity.clientId }),
    scopes: identity.scopes,
    role: identity.role,
    database: session.database,
    client_address: session.clientAddress,
    ...more,
  }
}

/**
 * Writes the denials of one session into the audit and counts them.
 *
 * Every method throws AUDIT_UNAVAILABLE where the audit cannot be written, and SESSION_ENDED once the session was
 * denied too often.
 */
export class DenialRecord {
  readonly #audit: AuditLog
  readonly #session: AuditedSession
  readonly #maxDenials: number
  #denials = 0

  constructor(audit: AuditLog, session: AuditedSession, maxDenials: number) {
    this.#audit = audit
    this.#session = session
    this.#maxDenials = maxDenials
  }

  /** A text was denied; gives the request id that the client is told, and what denied it. */
  denied(
    judgement: ParsedJudgement,
    sql: string,
    judge: Judge,
  ): { requestId: RequestId; decision: Decision | undefined } {
    const decision = judgement.statements.find((one) => !one.decision.allowed)?.decision
    return { requestId: this.#denied(decisionFields(decision, judgement, sql, judge)), decision }
  }

  /** Something that has no text was denied. */
  deniedFor(reason: string): RequestId {
    return this.#denied({ reason })
  }

  /** A text was let through only because the policy observes. */
  observed(judgement: ParsedJudgement, sql: string, judge: Judge): void {
    for (const { decision } of judgement.statements) {
      if (!decision.observed) continue
      this.#record('statement_observed', newRequestId(), decisionFields(decision, judgement, sql, judge))
    }
  }

  #denied(fields: Partial<AuditEvent>): RequestId {
    const requestId = newRequestId()
    this.#record('statement_denied', requestId, fields)
    if (++this.#denials > this.#maxDenials) {
      throw new PgoauthError('SESSION_ENDED', { detail: `${this.#denials} statements were denied` })
    }
    return requestId
  }

  #record(event: AuditEventName, requestId: RequestId, fields: Partial<AuditEvent>): void {
    this.#audit.record(sessionEvent(event, this.#session, { request_id: requestId, ...fields }))
  }
}

function decisionFields(
  decision: Decision | undefined,
  { under }: ParsedJudgement,
  sql: string,
  judge: Judge,
): Partial<AuditEvent> {
  return {
    ...(decision?.denied?.action && { action: decision.denied.action }),
    ...(decision?.denied && { object: decision.denied.object }),
    sql_fingerprint: judge.fingerprint(sql),
    ...(decision?.reason !== undefined && { reason: decision.reason }),
    ...(decision && { missing_scopes: judge.missingScopes(decision, under.grants) }),
  }
}
