import { Command, CommanderError } from 'commander'
import { asPgoauthError, ERRORS } from '../base/errors.ts'
import type { CliContext } from './context.ts'
import { errorText } from './error-text.ts'
import { paintFor, writeLine } from './terminal.ts'
import { VERSION } from './version.ts'

/**
 * A command's name, its line in `pgoauth --help`, and how to load it. Loading one loads nothing of the others:
 * starting up is what `pgoauth token` spends most of its time on.
 */
interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(context: CliContext): Promise<Command>
}

const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'login',
    summary: 'Log in: in the browser where there is one, with a device code otherwise.',
    load: async (context) => (await import('./login.ts')).loginCommand(context),
  },
  {
    name: 'logout',
    summary: 'Revoke a login at the issuer and delete it from where it is kept.',
    load: async (context) => (await import('./logout.ts')).logoutCommand(context),
  },
  {
    name: 'connect',
    summary: 'Open a local port through which every Postgres tool reaches the profile’s database.',
    load: async (context) => (await import('./connect.ts')).connectCommand(context),
  },
  {
    name: 'proxy',
    summary: 'Run the enforcing proxy next to the database.',
    load: async (context) => (await import('./proxy.ts')).proxyCommand(context),
  },
  {
    name: 'token',
    summary: 'Print a fresh access token on stdout, and nothing else.',
    load: async (context) => (await import('./token.ts')).tokenCommand(context),
  },
  {
    name: 'status',
    summary: 'Say who is logged in where, until when, and where the login is kept.',
    load: async (context) => (await import('./status.ts')).statusCommand(context),
  },
  {
    name: 'profile',
    summary: 'Add, list, show and remove profiles.',
    load: async (context) => (await import('./profile.ts')).profileCommand(context),
  },
  {
    name: 'demo',
    summary: 'Try everything on this machine: issuer, Postgres, proxy, tunnel and sample data.',
    load: async (context) => (await import('./demo.ts')).demoCommand(context),
  },
]

/**
 * Runs one command line and gives the exit code: 0 ok, 1 failure, 2 usage, 3 login needed, 4 denied,
 * 5 unreachable; a wrapped command's own code. Errors are told on stderr.
 */
export async function runProgram(args: readonly string[], context: CliContext): Promise<number> {
  const debug = args.includes('--debug')
  let exitCode = 0
  const inner: CliContext = {
    ...context,
    setExitCode: (code) => {
      exitCode = code
    },
  }
  try {
    const program = await assembleProgram(args, inner)
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ERRORS.USAGE.exit
    writeLine(context.stderr, errorText(error, paintFor(context.env, context.isTty), debug))
    return asPgoauthError(error).exit
  }
}

async function assembleProgram(args: readonly string[], context: CliContext): Promise<Command> {
  const program = new Command('pgoauth')
    .description('OAuth 2.0 in front of Postgres: a login tunnel for people, an enforcing proxy for the database.')
    .version(VERSION, '-V, --version')
    .option('--debug', 'say more on stderr; never a secret')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for what it takes)')
  const wanted = args.find((word) => !word.startsWith('-'))
  for (const entry of COMMANDS) {
    if (entry.name === wanted) program.addCommand(await entry.load(context))
    else program.command(entry.name).description(entry.summary)
  }
  applyToAll(program, (command) =>
    command.exitOverride().configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    }),
  )
  return program
}

function applyToAll(command: Command, apply: (command: Command) => void): void {
  apply(command)
  for (const sub of command.commands) applyToAll(sub, apply)
}
