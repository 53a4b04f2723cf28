import { Command } from 'commander'
import { fail } from '../base/errors.ts'
import type { CliContext } from './context.ts'
import { addProfileOptions, profileFlagsOf } from './profile-options.ts'
import { writeLine } from './terminal.ts'
import { profileOf, tokenDepsOf } from './token-deps.ts'

export function tokenCommand(context: CliContext): Command {
  const command = new Command('token')
    .description('Print a fresh access token on stdout, and nothing else.')
    .argument('[profile]', 'profile in config.yaml; without it the default one')
    .option('--claims', 'print what the token says, as JSON, and not the token')
    .addHelpText('after', EXAMPLES)
  return addProfileOptions(command).action(async (name: string | undefined, flags: Record<string, unknown>) => {
    const [profile, { openTokenSource }] = await Promise.all([
      profileOf(context, name, profileFlagsOf(flags)),
      import('../tokens/token-source.ts'),
    ])
    const source = await openTokenSource(profile, tokenDepsOf(context))
    const { token } = await source.fresh()
    writeLine(context.stdout, flags.claims ? await claimsText(token.reveal(), profile.name) : token.reveal())
  })
}

async function claimsText(token: string, profile: string): Promise<string> {
  const { decodeClaims } = await import('../oauth/jwt-claims.ts')
  const claims = decodeClaims(token)
  if (!claims) {
    fail('ISSUER_INVALID', {
      detail: `the access token of "${profile}" is opaque: only its issuer can say what is in it`,
      fix: 'nothing is wrong with that; pgoauth status shows what is known',
    })
  }
  return JSON.stringify(claims, null, 2)
}

const EXAMPLES = `
Examples:
  pgoauth token prod                       for a tool that takes a token
  PGPASSWORD=$(pgoauth token prod) psql …  for a service that takes it as password
  pgoauth token prod --claims              who am I, with which scopes, until when`
