import { Command } from 'commander'
import { fail } from '../base/errors.ts'
import type { CliContext } from './context.ts'
import { addProfileOptions } from './profile-options.ts'

/** What `pgoauth connect` was asked for. */
export interface ConnectRequest {
  readonly profiles: readonly string[]
  /** The words behind `--`. */
  readonly command: readonly string[] | undefined
  readonly flags: Readonly<Record<string, unknown>>
}

export function connectCommand(context: CliContext): Command {
  const command = new Command('connect')
    .description('Open a local port through which every Postgres tool reaches the profile’s database.')
    .usage('[options] [profile...] [-- command...]')
    .argument('[profile...]', 'profiles in config.yaml; without one the default')
    .option('--json', 'print the connection facts as JSON on stdout, a line for each profile, once ready')
    .addHelpText('after', EXAMPLES)
  return addProfileOptions(command).action(async (words: string[], flags: Record<string, unknown>) => {
    const wrapped = wordsBehindDashes(command)
    const profiles = wrapped ? words.slice(0, words.length - wrapped.length) : words
    if (wrapped?.length === 0) fail('USAGE', { detail: 'there is no command behind --' })
    if (wrapped && profiles.length > 1) fail('USAGE', { detail: 'a command takes one profile' })
    const { runConnect } = await import('./connect-run.ts')
    await runConnect(context, { profiles, command: wrapped, flags })
  })
}

/** commander drops the `--` itself; what the program was given still has it. */
function wordsBehindDashes(command: Command): string[] | undefined {
  const given = (command.parent as (Command & { rawArgs?: string[] }) | null)?.rawArgs ?? []
  const dashes = given.indexOf('--')
  return dashes < 0 ? undefined : given.slice(dashes + 1)
}

const EXAMPLES = `
Examples:
  pgoauth connect prod                 open the port and stay
  pgoauth connect prod -- psql         run one command with PGHOST, PGPORT … set
  pgoauth connect prod staging         several at once`
