import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { PgoauthError } from '../base/errors.ts'
import { isCommandThere } from './command-lookup.ts'
import { setUpOrphanGuard } from './orphan-guard.ts'

/** How a shell reports what it could not run (POSIX.1-2024, Shell Command Language 2.8.2). */
const NOT_FOUND_CODE = 127
const NOT_EXECUTABLE_CODE = 126

export interface CommandEnd {
  /** The command's own code; 128+n where signal n ended it; 127 and 126 where it could not be run. */
  readonly exitCode: number
  /** Why it could not be run. */
  readonly error: PgoauthError | undefined
}

export interface WrappedCommand {
  /** Passes a signal on. */
  readonly signal: (name: NodeJS.Signals) => void
  readonly ended: Promise<CommandEnd>
}

/**
 * Runs a command on this process's own terminal and in its own process group: Ctrl-C, Ctrl-Z and `fg` reach it as
 * if it had been started alone. It does not outlive this process, even where that is killed.
 */
export function runWrapped(command: string, args: readonly string[], env: NodeJS.ProcessEnv): WrappedCommand {
  const guard = setUpOrphanGuard()
  let child: ChildProcess
  try {
    child = spawn(command, args, { env, stdio: 'inherit' })
  } catch (cause) {
    guard.release()
    return { signal: () => {}, ended: Promise.resolve(notRun(command, env.PATH, cause as NodeJS.ErrnoException)) }
  }
  if (child.pid === undefined) guard.release()
  else guard.watch(child.pid)
  const ended = new Promise<CommandEnd>((resolve) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve(notRun(command, env.PATH, cause))
    })
    child.once('exit', (code, signal) => {
      guard.release()
      const exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal]
      resolve({ exitCode, error: undefined })
    })
  })
  return { signal: (name) => void child.kill(name), ended }
}

function notRun(command: string, path: string | undefined, cause: NodeJS.ErrnoException): CommandEnd {
  // ENOENT for a script that is there: the program its first line names is not. Shells say 127 then, too.
  const missing = cause.code === 'ENOENT' || !isCommandThere(command, path)
  const detail = `${command}: ${missing ? 'command not found' : `cannot be executed (${cause.code ?? cause.message})`}`
  const fix = missing ? 'check the word behind -- and PATH' : 'is it a program, and may you run it?'
  const exitCode = missing ? NOT_FOUND_CODE : NOT_EXECUTABLE_CODE
  return { exitCode, error: new PgoauthError('CHILD_NOT_FOUND', { detail, fix, cause }) }
}
