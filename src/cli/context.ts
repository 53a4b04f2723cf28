import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/**
 * All that a command may touch of the process it runs in; `bin/pgoauth.ts` makes the real one, tests another.
 */
export interface CliContext {
  readonly env: NodeJS.ProcessEnv
  readonly stdin: Readable
  /** Only what a script wants. */
  readonly stdout: Writable
  /** Messages for people. */
  readonly stderr: Writable
  /** Whether stderr is a terminal: spinners, colour and questions only there. */
  readonly isTty: boolean
  readonly clock: Clock
  /** The person's home directory. */
  readonly home: string
  readonly platform: NodeJS.Platform
  readonly log: Log
  /** Sets the code the process ends with, where that is not an error (a wrapped command's own code). */
  setExitCode(code: number): void
  /** From now on SIGHUP runs this and interrupts nothing; the function given back undoes that. */
  onHangup(action: () => void): () => void
  /** Runs this each time the process goes on after having been stopped (SIGCONT); the function given back undoes that. */
  onContinued(action: () => void): () => void
  /** Aborted on SIGINT, SIGTERM and SIGHUP; a second signal ends the process at once. */
  readonly interrupted: AbortSignal
  /**
   * Hands every signal that can be caught to `handler` instead, until the returned function is called: for a command
   * that passes them on.
   */
  takeSignals(handler: (signal: NodeJS.Signals) => void): () => void
}
