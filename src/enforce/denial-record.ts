import type { AuditEvent, AuditEventName } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { RequestId, SessionId } from '../base/brand.ts'
import { PgoauthError } from '../base/errors.ts'
import type { MappedIdentity } from '../base/identity.ts'
import { newRequestId } from '../base/ids.ts'
import { recordsOf } from '../policy/access-record.ts'
import type { Decision } from '../policy/decision.ts'
import type { Judge, ParsedJudgement } from './judge.ts'
import type { StatementText } from './statement-text.ts'

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

/** Different denials of one session that are counted; more are written each time. */
const MAX_COUNTED = 1000

/** A count is written when it comes to these, so that a long session's flood is seen before its end. */
const TOLD_AT = [10, 100, 1000, 10_000, 100_000]
/** Lines that are written in one go. */
const RECORDS_A_STEP = 20

interface Counted {
  readonly event: AuditEventName
  readonly requestId: RequestId
  readonly fields: Partial<AuditEvent>
  repeated: number
  /** How many of them the audit has heard of. */
  told: number
}

/**
 * Writes the denials of one session into the audit. One that comes again is counted, under the request id of its first,
 * and the count is written as it grows and when the session ends; past a limit the session ends, so that a flood cannot
 * fill the disk.
 *
 * Every method throws AUDIT_UNAVAILABLE where the audit cannot be written, and SESSION_ENDED once the session was
 * denied too often.
 */
export class DenialRecord {
  readonly #audit: AuditLog
  readonly #session: AuditedSession
  readonly #maxDenials: number
  readonly #counted = new Map<string, Counted>()
  #denials = 0

  constructor(audit: AuditLog, session: AuditedSession, maxDenials: number) {
    this.#audit = audit
    this.#session = session
    this.#maxDenials = maxDenials
  }

  /** A text was denied; gives the request id that the client is told, and what denied it. */
  denied(judgement: ParsedJudgement, sql: StatementText, judge: Judge): Denial {
    const decision = judgement.distinct.find((one) => !one.decision.allowed)?.decision
    const fingerprint = fingerprintOf(judgement, sql, judge)
    const fields = {
      ...decisionFields(decision, fingerprint),
      ...(decision && { missing_scopes: judge.missingScopes(decision, judgement.under.grants) }),
    }
    return { requestId: this.#denied(fields), decision, fingerprint }
  }

  /** Something that has no text was denied. */
  deniedFor(reason: string): RequestId {
    return this.#denied({ reason })
  }

  /**
   * A text was let through: says so where the policy only observes (also of what it would allow, since scopes for all
   * that was done are to be found), or the audit wants to know of all. Some lines at each step; undefined where there is
   * nothing to say.
   */
  passed(judgement: ParsedJudgement, sql: StatementText, judge: Judge): Iterator<void> | undefined {
    return judgement.observing || this.#audit.recordsAllowed ? this.#pass(judgement, sql, judge) : undefined
  }

  *#pass(judgement: ParsedJudgement, sql: StatementText, judge: Judge): Generator<void> {
    const fingerprint = fingerprintOf(judgement, sql, judge)
    let count = 0
    for (const { decision, times = 1 } of judgement.distinct) {
      if (++count % RECORDS_A_STEP === 0) yield
      // What is free for everyone is nothing that a scope would have to give.
      const needed = decision.verdicts.filter(({ by }) => !by.includes('free'))
      const accesses = needed.flatMap(({ access }) => recordsOf(access))
      const fields = { ...decisionFields(decision, fingerprint), accesses }
      if (decision.observed) this.#once('statement_observed', fields, times)
      else if (this.#audit.recordsAllowed) {
        const requestId = newRequestId()
        this.#record('statement_allowed', requestId, fields)
        if (times > 1) this.#record('statement_allowed', requestId, { ...fields, repeated: times - 1 })
      } else if (accesses.length > 0) this.#once('statement_allowed', fields, times)
    }
  }

  /** The session ends: writes what was counted. */
  finish(): void {
    for (const counted of this.#counted.values()) this.#tell(counted)
    this.#counted.clear()
  }

  #denied(fields: Partial<AuditEvent>): RequestId {
    if (++this.#denials > this.#maxDenials) {
      throw new PgoauthError('SESSION_ENDED', { detail: `${this.#denials} statements were denied` })
    }
    return this.#once('statement_denied', fields)
  }

  /** Writes it the first time, and counts it from then on. */
  #once(event: AuditEventName, fields: Partial<AuditEvent>, times = 1): RequestId {
    const key = [event, fields.sql_fingerprint, fields.action, fields.object, fields.reason].join('\0')
    const known = this.#counted.get(key)
    if (known) {
      this.#repeat(known, times)
      return known.requestId
    }
    const requestId = newRequestId()
    this.#record(event, requestId, fields)
    const counted = { event, requestId, fields, repeated: 0, told: 0 }
    if (this.#counted.size < MAX_COUNTED) this.#counted.set(key, counted)
    if (times > 1) this.#repeat(counted, times - 1)
    return requestId
  }

  #repeat(counted: Counted, times: number): void {
    const before = counted.repeated
    counted.repeated += times
    if (TOLD_AT.some((count) => before < count && count <= counted.repeated)) this.#tell(counted)
  }

  #tell(counted: Counted): void {
    const { event, requestId, fields, repeated, told } = counted
    if (repeated === told) return
    counted.told = repeated
    this.#record(event, requestId, { ...fields, repeated })
  }

  #record(event: AuditEventName, requestId: RequestId, fields: Partial<AuditEvent>): void {
    this.#audit.record(sessionEvent(event, this.#session, { request_id: requestId, ...fields }))
  }
}

export interface Denial {
  readonly requestId: RequestId
  readonly decision: Decision | undefined
  /** The text's, as the audit has it. */
  readonly fingerprint: string
}

function decisionFields(decision: Decision | undefined, fingerprint: string): Partial<AuditEvent> {
  return {
    ...(decision?.denied?.action && { action: decision.denied.action }),
    ...(decision?.denied && { object: decision.denied.object }),
    sql_fingerprint: fingerprint,
    ...(decision?.reason !== undefined && { reason: decision.reason }),
  }
}

/** Of a large text it was made where it was analysed. */
function fingerprintOf({ fingerprint }: ParsedJudgement, sql: StatementText, judge: Judge): string {
  return fingerprint ?? (typeof sql === 'string' ? judge.fingerprint(sql) : '')
}
