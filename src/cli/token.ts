import { Command } from 'commander'
import type { CliContext } from './context.ts'
import { printToken } from './print-token.ts'
import { addProfileOptions, profileFlagsOf } from './profile-options.ts'

export function tokenCommand(context: CliContext): Command {
  const command = new Command('token')
    .description('Print a fresh access token on stdout, and nothing else.')
    .argument('[profile]', 'profile in config.yaml; without it the default one')
    .option('--claims', 'print what the token says, as JSON, and not the token')
    .addHelpText('after', EXAMPLES)
  return addProfileOptions(command).action(async (name: string | undefined, flags: Record<string, unknown>) => {
    await printToken(context, name, { claims: flags.claims === true, flags: profileFlagsOf(flags) })
  })
}

const EXAMPLES = `
Examples:
  pgoauth token prod                    for a tool that takes a token
  PGPASSWORD=$(pgoauth token prod) psql for a service that takes it as password
  pgoauth token prod --claims           who I am, with which scopes, until when`
