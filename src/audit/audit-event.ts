/** What happened; the `event` field of an audit line. */
export type AuditEventName =
  | 'session_opened'
  | 'session_refused'
  | 'session_closed'
  | 'statement_denied'
  | 'statement_allowed'
  /** Let through although the rules deny it: the policy observes. */
  | 'statement_observed'
  | 'token_renewed'
  | 'token_refused'
  | 'cancel'
  | 'policy_reloaded'

/** One right that a statement needed, as rules write it. */
export interface AuditedAccess {
  readonly action: string
  readonly object: string
  readonly columns?: readonly string[]
  readonly metadata?: true
}

/**
 * One audit event as the file shows it (DESIGN section 10), but for `time` and the chain, which the log adds.
 * Never a literal of a statement, never a token.
 */
export interface AuditEvent {
  readonly event: AuditEventName
  readonly request_id?: string
  readonly session_id?: string
  readonly subject?: string
  readonly issuer?: string
  readonly client_id?: string
  readonly scopes?: readonly string[]
  readonly role?: string
  readonly database?: string
  readonly client_address?: string
  readonly action?: string
  readonly object?: string
  readonly sql_fingerprint?: string
  readonly reason?: string
  /** Scopes of the policy each of which would allow the first denied access. */
  readonly missing_scopes?: readonly string[]
  /** All that a statement needed: of allowed and observed ones, for `policy suggest`. */
  readonly accesses?: readonly AuditedAccess[]
  /** Equal events since the one with this request id, which are not written one by one. */
  readonly repeated?: number
}
