import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, statfsSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail, type PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { AuditChain } from './audit-chain.ts'
import type { AuditEvent } from './audit-event.ts'
import { readAuditKey } from './audit-key.ts'
import { encodeLine, unchainLine } from './audit-line.ts'
import type { AuditLog } from './audit-log.ts'

export interface AuditFileOptions {
  readonly path: string
  /** With a key lines are chained; see AuditChain. */
  readonly keyFile: string | undefined
  /** Whether statements that were allowed are written, too. */
  readonly allowed: boolean
  /** `refuse`: no audit, no statement. */
  readonly onFailure: 'refuse' | 'continue'
  /** With less than that left on its disk, an event counts as one that cannot be written. */
  readonly minFreeBytes: number
}

/** How often the disk is asked how much is left. */
const DISK_CHECK_MS = 1000
/** Longer than the longest line: enough to find the last one. */
const TAIL_BYTES = 65_536

/**
 * Audit events as JSON Lines at the end of a file that only its owner reads, each handed to the system before `record`
 * returns.
 *
 * @throws AUDIT_UNAVAILABLE when the file cannot be opened; CONFIG_INVALID when its key cannot be read.
 */
export function openAuditLog(options: AuditFileOptions, clock: Clock, log: Log): AuditLog {
  return new AuditFile(options, clock, log)
}

class AuditFile implements AuditLog {
  readonly #options: AuditFileOptions
  readonly #clock: Clock
  readonly #log: Log
  readonly #chain: AuditChain | undefined
  #file: number
  /** Why nothing can be written; undefined while it can. */
  #failure: PgoauthError | undefined
  #diskCheckedAtMs = Number.NEGATIVE_INFINITY
  /** A line was written in part; the next begins on a line of its own. */
  #isCut = false

  constructor(options: AuditFileOptions, clock: Clock, log: Log) {
    this.#options = options
    this.#clock = clock
    this.#log = log
    this.#chain = options.keyFile === undefined ? undefined : new AuditChain(readAuditKey(options.keyFile))
    this.#file = open(options.path)
    try {
      this.#beginFile()
    } catch (thrown) {
      throw asPgoauthError(thrown, 'AUDIT_UNAVAILABLE')
    }
  }

  get recordsAllowed(): boolean {
    return this.#options.allowed
  }

  get head(): string | undefined {
    return this.#chain?.head
  }

  record(event: AuditEvent): void {
    if (event.event === 'statement_allowed' && !this.#options.allowed) return
    this.#attempt(() => {
      if (this.#failure !== undefined || this.#isDiskDue) this.#checkDisk(true)
      this.#append(event)
      if (this.#chain?.isLong) this.#checkpoint()
    })
  }

  assertWritable(): void {
    const isDue = this.#isDiskDue
    if (this.#failure === undefined && !isDue) return
    this.#attempt(() => this.#checkDisk(isDue))
  }

  reopen(): void {
    let next: number
    try {
      next = open(this.#options.path)
    } catch (thrown) {
      // What is open goes on being written: a rotation that went wrong must not cost the audit.
      this.#log.error({ path: this.#options.path, reason: asPgoauthError(thrown).message }, 'the audit stays as it is')
      return
    }
    closeSync(this.#file)
    this.#file = next
    this.#isCut = false
    try {
      this.#attempt(() => this.#beginFile())
    } catch {
      // Said in the log; the next statement is refused for it.
    }
  }

  close(): void {
    this.#attempt(() => this.#checkpoint())
    closeSync(this.#file)
  }

  get #isDiskDue(): boolean {
    return this.#clock.nowMs() - this.#diskCheckedAtMs >= DISK_CHECK_MS
  }

  #attempt(action: () => void): void {
    try {
      action()
      this.#failure = undefined
    } catch (thrown) {
      const error = asPgoauthError(thrown, 'AUDIT_UNAVAILABLE')
      if (this.#failure === undefined) {
        this.#log.error({ path: this.#options.path, reason: error.message }, 'the audit cannot be written')
      }
      this.#failure = error
      if (this.#options.onFailure === 'refuse') throw error
    }
  }

  #checkDisk(isDue: boolean): void {
    if (!isDue && this.#failure) throw this.#failure
    this.#diskCheckedAtMs = this.#clock.nowMs()
    const { bavail, bsize } = statfsSync(dirname(this.#options.path))
    if (bavail * bsize < this.#options.minFreeBytes) {
      fail('AUDIT_UNAVAILABLE', { detail: `the disk of ${this.#options.path} is nearly full` })
    }
  }

  #append(event: AuditEvent | Readonly<Record<string, unknown>>): void {
    const record = { time: this.#now(), ...event }
    if (this.#chain === undefined) {
      this.#write(encodeLine(record))
      return
    }
    const next = this.#chain.next(record)
    this.#write(next.line)
    next.take()
  }

  #checkpoint(): void {
    if (this.#chain === undefined) return
    this.#append({ event: 'checkpoint' })
    fsyncSync(this.#file)
  }

  /** A chain says in each file where it comes from. A line that a crash cut off is ended first. */
  #beginFile(): void {
    const tail = lastLine(this.#file)
    if (tail !== undefined && !tail.isWhole) writeSync(this.#file, '\n')
    if (this.#chain === undefined) return
    const first = this.#chain.begin(this.#now(), tail && unchainLine(tail.text)?.mac)
    this.#write(first.line)
    first.take()
  }

  #write(line: string): void {
    const bytes = Buffer.from(`${this.#isCut ? '\n' : ''}${line}\n`)
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.#file, bytes, at)
      this.#isCut = at < bytes.length
    }
  }

  #now(): string {
    return new Date(this.#clock.nowMs()).toISOString()
  }
}

function open(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = openSync(path, 'a+', 0o600)
    if (!fstatSync(file).isFile()) fail('AUDIT_UNAVAILABLE', { detail: `${path} is not a file` })
    return file
  } catch (thrown) {
    throw asPgoauthError(thrown, 'AUDIT_UNAVAILABLE')
  }
}

function lastLine(file: number): { readonly text: string; readonly isWhole: boolean } | undefined {
  const { size } = fstatSync(file)
  if (size === 0) return undefined
  const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
  readSync(file, bytes, 0, bytes.length, size - bytes.length)
  const text = bytes.toString('utf8')
  const isWhole = text.endsWith('\n')
  return { text: (isWhole ? text.slice(0, -1) : text).split('\n').at(-1) ?? '', isWhole }
}
