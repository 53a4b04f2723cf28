import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Paths } from '../config/paths.ts'
import type { Profile } from '../config/profiles.ts'
import type { CliContext } from './context.ts'
import { VERSION } from './version.ts'

/** Where a profile's login is kept, as the last whole run found it, and all that this depended on. */
interface KnownProfile {
  readonly version: string
  readonly asked: string | null
  readonly configText: string
  /** Every variable that can change a profile, as it was. None of them is secret. */
  readonly variables: Readonly<Record<string, string | null>>
  /** Other variables that begin like ours, and were looked at. */
  readonly others: readonly string[]
  readonly name: string
  readonly store: Profile['store']
  readonly account: string
  readonly resource: readonly string[]
  readonly audience: string | undefined
}

/** What finds the files, and what opens them. */
const BESIDE = new Set(['PGOAUTH_CONFIG', 'PGOAUTH_STORE_KEY'])

/**
 * The cached token of a profile, where nothing it depends on has changed since the last whole run and it is fresh: half
 * of what a whole run loads is for finding out which profile is meant. Undefined otherwise; then the whole way is to be
 * gone, which also says what is wrong.
 */
export async function readKnownToken(
  context: CliContext,
  paths: Paths,
  asked: string | undefined,
): Promise<string | undefined> {
  const { env, platform, clock, log } = context
  try {
    const known = JSON.parse(readFileSync(fileIn(paths), 'utf8')) as KnownProfile
    if (known.version !== VERSION || known.asked !== (asked ?? null)) return undefined
    const isSame = ([name, value]: [string, string | null]) => (env[name] || null) === value
    if (!Object.entries(known.variables).every(isSame)) return undefined
    // One that is new may be mistyped.
    const isLookedAt = (name: string) => name in known.variables || BESIDE.has(name) || known.others.includes(name)
    if (!Object.keys(env).every((name) => !name.startsWith('PGOAUTH_') || isLookedAt(name))) return undefined
    if (known.configText !== readFileSync(paths.configFile, 'utf8')) return undefined
    // A passphrase is asked for once, by the whole way.
    if (known.store === 'file' && !env.PGOAUTH_STORE_KEY) return undefined
    const [{ openStore }, { isAskedFor, readRecord }, { ageOf }] = await Promise.all([
      import('../tokens/open-store.ts'),
      import('../tokens/login-record.ts'),
      import('../tokens/freshness.ts'),
    ])
    const store = await openStore(known.store, { env, platform, paths, clock, log, warn() {} })
    const text = await store.read(known.account)
    const record = text === undefined ? undefined : readRecord(text, known, store.place)
    return record && isAskedFor(record, known) && ageOf(record, Math.floor(clock.nowMs() / 1000)) === 'fresh'
      ? record.accessToken.reveal()
      : undefined
  } catch {
    return undefined
  }
}

/** Notes for readKnownToken where the login of this profile is. Best effort. */
export async function rememberProfile(
  { env }: CliContext,
  paths: Paths,
  asked: string | undefined,
  profile: Profile,
): Promise<void> {
  const { flow, store, name } = profile
  if (store === 'memory' || flow === 'client_credentials' || flow === 'token_file' || flow === 'exec') return
  const [{ environmentNameOf, PROFILE_KEYS, unknownVariables }, { accountOf }] = await Promise.all([
    import('../config/profile-keys.ts'),
    import('../tokens/login-record.ts'),
  ])
  const names = ['PGOAUTH_DEFAULT', ...Object.keys(PROFILE_KEYS).map(environmentNameOf)]
  const temporary = `${fileIn(paths)}.${process.pid}`
  try {
    const known: KnownProfile = {
      version: VERSION,
      asked: asked ?? null,
      configText: readFileSync(paths.configFile, 'utf8'),
      variables: Object.fromEntries(names.map((one) => [one, env[one] || null])),
      others: unknownVariables(env),
      name,
      store,
      account: accountOf(profile),
      resource: profile.resource,
      audience: profile.audience,
    }
    mkdirSync(paths.cacheDir, { recursive: true, mode: 0o700 })
    writeFileSync(temporary, JSON.stringify(known), { mode: 0o600 })
    renameSync(temporary, fileIn(paths))
  } catch {
    // Without a config file, or a cache directory that can be written, the whole way is gone each time.
  }
}

function fileIn({ cacheDir }: Paths): string {
  return `${cacheDir}/token.json`
}
