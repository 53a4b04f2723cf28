import { Command } from 'commander'
import { fail } from '../base/errors.ts'
import { parseDurationMs } from '../base/units.ts'
import type { CliContext } from './context.ts'
import { addProfileOptions } from './profile-options.ts'

/** What `pgoauth connect` was asked for. */
export interface ConnectRequest {
  readonly profiles: readonly string[]
  /** The words behind `--`. */
  readonly command: readonly string[] | undefined
  readonly flags: ConnectFlags
}

export interface ConnectFlags {
  readonly json?: boolean
  readonly readyFd?: string
  readonly readyFile?: string
  readonly wait?: string | boolean
  readonly health?: string
  readonly logFile?: string
  readonly localTls?: boolean
  readonly localTlsCert?: string
  readonly localTlsKey?: string
  readonly [profileFlag: string]: unknown
}

export function connectCommand(context: CliContext): Command {
  const command = new Command('connect')
    .description('Open a local port through which every Postgres tool reaches the profile’s database.')
    .usage('[options] [profile...] [-- command...]')
    .argument('[profile...]', 'profiles in config.yaml; without one the default')
    .option('--json', 'print the connection facts on stdout, a line of JSON for each profile, once it is ready')
    .option('--ready-fd <number>', 'write the same to this file descriptor, then close it')
    .option('--ready-file <file>', 'write the same to this file; it is removed at the end')
    .option('--wait [time]', 'open nothing: wait until a tunnel of this profile is ready elsewhere (30s)')
    .option('--health <address>', 'answer GET /healthz over HTTP there, 127.0.0.1:PORT')
    .option('--log-file <file>', 'write a line of JSON for each connection; the way to see them with a command')
    .option('--local-tls', 'take TLS on the local side too, with a certificate made for it')
    .option('--local-tls-cert <file>', 'with this certificate instead (PEM)')
    .option('--local-tls-key <file>', 'and this private key (PEM)')
    .addHelpText('after', EXAMPLES)
  return addProfileOptions(command).action(async (words: string[], flags: ConnectFlags) => {
    const request = readRequest(words, wordsBehindDashes(command), flags)
    if (request.flags.wait !== undefined) return (await import('./connect-wait.ts')).waitForTunnels(context, request)
    await (await import('./connect-run.ts')).runConnect(context, request)
  })
}

function readRequest(words: string[], command: string[] | undefined, flags: ConnectFlags): ConnectRequest {
  const profiles = command ? words.slice(0, words.length - command.length) : words
  if (command?.length === 0) fail('USAGE', { detail: 'there is no command behind --' })
  if (command && profiles.length > 1) fail('USAGE', { detail: 'a command takes one profile' })
  // `--wait prod`: the optional time has swallowed the profile.
  if (typeof flags.wait === 'string' && parseDurationMs(flags.wait) === undefined) {
    return { profiles: [flags.wait, ...profiles], command, flags: { ...flags, wait: true } }
  }
  return { profiles, command, flags }
}

/** commander drops the `--` itself; what the program was given still has it. */
function wordsBehindDashes(command: Command): string[] | undefined {
  const given = (command.parent as (Command & { rawArgs?: string[] }) | null)?.rawArgs ?? []
  const dashes = given.indexOf('--')
  return dashes < 0 ? undefined : given.slice(dashes + 1)
}

const EXAMPLES = `
Examples:
  pgoauth connect prod                     open the port and stay
  pgoauth connect prod -- psql             run one command with PGHOST … set
  pgoauth connect prod staging             several at once
  pgoauth connect prod --listen unix:~/pg  a Unix socket: psql -h ~/pg
  pgoauth connect prod --wait 10s          in a script: is it ready?`
