import type { Command } from 'commander'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'
import { startQuickly } from './quick-start.ts'

/**
 * A command's name, its line in `pgoauth --help`, and how to load it. Loading one loads nothing of the others:
 * starting up is what `pgoauth token` spends most of its time on.
 */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(context: CliContext): Promise<Command>
}

export const COMMANDS: readonly CommandEntry[] = [
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
    name: 'policy',
    summary: 'Explain and test what the policy lets a statement do.',
    load: async (context) => (await import('./policy.ts')).policyCommand(context),
  },
  {
    name: 'audit',
    summary: 'Read the audit file of a proxy, and check that nobody changed it.',
    load: async (context) => (await import('./audit.ts')).auditCommand(context),
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
    name: 'doctor',
    summary: 'Check every step from config.yaml to the database, and say what to fix.',
    load: async (context) => (await import('./doctor.ts')).doctorCommand(context),
  },
  {
    name: 'completion',
    summary: 'Print the completion script for a shell.',
    load: async (context) => (await import('./completion.ts')).completionCommand(context),
  },
  {
    name: 'demo',
    summary: 'Try everything on this machine: issuer, Postgres, proxy, tunnel and sample data.',
    load: async (context) => (await import('./demo.ts')).demoCommand(context),
  },
]

/**
 * Runs one command line and gives the exit code: 0 ok, 1 failure, 2 usage, 3 login needed, 4 denied,
 * 5 unreachable; a wrapped command's own code. Errors are told on stderr. `--debug` may stand anywhere before `--`.
 */
export async function runProgram(words: readonly string[], context: CliContext): Promise<number> {
  const { args, debug } = withoutDebug(words)
  let exitCode = 0
  try {
    const own: Partial<CliContext> = {
      setExitCode: (code) => {
        exitCode = code
      },
      ...(debug && { log: (await import('./process-log.ts')).openProcessLog({ level: 'debug', to: 2 }) }),
    }
    // Inherited rather than copied: copying would look at every stream, and looking makes Node open it.
    const inner: CliContext = Object.assign(Object.create(context) as CliContext, own)
    if (await startQuickly(args, inner)) return exitCode
    const { runCommandLine } = await import('./command-line.ts')
    return (await runCommandLine(COMMANDS, args, inner)) ?? exitCode
  } catch (error) {
    const [{ asPgoauthError }, { errorText }, { paintFor }] = await Promise.all([
      import('../base/errors.ts'),
      import('./error-text.ts'),
      import('./terminal.ts'),
    ])
    writeLine(context.stderr, errorText(error, paintFor(context.env, context.isTty), debug))
    return asPgoauthError(error).exit
  }
}

function withoutDebug(words: readonly string[]): { args: string[]; debug: boolean } {
  const end = words.includes('--') ? words.indexOf('--') : words.length
  const own = words.slice(0, end)
  return { args: [...own.filter((word) => word !== '--debug'), ...words.slice(end)], debug: own.includes('--debug') }
}
