import { asPgoauthError } from '../base/errors.ts'
import type { Paint } from './terminal.ts'

/**
 * What a person at a terminal reads of an error: what happened, then what to do next.
 * Ends without a newline. The cause's stack is shown only with `--debug`, and holds no secrets: see Secret.
 */
export function errorText(thrown: unknown, paint: Paint, debug: boolean): string {
  const error = asPgoauthError(thrown)
  const lines = [`${paint.red('error:')} ${error.message}`]
  if (error.fix) lines.push(`${paint.cyan('  try:')} ${error.fix.replaceAll('\n', '\n       ')}`)
  if (error.code === 'INTERNAL') lines.push(`${paint.cyan('  try:')} the same with --debug, and report what it prints`)
  if (debug) {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      lines.push(paint.dim(String(cause.stack)))
  }
  return lines.join('\n')
}
