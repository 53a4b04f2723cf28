import type { AuditEvent } from './audit-event.ts'

/** Where audit events go. */
export interface AuditLog {
  /**
   * Writes one event, before it returns, as one line.
   *
   * @throws AUDIT_UNAVAILABLE when it cannot be written and the log is set to refuse (`on_failure: refuse`).
   */
  record(event: AuditEvent): void
  /**
   * For a statement that leaves no line of its own: no audit, no statement. Cheap; asks the disk now and then.
   *
   * @throws AUDIT_UNAVAILABLE as `record` would.
   */
  assertWritable(): void
  /** Whether statements that are allowed leave a line, too. */
  readonly recordsAllowed: boolean
  /** The chain's last link, `CHAIN:SEQ:MAC`, to be kept elsewhere; undefined where lines are not chained. */
  readonly head: string | undefined
  /** Opens the file anew by its name, after a log rotation (SIGHUP). */
  reopen(): void
  /** Writes a checkpoint and closes. */
  close(): void
}

/** Keeps nothing. */
export const silentAudit: AuditLog = {
  record() {},
  assertWritable() {},
  recordsAllowed: false,
  head: undefined,
  reopen() {},
  close() {},
}
