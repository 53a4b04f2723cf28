import type { AuditLog } from '../audit/audit-log.ts'
import type { ProxyMetrics } from './metrics.ts'

/** The same log; what is written to it is counted. */
export function countedAudit(log: AuditLog, metrics: ProxyMetrics): AuditLog {
  return {
    record(event) {
      metrics.audited(event.event, event.repeated ?? 1)
      log.record(event)
    },
    assertWritable: () => log.assertWritable(),
    get recordsAllowed() {
      return log.recordsAllowed
    },
    get head() {
      return log.head
    },
    reopen: () => log.reopen(),
    close: () => log.close(),
  }
}
