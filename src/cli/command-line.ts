import { Command, CommanderError } from 'commander'
import { ERRORS } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import type { CliContext } from './context.ts'
import type { CommandEntry } from './program.ts'
import { VERSION } from './version.ts'

/** Descriptions wrap beside their terms down to this many columns: what the longest term leaves of a narrow terminal. */
const MIN_WIDTH_TO_WRAP = 16

/**
 * Parses a command line and runs what it names. The exit code where the parser itself ends it (help, version,
 * wrong usage); undefined where a command ran.
 */
export async function runCommandLine(
  entries: readonly CommandEntry[],
  args: readonly string[],
  context: CliContext,
): Promise<number | undefined> {
  const program = await assembleProgram(entries, args, context)
  try {
    await program.parseAsync(args, { from: 'user' })
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : ERRORS.USAGE.exit
  }
}

/** The whole tree of commands; of those the command line does not name, only their names and summaries. */
async function assembleProgram(
  entries: readonly CommandEntry[],
  args: readonly string[],
  context: CliContext,
): Promise<Command> {
  const program = new Command('pgoauth')
    .description('OAuth 2.0 in front of Postgres: a login tunnel for people, an enforcing proxy for the database.')
    .version(VERSION, '-V, --version')
    .option('--debug', 'say more on stderr; never a secret')
    .enablePositionalOptions()
  const [first, second] = args.filter((word) => !word.startsWith('-'))
  const wanted = first === 'help' ? second : first
  for (const entry of entries) {
    if (entry.name === wanted) program.addCommand(await entry.load(context))
    else program.command(entry.name).description(entry.summary)
  }
  applyToAll(program, (command) =>
    command
      .exitOverride()
      .configureHelp({ minWidthToWrap: MIN_WIDTH_TO_WRAP })
      .showHelpAfterError('(add --help for what it takes)')
      .configureOutput({
        writeOut: (text) => context.stdout.write(text),
        writeErr: (text) => context.stderr.write(text),
        outputError: (text, write) => write(withSuggestion(text, command)),
      }),
  )
  return program
}

/** The parser suggests none but the flags that its help lists. */
function withSuggestion(text: string, { options }: Command): string {
  const [, flag] = /^error: unknown option '(--[^'=]+)[^']*'\n$/.exec(text) ?? []
  const near = flag && suggest(flag.slice(2), options.map(({ long }) => long?.slice(2) ?? '').filter(Boolean))
  return near ? `${text}(Did you mean --${near}?)\n` : text
}

function applyToAll(command: Command, apply: (command: Command) => void): void {
  apply(command)
  for (const sub of command.commands) applyToAll(sub, apply)
}
