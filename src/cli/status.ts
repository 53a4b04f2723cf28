import { Command } from 'commander'
import { nowSeconds } from '../base/clock.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import { loadProfiles, type ProfileFlags } from '../config/profiles.ts'
import type { CliContext } from './context.ts'
import type { LoginStatus } from './login-status.ts'
import { addProfileOptions, profileFlagsOf } from './profile-options.ts'
import { paintFor, writeLine } from './terminal.ts'
import { profileOf, tokenDepsOf } from './token-deps.ts'

export function statusCommand(context: CliContext): Command {
  const command = new Command('status')
    .description('Say who is logged in where, until when, and where the login is kept.')
    .argument('[profile]', 'only this profile; exit code 3 when it needs a login')
    .option('--json', 'one JSON array on stdout')
    .addHelpText('after', EXAMPLES)
  return addProfileOptions(command).action(
    async (name: string | undefined, flags: { json?: boolean } & Record<string, unknown>) => {
      const deps = tokenDepsOf(context)
      const { statusOf } = await import('./login-status.ts')
      const given = profileFlagsOf(flags)
      const names = name === undefined ? await allNames(context, flags.json === true, given) : [name]
      const found: LoginStatus[] = []
      for (const one of names) found.push(await statusOf(one, () => profileOf(context, one, given), deps))
      if (flags.json) writeLine(context.stdout, JSON.stringify(found, null, 2))
      else tell(context, found)
      const [only] = found
      if (name !== undefined && only && !only.logged_in) context.setExitCode(only.error ? only.exit : 3)
    },
  )
}

/** Without any profile a script gets an empty list, and a person is told how to begin. */
async function allNames(context: CliContext, isListed: boolean, flags: ProfileFlags): Promise<string[]> {
  const { profiles, file } = await loadProfiles(tokenDepsOf(context).paths)
  const names = Object.keys(profiles)
  if (names.length > 0) return names
  try {
    return [(await profileOf(context, undefined, flags)).name]
  } catch (error) {
    const { code } = asPgoauthError(error)
    if (code !== 'USAGE') throw error
    if (isListed) return []
    fail('USAGE', { detail: `there is no profile yet in ${file}`, fix: 'pgoauth profile add NAME' })
  }
}

function tell(context: CliContext, found: readonly LoginStatus[]): void {
  const paint = paintFor(context.env, context.isTty)
  const now = nowSeconds(context.clock)
  for (const one of found) {
    const mark = one.logged_in ? paint.green('✓') : paint.red('✗')
    writeLine(context.stdout, `${mark} ${paint.bold(one.profile)}`)
    const line = (label: string, text: string | undefined) => {
      if (text) writeLine(context.stdout, `    ${label.padEnd(10)}${text.replaceAll('\n', `\n${' '.repeat(14)}`)}`)
    }
    line('issuer', one.issuer ?? undefined)
    if (one.error) {
      line('problem', one.error)
      line('try', one.fix ?? undefined)
      continue
    }
    line('login', loginLine(one, now))
    line('who', one.person ?? undefined)
    line('scopes', one.scopes?.join(' '))
    line('missing', one.missing_scopes.join(' '))
    line('kept in', one.place ?? undefined)
    line('try', one.fix ?? undefined)
  }
}

function loginLine({ logged_in, renews, expires_at, flow }: LoginStatus, now: number): string {
  if (!logged_in) return expires_at === null ? 'none' : 'expired'
  if (flow === 'token_file' || flow === 'exec' || flow === 'client_credentials') return `not needed (flow: ${flow})`
  const until = expires_at === null ? '' : Math.floor(Date.parse(expires_at) / 1000) - now
  const token =
    until === '' ? 'token without a known end' : until > 0 ? `token good for ${inWords(until)}` : 'token expired'
  return renews ? `${token}, renewed by itself` : `${token}, then log in again`
}

function inWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}

const EXAMPLES = `
Examples:
  pgoauth status               every profile
  pgoauth status prod --json   one, for a script`
