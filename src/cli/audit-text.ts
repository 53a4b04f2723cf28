import type { AuditEvent } from '../audit/audit-event.ts'

/** An audit line as it is read back; whoever wrote the file may have written anything. */
export type ReadAuditEvent = Partial<Omit<AuditEvent, 'event'>> & { readonly event?: string; readonly time?: string }

/** The event of a line; undefined where it is none. */
export function readAuditLine(line: string): ReadAuditEvent | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ReadAuditEvent) : undefined
  } catch {
    return undefined
  }
}

/** One event on one line: when, what, who, on what, why. */
export function auditText(event: ReadAuditEvent): string {
  const who = [
    text(event.subject),
    event.role && `as ${text(event.role)}`,
    event.database && `on ${text(event.database)}`,
  ]
  const what = event.action === undefined ? undefined : `${text(event.action)} ${text(event.object)}`
  const parts = [
    text(event.time),
    text(event.event?.replaceAll('_', ' ')),
    who.filter((part) => part !== undefined && part !== '').join(' '),
    what,
    event.reason && text(event.reason),
    event.repeated && `${event.repeated} times more`,
    event.request_id && `[${text(event.request_id)}]`,
  ]
  return parts.filter((part) => part !== undefined && part !== '').join('  ')
}

/** Without what a terminal would take for a command. */
function text(value: unknown): string {
  return value === undefined ? '' : String(value).replaceAll(/\p{Cc}/gu, '·')
}
