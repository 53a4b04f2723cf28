import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { PgoauthError } from '../base/errors.ts'

/** How a shell reports what it could not run (POSIX 2.8.2). */
export const NOT_FOUND_CODE = 127
export const NOT_EXECUTABLE_CODE = 126

export interface CommandEnd {
  /** The command's own code; 128+n where signal n ended it; 127 and 126 where it could not be run. */
  readonly exitCode: number
  /** Why it could not be run. */
  readonly error: PgoauthError | undefined
}

export interface WrappedCommand {
  signal(name: NodeJS.Signals): void
  readonly ended: Promise<CommandEnd>
}

/**
 * Runs a command on this process's own terminal, in its own process group: Ctrl-C, Ctrl-Z and `fg` reach both
 * together, as if the command had been started alone.
 */
export function runWrapped(command: string, args: readonly string[], env: NodeJS.ProcessEnv): WrappedCommand {
  const child = spawn(command, args, { env, stdio: 'inherit' })
  const ended = new Promise<CommandEnd>((resolve) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return
      const exitCode = cause.code === 'ENOENT' ? NOT_FOUND_CODE : NOT_EXECUTABLE_CODE
      const why = cause.code === 'ENOENT' ? 'not found' : `cannot be executed (${cause.code})`
      const error = new PgoauthError('CHILD_NOT_FOUND', { detail: `${command}: ${why}`, cause })
      resolve({ exitCode, error })
    })
    child.once('exit', (code, signal) => {
      const exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal]
      resolve({ exitCode, error: undefined })
    })
  })
  return { signal: (name) => void child.kill(name), ended }
}
