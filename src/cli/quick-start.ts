import type { CliContext } from './context.ts'

/**
 * Answers the command lines that scripts run again and again where the answer is at hand: `--version`, and
 * `token [profile]` of a profile whose cached token is known and fresh. False for anything else, and for whatever is
 * not as it was: then the program is run, which takes about as long again as Node itself takes to start.
 */
export async function answerAtOnce(args: readonly string[], context: CliContext): Promise<boolean> {
  const [first, name, ...others] = args
  if ((first === '--version' || first === '-V') && args.length === 1) {
    const { VERSION } = await import('./version.ts')
    context.stdout.write(`${VERSION}\n`)
    return true
  }
  if (first !== 'token' || name?.startsWith('-') || others.length > 0) return false
  const [{ pathsOf }, { readKnownToken }] = await Promise.all([
    import('../config/paths.ts'),
    import('./known-token.ts'),
  ])
  const token = await readKnownToken(context, pathsOf(context), name)
  if (token === undefined) return false
  context.stdout.write(`${token}\n`)
  return true
}

/** `token [profile] [--claims]` without the parser that all other command lines need. False for those. */
export async function startQuickly(args: readonly string[], context: CliContext): Promise<boolean> {
  const [first, ...others] = args
  if (first !== 'token') return false
  const names = others.filter((word) => !word.startsWith('-'))
  const flags = others.filter((word) => word.startsWith('-'))
  if (names.length > 1 || flags.some((flag) => flag !== '--claims')) return false
  const { printToken } = await import('./print-token.ts')
  await printToken(context, names[0], { claims: flags.length > 0 })
  return true
}
