import { Command } from 'commander'
import { fail } from '../base/errors.ts'
import { loadProfiles } from '../config/profiles.ts'
import type { CliContext } from './context.ts'
import { addProfileAddOptions, type ProfileAddFlags } from './profile-add-options.ts'
import { addProfileOptions, profileFlagsOf } from './profile-options.ts'
import { paintFor, writeLine } from './terminal.ts'
import { canAsk, profileOf, tokenDepsOf } from './token-deps.ts'

export function profileCommand(context: CliContext): Command {
  const command = new Command('profile')
    .description('Manage the profiles in config.yaml.')
    .addHelpText('after', EXAMPLES)
  command.addCommand(addCommand(context))
  command.addCommand(listCommand(context))
  command.addCommand(showCommand(context))
  command.addCommand(removeCommand(context))
  command.addCommand(passwordCommand(context))
  return command
}

function addCommand(context: CliContext): Command {
  const command = new Command('add')
    .description('Add a profile: with questions at a terminal, from flags elsewhere, or from somebody else’s file.')
    .argument('[name]', 'letters, digits, ".", "_" and "-"')
  return addProfileAddOptions(command).action(async (name: string | undefined, flags: ProfileAddFlags) => {
    const { addProfile } = await import('./profile-add.ts')
    await addProfile(context, name, flags)
  })
}

function listCommand(context: CliContext): Command {
  return new Command('list')
    .description('List the profiles; the default one is marked with *.')
    .option('--json', 'one JSON array on stdout')
    .addHelpText('after', '\nExamples:\n  pgoauth profile list\n  pgoauth profile list --json')
    .action(async (flags: { json?: boolean }) => {
      const file = await loadProfiles(tokenDepsOf(context).paths)
      const names = Object.keys(file.profiles)
      const defaultName = file.default ?? (names.length === 1 ? names[0] : undefined)
      const rows = Object.entries(file.profiles).map(([profile, { host, port, database, issuer }]) => ({
        profile,
        default: profile === defaultName,
        host: host ?? null,
        port: port ?? 5432,
        database: database ?? null,
        issuer: issuer ?? null,
      }))
      if (flags.json) return writeLine(context.stdout, JSON.stringify(rows, null, 2))
      if (rows.length === 0) {
        return writeLine(context.stderr, `no profiles in ${file.file}; add one with: pgoauth profile add NAME`)
      }
      const widest = Math.max(...names.map((name) => name.length))
      for (const row of rows) {
        const target =
          row.host === null ? '' : `${row.host}:${row.port}${row.database === null ? '' : `/${row.database}`}`
        const mark = row.default ? '*' : ' '
        writeLine(context.stdout, `${mark} ${row.profile.padEnd(widest)}  ${target}  ${row.issuer ?? ''}`.trimEnd())
      }
    })
}

function showCommand(context: CliContext): Command {
  const command = new Command('show')
    .description('Print a profile with all defaults and overrides in place.')
    .argument('[name]', 'without it the default profile')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  pgoauth profile show prod\n  PGOAUTH_STORE=file pgoauth profile show prod --json',
    )
  return addProfileOptions(command).action(
    async (name: string | undefined, flags: { json?: boolean } & Record<string, unknown>) => {
      const profile = await profileOf(context, name, profileFlagsOf(flags))
      const { profileView } = await import('../config/profile-view.ts')
      const view = profileView(profile)
      if (flags.json) return writeLine(context.stdout, JSON.stringify({ profile: profile.name, ...view }, null, 2))
      const { stringify } = await import('yaml')
      context.stdout.write(stringify({ profiles: { [profile.name]: view } }, { lineWidth: 0 }))
    },
  )
}

function removeCommand(context: CliContext): Command {
  return new Command('remove')
    .description('Log out of a profile and remove it from config.yaml.')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .addHelpText('after', '\nExamples:\n  pgoauth profile remove staging\n  pgoauth profile remove staging --yes')
    .action(async (name: string, flags: { yes?: boolean }) => {
      const { removeProfile } = await import('./profile-removal.ts')
      const file = await loadProfiles(tokenDepsOf(context).paths)
      if (!Object.hasOwn(file.profiles, name)) {
        const { failUnknownProfile } = await import('../config/profile-choice.ts')
        failUnknownProfile(name, file)
      }
      if (!flags.yes && canAsk(context)) {
        const { confirm } = await import('./questions.ts')
        if (!(await confirm(context, `Log out of ${name} and remove it?`))) {
          return writeLine(context.stderr, `${name} stays`)
        }
      }
      await removeProfile(context, name)
    })
}

function passwordCommand(context: CliContext): Command {
  const command = new Command('password')
    .description('Print the password that the local port of this profile asks for (local_auth: password).')
    .argument('[name]', 'without it the default profile')
    .option('--rotate', 'make a new one first; what saved the old one must be told')
    .addHelpText('after', '\nExamples:\n  pgoauth profile password prod\n  pgoauth profile password prod --rotate')
  return addProfileOptions(command).action(
    async (name: string | undefined, flags: { rotate?: boolean } & Record<string, unknown>) => {
      const profile = await profileOf(context, name, profileFlagsOf(flags))
      if (profile.store === 'memory') {
        fail('USAGE', {
          detail: 'with store: memory each "pgoauth connect" makes its own password, and prints it',
          fix: `pgoauth connect ${profile.name}, or another store`,
        })
      }
      const { localPassword } = await import('../tokens/local-password.ts')
      const password = await localPassword(profile, tokenDepsOf(context), { rotate: flags.rotate === true })
      writeLine(context.stdout, password.reveal())
      if (flags.rotate) {
        const paint = paintFor(context.env, context.isTty)
        writeLine(
          context.stderr,
          paint.dim('a "pgoauth connect" that runs keeps the old one until it is started again'),
        )
      }
    },
  )
}

const EXAMPLES = `
Examples:
  pgoauth profile add prod --host pg.example.com \\
      --issuer https://id.example.com --client-id pgoauth
  pgoauth profile add --from https://example.com/prod.yaml
  pgoauth profile list`
