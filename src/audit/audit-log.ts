import type { AuditEvent } from './audit-event.ts'

/** Where audit events go. */
export interface AuditLog {
  /**
   * Writes one event, before it returns, as one line.
   *
   * @throws AUDIT_UNAVAILABLE when it cannot be written and the log is set to refuse (`on_failure: refuse`).
   */
  record(event: AuditEvent): void
  /** Opens the file anew by its name, after a log rotation (SIGHUP). */
  reopen(): void
  /** Writes what is still counted, a checkpoint, and closes. */
  close(): void
}

/** Keeps nothing. */
export const silentAudit: AuditLog = {
  record() {},
  reopen() {},
  close() {},
}
