import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { programPath } from './programs.ts'

export interface PsqlResult {
  readonly code: number | null
  /** Rows without header or alignment, columns separated by `|`. */
  readonly stdout: string
  /** Errors with their SQLSTATE. */
  readonly stderr: string
}

/** Runs a script in psql as its input, statement by statement; psql goes on after an error, as at a terminal. */
export async function psql(url: string, script: string, env: Record<string, string> = {}): Promise<PsqlResult> {
  const args = [
    '--no-psqlrc',
    '--tuples-only',
    '--no-align',
    '--quiet',
    '--set=VERBOSITY=verbose',
    '--no-password',
    url,
  ]
  const child = spawn(programPath('psql'), args, { env: { PATH: process.env.PATH, LC_ALL: 'C', ...env } })
  child.stdin.end(script)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { code, stdout, stderr }
}
