import type { CliContext } from './context.ts'
import { paintFor, writeLine } from './terminal.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 100
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const CLEAR_LINE = '\r\x1b[2K'

/** Says what is waited for: a spinner on a terminal, one plain line elsewhere. Returns how to end it. */
export function startWaiting(context: CliContext, what: string): () => void {
  const { stderr, env, isTty } = context
  if (!isTty || env.TERM === 'dumb') {
    writeLine(stderr, `${what} …`)
    return () => {}
  }
  const paint = paintFor(env, isTty)
  let frame = 0
  const draw = () => {
    stderr.write(`${CLEAR_LINE}${paint.cyan(FRAMES[frame % FRAMES.length] ?? '')} ${what}`)
    frame++
  }
  stderr.write(HIDE_CURSOR)
  draw()
  const timer = setInterval(draw, FRAME_MS)
  return () => {
    clearInterval(timer)
    stderr.write(`${CLEAR_LINE}${SHOW_CURSOR}`)
  }
}
