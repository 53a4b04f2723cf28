import { isAbsolute, resolve } from 'node:path'
import { asPgoauthError, fail } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import { issueText } from '../base/yaml-document.ts'
import { flagOf, PROFILE_KEYS, type ProfileKey, readOverride } from '../config/profile-keys.ts'
import { profileName, profileSchema, type WrittenProfile } from '../config/profile-schema.ts'
import { loadProfiles } from '../config/profiles.ts'
import type { CliContext } from './context.ts'
import type { ProfileAddFlags } from './profile-add-options.ts'
import { profileFlagsOf } from './profile-options.ts'
import { ask, confirm } from './questions.ts'
import { paintFor, writeLine } from './terminal.ts'
import { canAsk, tokenDepsOf } from './token-deps.ts'

/** Adds a profile to config.yaml from flags, questions or an imported file. @throws USAGE, CONFIG_INVALID. */
export async function addProfile(context: CliContext, name: string | undefined, flags: ProfileAddFlags): Promise<void> {
  const { paths } = tokenDepsOf(context)
  const given = { ...profileFlagsOf(flags) }
  const imported = flags.from === undefined ? undefined : await importFrom(context, flags.from)
  let chosen = name ?? imported?.name
  const asking = canAsk(context) && !imported
  if (asking) {
    const { profiles } = await loadProfiles(paths)
    const first = Object.keys(profiles).length === 0 ? 'default' : ''
    // Before all the questions rather than behind them.
    if (chosen !== undefined && !flags.replace) checkFree(chosen, profiles)
    chosen ??= await askUntil(context, 'Profile name', first, (answer) => {
      checkName(answer)
      if (!flags.replace) checkFree(answer, profiles)
    })
    for (const [key, question, otherwise] of QUESTIONS) {
      if (given[key] !== undefined || isAnswered(key, given.flow)) continue
      const answer = await askUntil(context, question, otherwise, (one) => {
        if (one) checkFlags({ [key]: one })
        else if (ESSENTIALS.has(key)) fail('USAGE', { detail: `a profile needs ${flagOf(key)}` })
      })
      if (answer) given[key] = answer
    }
  }
  if (!chosen) fail('USAGE', { detail: 'a profile needs a name', fix: 'pgoauth profile add NAME …' })
  checkName(chosen)
  const profile = { ...imported?.profile, ...checkFlags(given) }
  requireEssentials(profile)
  if (imported) await showImported(context, chosen, profile, flags)

  const { editConfigFile, withProfile } = await import('../config/profile-edit.ts')
  const makeDefault = flags.default === true
  const replace = flags.replace === true
  const final = chosen
  await editConfigFile(paths.configFile, (text) => withProfile(text, { name: final, profile, makeDefault, replace }))
  const paint = paintFor(context.env, context.isTty)
  writeLine(context.stderr, `${paint.green('✓')} added ${paint.bold(chosen)} to ${paths.configFile}`)
  writeLine(context.stderr, `  next: pgoauth login ${chosen}`)
}

/** Without these nothing could be reached. */
const ESSENTIALS: ReadonlySet<ProfileKey> = new Set(['host', 'issuer', 'client_id'])

const QUESTIONS: readonly (readonly [ProfileKey, string, string])[] = [
  ['host', 'Host of the proxy or database', ''],
  ['port', 'Port', '5432'],
  ['database', 'Database (empty: whatever the client asks for)', ''],
  ['issuer', 'Issuer URL', ''],
  ['client_id', 'OAuth client id', 'pgoauth'],
  ['scopes', 'Scopes', 'openid offline_access'],
]

/** Asks again where an answer is wrong, so that nobody has to give the others twice. */
async function askUntil(
  context: CliContext,
  question: string,
  otherwise: string,
  check: (answer: string) => void,
): Promise<string> {
  for (;;) {
    const answer = await ask(context, question, otherwise)
    try {
      check(answer)
      return answer
    } catch (error) {
      writeLine(context.stderr, `  ${asPgoauthError(error).detail ?? ''}`)
    }
  }
}

/** Flows that bring a token along need no issuer. */
function isAnswered(key: ProfileKey, flow: unknown): boolean {
  return (flow === 'exec' || flow === 'token_file') && (key === 'issuer' || key === 'client_id' || key === 'scopes')
}

function checkName(name: string): void {
  const checked = profileName.safeParse(name)
  if (!checked.success) fail('USAGE', { detail: `"${printable(name)}": ${checked.error.issues[0]?.message}` })
}

function checkFree(name: string, profiles: Readonly<Record<string, unknown>>): void {
  if (!Object.hasOwn(profiles, name)) return
  fail('USAGE', { detail: `there is a profile "${name}" already`, fix: 'another name, or --replace' })
}

function checkFlags(given: ReturnType<typeof profileFlagsOf>): WrittenProfile {
  const laid: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue
    const [outer = key, inner] = key.split('.')
    const read = absoluteFile(key as ProfileKey, readOverride(key as ProfileKey, value))
    laid[outer] = inner === undefined ? read : { ...(laid[outer] as object | undefined), [inner]: read }
  }
  const parsed = profileSchema.safeParse(laid)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => {
    const key = issue.path.filter((step) => typeof step === 'string').join('.')
    return issueText(issue, `${flagOf(key)}:`)
  })
  fail('USAGE', { detail: lines.join('\n') })
}

/** A file named on the command line is relative to where the person is, not to config.yaml. */
function absoluteFile(key: ProfileKey, value: unknown): unknown {
  const isFile = PROFILE_KEYS[key] === 'path' && typeof value === 'string'
  return isFile && !isAbsolute(value) && !value.startsWith('~') ? resolve(value) : value
}

function requireEssentials(profile: WrittenProfile): void {
  const tokenFlow = profile.flow === 'exec' || profile.flow === 'token_file'
  const wanted = tokenFlow ? (['host'] as const) : (['host', 'issuer', 'client_id'] as const)
  const missing = wanted.filter((key) => !profile[key])
  if (missing.length > 0) {
    fail('USAGE', { detail: `a profile needs ${missing.map(flagOf).join(', ')}`, fix: 'pgoauth profile add --help' })
  }
}

async function importFrom(context: CliContext, from: string) {
  const [{ readImportedProfile }, { fetchProfileText }] = await Promise.all([
    import('../config/profile-import.ts'),
    import('./profile-download.ts'),
  ])
  return readImportedProfile(from, await fetchProfileText(context, from))
}

/** Says whom a person would trust, before anything is written. */
async function showImported(
  context: CliContext,
  name: string,
  profile: WrittenProfile,
  flags: ProfileAddFlags,
): Promise<void> {
  const line = (label: string, value: string | undefined) => {
    if (value) writeLine(context.stderr, `  ${label.padEnd(10)}${printable(value)}`)
  }
  writeLine(context.stderr, `Profile "${name}" from ${printable(flags.from ?? '')}`)
  line('issuer', profile.issuer ?? '(none)')
  line('host', `${profile.host ?? '(none)'}:${profile.port ?? 5432}`)
  line('database', profile.database)
  line('client id', profile.client_id)
  line('scopes', profile.scopes?.join(' '))
  writeLine(context.stderr, '  You will log in at this issuer, and your token will go to this host.')
  if (flags.yes) return
  if (!canAsk(context)) fail('USAGE', { detail: 'nobody is here to agree to it', fix: 'look at it, then add --yes' })
  if (!(await confirm(context, 'Add it?'))) fail('USAGE', { detail: 'not added' })
}
