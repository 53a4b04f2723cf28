import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { withWorkersFiles } from '../audit/audit-path.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import { auditText, readAuditLine } from './audit-text.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'

const POLL_MS = 500
const CHUNK_BYTES = 65_536
const MAX_LINES = 100_000

/** `pgoauth audit tail`: the last events of all workers, in the order of time, and, followed, those that come, through rotations. */
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
  const opened = new Map<string, Follower>()
  /** What came in all files since; files of workers that were not there before among them. */
  const read = (last?: number) => {
    const lines: string[] = []
    for (const path of withWorkersFiles([file])) {
      let follower = opened.get(path)
      if (follower === undefined) {
        follower = new Follower(path)
        opened.set(path, follower)
      }
      const came = follower.read()
      lines.push(...(last === undefined ? came : came.slice(-last)))
    }
    return opened.size === 1 ? lines : inOrder(lines)
  }
  try {
    const lines = read(count === 0 ? 1 : count)
    for (const line of count === 0 ? [] : lines.slice(-count)) show(line)
    while (flags.follow && !context.interrupted.aborted) {
      await context.clock.sleep(POLL_MS, context.interrupted).catch(() => undefined)
      for (const line of read()) show(line)
    }
  } finally {
    for (const follower of opened.values()) follower.close()
  }
}

/** Those of one file stay in their order: times are those of one clock. */
function inOrder(lines: readonly string[]): string[] {
  const timed = lines.map((line) => ({ line, time: readAuditLine(line)?.time ?? '' }))
  return timed.sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time))).map(({ line }) => line)
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
