import type { AuditEvent } from '../audit/audit-event.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'

/** Lines of one address in one window; what comes beyond is counted into one more line. */
const MAX_LINES = 20
const WINDOW_MS = 60_000
/** Addresses in one window that have lines of their own; a flood from everywhere is one line a window. */
const MAX_ADDRESSES = 1_000

interface Window {
  lines: number
  /** The last event that had no line, and how many it stands for. */
  unsaid: { event: AuditEvent; count: number } | undefined
}

/** Audits refused clients, so that whoever knocks all day long does not fill the disk. */
export class RefusalRecord {
  readonly #audit: AuditLog
  readonly #clock: Clock
  readonly #log: Log
  #windows = new Map<string, Window>()
  #stopTimer: (() => void) | undefined

  constructor(audit: AuditLog, clock: Clock, log: Log) {
    this.#audit = audit
    this.#clock = clock
    this.#log = log
  }

  record(event: AuditEvent & { readonly client_address: string }): void {
    this.#stopTimer ??= this.#clock.after(WINDOW_MS, () => this.close())
    const isKnown = this.#windows.has(event.client_address)
    const key = isKnown || this.#windows.size < MAX_ADDRESSES ? event.client_address : ''
    const window = this.#windows.get(key) ?? { lines: 0, unsaid: undefined }
    this.#windows.set(key, window)
    if (window.lines < MAX_LINES) {
      window.lines++
      this.#write(event)
    } else window.unsaid = { event, count: (window.unsaid?.count ?? 0) + 1 }
  }

  /** Writes what was counted, and begins anew. */
  close(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    const windows = this.#windows
    this.#windows = new Map()
    for (const { unsaid } of windows.values()) {
      if (unsaid) this.#write({ ...unsaid.event, repeated: unsaid.count })
    }
  }

  #write(event: AuditEvent): void {
    try {
      this.#audit.record(event)
    } catch (error) {
      this.#log.error({ reason: asPgoauthError(error).message }, 'the audit log cannot be written')
    }
  }
}
