import { fail } from '../base/errors.ts'
import type { ProfileFlags } from '../config/profiles.ts'
import type { CliContext } from './context.ts'
import { rememberProfile } from './known-token.ts'
import { writeLine } from './line-output.ts'
import { profileOf, tokenDepsOf } from './token-deps.ts'

/** Prints a fresh access token of a profile, or what it says, on stdout. */
export async function printToken(
  context: CliContext,
  name: string | undefined,
  options: { readonly claims: boolean; readonly flags?: ProfileFlags },
): Promise<void> {
  const [profile, { openTokenSource }] = await Promise.all([
    profileOf(context, name, options.flags),
    import('../tokens/token-source.ts'),
  ])
  const deps = tokenDepsOf(context)
  const source = await openTokenSource(profile, deps)
  const { token } = await source.fresh()
  if (options.flags === undefined) await rememberProfile(context, deps.paths, name, profile)
  writeLine(context.stdout, options.claims ? await claimsText(token.reveal(), profile.name) : token.reveal())
}

async function claimsText(token: string, profile: string): Promise<string> {
  const { decodeClaims } = await import('../oauth/jwt-claims.ts')
  const claims = decodeClaims(token)
  if (!claims) {
    fail('TOKEN_OPAQUE', {
      detail: `the access token of "${profile}" is opaque, so only its issuer can say what is in it`,
      fix: `pgoauth status ${profile}, which shows what is known`,
    })
  }
  return JSON.stringify(claims, null, 2)
}
