import { closeSync, fstatSync, mkdirSync, openSync, statfsSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { AuditEvent } from './audit-event.ts'
import type { AuditLog } from './audit-log.ts'

export interface AuditFileOptions {
  readonly path: string
  readonly keyFile: string | undefined
  /** Whether statements that were allowed are written, too. */
  readonly allowed: boolean
  /** `refuse`: no audit, no statement. */
  readonly onFailure: 'refuse' | 'continue'
  /** With less than that left on its disk, an event counts as one that cannot be written. */
  readonly minFreeBytes: number
}

/**
 * Audit events as JSON Lines at the end of a file that only its owner reads, each on disk's side of a write before `record`
 * returns.
 *
 * @throws AUDIT_UNAVAILABLE when the file cannot be opened.
 */
export function openAuditLog(options: AuditFileOptions, clock: Clock, log: Log): AuditLog {
  const { path, allowed, onFailure, minFreeBytes } = options
  if (options.keyFile !== undefined) {
    fail('CONFIG_INVALID', { detail: 'audit.key_file: the chain of audit lines is not built yet; remove it' })
  }
  let file = open(path)

  const write = (event: AuditEvent): void => {
    const { bavail, bsize } = statfsSync(dirname(path))
    if (bavail * bsize < minFreeBytes) fail('AUDIT_UNAVAILABLE', { detail: `the disk of ${path} is nearly full` })
    const line = Buffer.from(`${JSON.stringify({ time: new Date(clock.nowMs()).toISOString(), ...event })}\n`)
    for (let at = 0; at < line.length; ) at += writeSync(file, line, at)
  }
  return {
    record(event) {
      if (event.event === 'statement_allowed' && !allowed) return
      try {
        write(event)
      } catch (thrown) {
        const error = asPgoauthError(thrown, 'AUDIT_UNAVAILABLE')
        if (onFailure === 'refuse') throw error
        log.error({ path, reason: error.message }, 'an audit event was not written')
      }
    },
    reopen() {
      const next = open(path)
      closeSync(file)
      file = next
    },
    close() {
      closeSync(file)
    },
  }
}

function open(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = openSync(path, 'a', 0o600)
    if (!fstatSync(file).isFile()) fail('AUDIT_UNAVAILABLE', { detail: `${path} is not a file` })
    return file
  } catch (thrown) {
    throw asPgoauthError(thrown, 'AUDIT_UNAVAILABLE')
  }
}
