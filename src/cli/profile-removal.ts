import { asPgoauthError } from '../base/errors.ts'
import type { CliContext } from './context.ts'
import { logOutOf } from './logout.ts'
import { paintFor, writeLine } from './terminal.ts'
import { profileOf, tokenDepsOf } from './token-deps.ts'

/**
 * Logs out of a profile, deletes its local password and takes it out of config.yaml. A store that fails does not
 * keep the profile: what is left there is said.
 */
export async function removeProfile(context: CliContext, name: string): Promise<void> {
  const deps = tokenDepsOf(context)
  await forgetSecrets(context, name)
  const { editConfigFile, withoutProfile } = await import('../config/profile-edit.ts')
  await editConfigFile(deps.paths.configFile, (text) => withoutProfile(text, name))
  const paint = paintFor(context.env, context.isTty)
  writeLine(context.stderr, `${paint.green('✓')} removed ${name} from ${deps.paths.configFile}`)
}

async function forgetSecrets(context: CliContext, name: string): Promise<void> {
  try {
    const profile = await profileOf(context, name)
    const machine = profile.flow === 'client_credentials' || profile.flow === 'token_file' || profile.flow === 'exec'
    if (machine || profile.store === 'memory') return
    await logOutOf(context, profile)
    const [{ openStore }, { localPasswordAccount }] = await Promise.all([
      import('../tokens/open-store.ts'),
      import('../tokens/local-password.ts'),
    ])
    await (await openStore(profile.store, tokenDepsOf(context))).remove(localPasswordAccount(profile))
  } catch (error) {
    writeLine(context.stderr, `warning: ${asPgoauthError(error).message}; a login to ${name} may be left there`)
  }
}
