import { closeSync, fstatSync, writeSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { fail } from '../base/errors.ts'
import type { ConnectionFacts } from '../tunnel/connection-facts.ts'
import type { ConnectFlags } from './connect.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './terminal.ts'

export interface Announcement {
  /** Takes back what was said in a file. */
  end(): Promise<void>
}

/**
 * Tells scripts that the listeners are open, a line of JSON for each: on stdout, on a file descriptor, in a file.
 *
 * @throws USAGE where descriptor or file cannot be written.
 */
export async function announce(
  context: CliContext,
  facts: readonly ConnectionFacts[],
  { json, readyFd, readyFile }: Pick<ConnectFlags, 'json' | 'readyFd' | 'readyFile'>,
): Promise<Announcement> {
  const lines = facts.map((one) => JSON.stringify(one))
  if (readyFile !== undefined) await writeReadyFile(readyFile, `${lines.join('\n')}\n`)
  if (json) for (const line of lines) writeLine(context.stdout, line)
  if (readyFd !== undefined) writeReadyFd(readyFd, `${lines.join('\n')}\n`)
  return {
    async end() {
      if (readyFile !== undefined) await rm(readyFile, { force: true })
    },
  }
}

/** Whole or not at all: who waits for the file must not read half of it. */
async function writeReadyFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}`
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
    await rename(temporary, file)
  } catch (cause) {
    fail('USAGE', { detail: `--ready-file: ${(cause as Error).message}`, cause })
  }
}

function writeReadyFd(number: string, text: string): void {
  const fd = Number(number)
  // 0 to 2 have their own use, and closing them would surprise everybody.
  if (!Number.isInteger(fd) || fd < 3) fail('USAGE', { detail: `--ready-fd ${number}: a number from 3 on` })
  try {
    fstatSync(fd)
    writeSync(fd, text)
    closeSync(fd)
  } catch (cause) {
    fail('USAGE', { detail: `--ready-fd ${number} is not open: ${(cause as Error).message}`, cause })
  }
}
