import { Command } from 'commander'
import { fail } from '../base/errors.ts'
import type { Profile } from '../config/profiles.ts'
import type { LoginOutcome } from '../login/login.ts'
import type { CliContext } from './context.ts'
import { addProfileOptions, profileFlagsOf } from './profile-options.ts'
import { paintFor, writeLine } from './terminal.ts'
import { loginDepsOf, profileOf } from './token-deps.ts'

interface LoginFlags {
  readonly device?: boolean
  readonly browser?: boolean
  readonly open: boolean
}

export function loginCommand(context: CliContext): Command {
  const command = new Command('login')
    .description('Log in: in the browser where there is one, with a device code otherwise.')
    .argument('[profile]', 'profile in config.yaml; without it the default one')
    .option('--device', 'show a code to enter on another device')
    .option('--browser', 'use the browser on this machine')
    .option('--no-open', 'print the address and open nothing; over SSH also the line that forwards the port')
    .addHelpText('after', EXAMPLES)
  return addProfileOptions(command).action(
    async (name: string | undefined, flags: LoginFlags & Record<string, unknown>) => {
      if (flags.device && flags.browser) fail('USAGE', { detail: '--device and --browser exclude each other' })
      const profile = await profileOf(context, name, profileFlagsOf(flags))
      const flow = flags.device ? 'device' : flags.browser ? 'browser' : undefined
      const [{ logIn }, deps] = await Promise.all([import('../login/login.ts'), loginDepsOf(context)])
      report(context, profile, await logIn(profile, deps, { flow, open: flags.open }))
    },
  )
}

function report(context: CliContext, profile: Profile, { record, place, missing }: LoginOutcome): void {
  const paint = paintFor(context.env, context.isTty)
  const who = record.person ? ` as ${paint.bold(record.person)}` : ''
  writeLine(context.stderr, `${paint.green('✓')} logged in to ${paint.bold(profile.name)}${who}`)
  const kept =
    profile.store === 'memory'
      ? `store: memory keeps it for this command only; "pgoauth connect ${profile.name}" logs in by itself`
      : `kept in ${place}`
  writeLine(context.stderr, `  ${kept}`)
  if (missing.length > 0) {
    writeLine(context.stderr, `${paint.yellow('!')} the issuer did not grant: ${missing.join(', ')}`)
    if (missing.includes('offline_access')) {
      writeLine(context.stderr, '  without a refresh token this login ends with its first access token')
    }
  }
}

const EXAMPLES = `
Examples:
  pgoauth login                 the default profile
  pgoauth login prod --device   with a code, on a machine without a browser
  pgoauth login prod --no-open  print the address; over SSH also how to reach it`
