import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'

/**
 * Answers the command lines that scripts run again and again, without the parser for all the others, which takes
 * a good part of the time that Node itself takes to start: `--version`, and `token [profile] [--claims]`. False for
 * anything else, which the parser then reads whole.
 */
export async function startQuickly(args: readonly string[], context: CliContext): Promise<boolean> {
  const [first, ...others] = args
  if ((first === '--version' || first === '-V') && others.length === 0) {
    writeLine(context.stdout, (await import('./version.ts')).VERSION)
    return true
  }
  if (first !== 'token') return false
  const names = others.filter((word) => !word.startsWith('-'))
  const flags = others.filter((word) => word.startsWith('-'))
  if (names.length > 1 || flags.some((flag) => flag !== '--claims')) return false
  const { printToken } = await import('./print-token.ts')
  await printToken(context, names[0], { claims: flags.length > 0 })
  return true
}
