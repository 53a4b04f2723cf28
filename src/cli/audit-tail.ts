import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { asPgoauthError, fail } from '../base/errors.ts'
import { auditText, readAuditLine } from './audit-text.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'

const POLL_MS = 500
const CHUNK_BYTES = 65_536
const MAX_LINES = 100_000

/** `pgoauth audit tail`: the last events and, followed, those that come, through rotations. */
export async function tailAudit(
  context: CliContext,
  file: string,
  flags: { readonly lines: string; readonly follow?: boolean; readonly json?: boolean },
): Promise<void> {
  const count = Number(flags.lines)
  if (!Number.isInteger(count) || count < 0 || count > MAX_LINES) fail('USAGE', { detail: `--lines ${flags.lines}` })
  const show = (line: string) => {
    const event = readAuditLine(line)
    writeLine(context.stdout, flags.json || event === undefined ? line : auditText(event))
  }
  const opened = new Follower(file)
  try {
    const lines = opened.read()
    for (const line of count === 0 ? [] : lines.slice(-count)) show(line)
    while (flags.follow && !context.interrupted.aborted) {
      await context.clock.sleep(POLL_MS, context.interrupted).catch(() => undefined)
      for (const line of opened.read()) show(line)
    }
  } finally {
    opened.close()
  }
}

/** A file that others append to, and may replace. */
class Follower {
  readonly #path: string
  #file: number
  #at = 0
  #rest: Buffer = Buffer.alloc(0)

  constructor(path: string) {
    this.#path = path
    this.#file = openOrThrow(path)
  }

  /** The whole lines that came since. */
  read(): string[] {
    const lines = this.#readOpen()
    if (!this.#isReplaced()) return lines
    closeSync(this.#file)
    this.#file = openOrThrow(this.#path)
    this.#at = 0
    return [...lines, ...this.#readOpen()]
  }

  close(): void {
    closeSync(this.#file)
  }

  #readOpen(): string[] {
    const chunks: Buffer[] = []
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (let got = -1; got !== 0; this.#at += got) {
      got = readSync(this.#file, chunk, 0, CHUNK_BYTES, this.#at)
      chunks.push(Buffer.from(chunk.subarray(0, got)))
    }
    const all = Buffer.concat([this.#rest, ...chunks])
    const end = all.lastIndexOf(0x0a)
    this.#rest = Buffer.from(all.subarray(end + 1))
    return end < 0 ? [] : all.toString('utf8', 0, end).split('\n')
  }

  #isReplaced(): boolean {
    try {
      const [now, open] = [statSync(this.#path), fstatSync(this.#file)]
      return now.ino !== open.ino || now.size < this.#at
    } catch {
      return false
    }
  }
}

function openOrThrow(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (thrown) {
    throw asPgoauthError(thrown, 'USAGE')
  }
}
