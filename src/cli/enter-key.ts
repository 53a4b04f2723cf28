import { isInForeground } from '../tunnel/terminal-signal.ts'
import type { CliContext } from './context.ts'

/** What was typed before the invitation is no answer to it. */
const STALE_MS = 100
const LOOK_MS = 300

/**
 * Invites the person at the terminal to press Enter, and runs `action` once they do; the result ends the waiting.
 *
 * The terminal is read only while this waits, and only from the foreground: one that reads it from the background is
 * stopped by it (SIGTTIN, termios(3)), and every connection with it.
 */
export function onEnter(
  { stdin, clock, onContinued }: Pick<CliContext, 'stdin' | 'clock' | 'onContinued'>,
  invite: () => void,
  action: () => void,
): () => void {
  let isInvited = false
  const look = () => {
    if (isInForeground()) stdin.resume()
    else stdin.pause()
  }
  const lookAgain = () => {
    look()
    stopTimer = clock.after(LOOK_MS, lookAgain)
  }
  let stopTimer = clock.after(STALE_MS, () => {
    isInvited = true
    invite()
    lookAgain()
  })
  // Ctrl-Z and `bg` put us into the background. `fg` of a job that runs sends nothing.
  const stopLooking = onContinued(look)
  const onData = () => {
    if (!isInvited) return
    stop()
    action()
  }
  const stop = () => {
    stopTimer()
    stopLooking()
    stdin.off('data', onData)
    stdin.pause()
  }
  stdin.on('data', onData)
  stdin.resume()
  return stop
}
