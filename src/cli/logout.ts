import { Command } from 'commander'
import { asPgoauthError, fail } from '../base/errors.ts'
import { loadProfiles, type Profile } from '../config/profiles.ts'
import type { LogoutOutcome } from '../login/logout.ts'
import type { CliContext } from './context.ts'
import { addProfileOptions, profileFlagsOf } from './profile-options.ts'
import { paintFor, writeLine } from './terminal.ts'
import { profileOf, tokenDepsOf } from './token-deps.ts'

export function logoutCommand(context: CliContext): Command {
  const command = new Command('logout')
    .description('Revoke a login at the issuer and delete it from where it is kept.')
    .argument('[profile]', 'profile in config.yaml; without it the default one')
    .option('--all', 'every profile, and whatever else pgoauth left in the stores')
    .addHelpText('after', EXAMPLES)
  return addProfileOptions(command).action(async (name: string | undefined, flags: Record<string, unknown>) => {
    if (flags.all && name) fail('USAGE', { detail: '--all takes no profile' })
    if (flags.all) return logOutOfAll(context)
    await logOutOf(context, await profileOf(context, name, profileFlagsOf(flags)))
  })
}

/** Logs one profile out and says what came of it. */
export async function logOutOf(context: CliContext, profile: Profile): Promise<LogoutOutcome> {
  const [{ logOut }, { openStore }] = await Promise.all([
    import('../login/logout.ts'),
    import('../tokens/open-store.ts'),
  ])
  const deps = tokenDepsOf(context)
  const outcome = await logOut(profile, await openStore(profile.store, deps), deps)
  const paint = paintFor(context.env, context.isTty)
  if (!outcome.removed) {
    writeLine(context.stderr, `nobody was logged in to ${profile.name}`)
    return outcome
  }
  const revoked = outcome.revoked ? 'revoked at the issuer, and ' : ''
  writeLine(context.stderr, `${paint.green('✓')} logged out of ${paint.bold(profile.name)} (${revoked}deleted here)`)
  if (outcome.remains) writeLine(context.stderr, `${paint.yellow('!')} ${outcome.remains}`)
  return outcome
}

async function logOutOfAll(context: CliContext): Promise<void> {
  const deps = tokenDepsOf(context)
  const { profiles } = await loadProfiles(deps.paths)
  const kinds = new Set<'keychain' | 'file'>()
  const failures: unknown[] = []
  for (const name of Object.keys(profiles)) {
    try {
      const profile = await profileOf(context, name)
      if (profile.store !== 'memory') kinds.add(profile.store)
      await logOutOf(context, profile)
    } catch (error) {
      failures.push(error)
      writeLine(context.stderr, `${name}: ${asPgoauthError(error).message}`)
    }
  }
  // Profiles that were removed or renamed since, local passwords, leftovers of a crash.
  const { openStore } = await import('../tokens/open-store.ts')
  for (const kind of kinds) {
    const store = await openStore(kind, deps)
    for (const account of await store.accounts().catch(() => [])) {
      if (await store.remove(account)) writeLine(context.stderr, `deleted: ${account}`)
    }
  }
  const [first] = failures
  if (first) throw first
}

const EXAMPLES = `
Examples:
  pgoauth logout prod    end the login to prod
  pgoauth logout --all   end every login on this machine`
