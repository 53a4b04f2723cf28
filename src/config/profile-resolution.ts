import { isAbsolute, join, resolve } from 'node:path'
import { fail } from '../base/errors.ts'
import { listenText, parseListen } from './listen-address.ts'
import { readCachedOverrides, writeCachedOverrides } from './profile-cache.ts'
import { loadProfiles, type ProfileFile } from './profile-file.ts'
import {
  environmentNameOf,
  flagOf,
  PROFILE_KEYS,
  type ProfileKey,
  readOverride,
  unknownVariables,
} from './profile-keys.ts'
import type { WrittenProfile } from './profile-schema.ts'
import type { Profile, ProfileSources } from './profiles.ts'

const DEFAULT_PORT = 5432
/** The name of the profile that flags and environment make up where config.yaml has none. */
const UNWRITTEN = 'default'

/**
 * The profile of that name; without a name the default one, else the only one. Flags win over the
 * environment, the environment over the file. File names come out absolute: those of the file are
 * relative to its folder, those of flags and environment to the working directory.
 *
 * @throws PROFILE_UNKNOWN, USAGE without a name where there are several, CONFIG_INVALID.
 */
export async function resolveProfile(name: string | undefined, sources: ProfileSources): Promise<Profile> {
  const file = await loadProfiles(sources.paths)
  const overrides = collectOverrides(sources)
  await refuseMistypedVariables(file, sources)
  const chosen = await chooseName(name, file, overrides, sources)
  const written = absoluteFiles(file.profiles[chosen] ?? {}, join(file.file, '..'), sources.home)
  return complete(chosen, overrides.size === 0 ? written : await override(written, overrides, sources))
}

/** One value from outside the file: what it is, and what to call it in a message. */
interface Override {
  readonly value: unknown
  readonly source: string
}

function collectOverrides({ env, flags = {} }: ProfileSources): Map<ProfileKey, Override> {
  const overrides = new Map<ProfileKey, Override>()
  for (const key of Object.keys(PROFILE_KEYS) as ProfileKey[]) {
    const variable = environmentNameOf(key)
    const fromEnvironment = env[variable] || undefined
    const given = flags[key] ?? fromEnvironment
    if (given === undefined) continue
    const source = flags[key] === undefined ? variable : flagOf(key)
    overrides.set(key, { value: readOverride(key, given), source })
  }
  return overrides
}

/** @throws USAGE for a variable that looks like one of ours and is none. */
async function refuseMistypedVariables(file: ProfileFile, { env, flags = {} }: ProfileSources): Promise<void> {
  const unknown = unknownVariables(env)
  if (unknown.length === 0) return
  const secrets = [flags.client_secret_env, env[environmentNameOf('client_secret_env')]]
  for (const { client_secret_env } of Object.values(file.profiles)) secrets.push(client_secret_env)
  const { refuseMistyped } = await import('./profile-choice.ts')
  refuseMistyped(unknown.filter((name) => !secrets.includes(name)))
}

/** What is needed to say what is wrong is loaded only when something is. */
async function chooseName(
  asked: string | undefined,
  file: ProfileFile,
  overrides: ReadonlyMap<ProfileKey, Override>,
  { env }: ProfileSources,
): Promise<string> {
  const name = asked ?? (env.PGOAUTH_DEFAULT || file.default)
  if (name !== undefined) {
    if (Object.hasOwn(file.profiles, name)) return name
    const { failUnknownProfile } = await import('./profile-choice.ts')
    return failUnknownProfile(name, file)
  }
  const [only, ...others] = Object.keys(file.profiles)
  if (only !== undefined && others.length === 0) return only
  if (only === undefined && ['issuer', 'host', 'flow'].some((key) => overrides.has(key as ProfileKey))) return UNWRITTEN
  const { failWithoutProfile } = await import('./profile-choice.ts')
  return failWithoutProfile(file)
}

async function override(
  written: WrittenProfile,
  overrides: ReadonlyMap<ProfileKey, Override>,
  { home, paths }: ProfileSources,
): Promise<WrittenProfile> {
  const laid: Record<string, unknown> = {}
  for (const [key, { value }] of overrides) setIn(laid, key, value)
  const asJson = JSON.stringify(laid)
  let checked = readCachedOverrides(paths, asJson)
  if (!checked) {
    checked = await checkOverrides(laid, overrides)
    writeCachedOverrides(paths, asJson, checked)
  }
  const given = absoluteFiles(checked, process.cwd(), home)
  return {
    ...written,
    ...given,
    ...(given.tls && { tls: { ...written.tls, ...given.tls } }),
    ...(given.issuer_tls && { issuer_tls: { ...written.issuer_tls, ...given.issuer_tls } }),
  }
}

async function checkOverrides(
  laid: Record<string, unknown>,
  overrides: ReadonlyMap<ProfileKey, Override>,
): Promise<WrittenProfile> {
  const { profileSchema } = await import('./profile-schema.ts')
  const parsed = profileSchema.safeParse(laid)
  if (parsed.success) return parsed.data
  const { issueText } = await import('../base/yaml-document.ts')
  const lines = parsed.error.issues.map((issue) => {
    const key = issue.path.filter((step) => typeof step === 'string').join('.') as ProfileKey
    return issueText(issue, `${overrides.get(key)?.source ?? key}:`)
  })
  fail('USAGE', { detail: lines.join('\n') })
}

function setIn(target: Record<string, unknown>, key: string, value: unknown): void {
  const [outer = key, inner] = key.split('.')
  if (inner === undefined) target[outer] = value
  else target[outer] = { ...(target[outer] as object | undefined), [inner]: value }
}

function absoluteFiles(written: WrittenProfile, folder: string, home: string): WrittenProfile {
  const absolute = (name: string | undefined) => (name === undefined ? undefined : absolutePath(name, folder, home))
  const { tls, issuer_tls, client_key, token_file, listen, exec } = written
  const [command = '', ...args] = exec ?? []
  // A bare name is looked up in PATH; one with a folder is a file like the others.
  const isFile = /^(\.{1,2}|~)[/\\]/.test(command)
  const local = listen === undefined ? undefined : parseListen(listen)
  return defined({
    ...written,
    client_key: absolute(client_key),
    token_file: absolute(token_file),
    exec: isFile ? [absolutePath(command, folder, home), ...args] : exec,
    listen:
      local?.kind === 'unix'
        ? listenText({ ...local, directory: absolutePath(local.directory, folder, home) })
        : listen,
    tls: tls && defined({ ...tls, ca: absolute(tls.ca), cert: absolute(tls.cert), key: absolute(tls.key) }),
    issuer_tls: issuer_tls && defined({ ca: absolute(issuer_tls.ca) }),
  })
}

function absolutePath(name: string, folder: string, home: string): string {
  if (name === '~' || /^~[/\\]/.test(name)) return join(home, name.slice(1))
  return isAbsolute(name) ? name : resolve(folder, name)
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T
}

async function complete(name: string, written: WrittenProfile): Promise<Profile> {
  const flow = written.flow ?? 'auto'
  const wrong = missing(written, flow)
  if (wrong) fail('CONFIG_INVALID', { detail: `profile "${name}": ${wrong}` })
  const machine = flow === 'client_credentials' || flow === 'token_file' || flow === 'exec'
  return {
    name,
    host: written.host,
    port: written.port ?? DEFAULT_PORT,
    database: written.database,
    user: written.user,
    tls: {
      mode: written.tls?.mode ?? 'verify-full',
      ca: written.tls?.ca,
      cert: written.tls?.cert,
      key: written.tls?.key,
      serverName: written.tls?.server_name,
    },
    sslnegotiation: written.sslnegotiation ?? 'postgres',
    insecureLoopback: written.insecure_loopback ?? false,
    issuer: written.issuer,
    clientId: written.client_id,
    clientSecretEnv: written.client_secret_env,
    clientKey: written.client_key,
    scopes: written.scopes ?? (machine ? [] : ['openid', 'offline_access']),
    resource: written.resource ?? [],
    audience: written.audience,
    flow,
    tokenFile: written.token_file,
    exec: written.exec,
    store: written.store ?? 'keychain',
    auth: written.auth ?? 'auto',
    listen: written.listen === undefined ? undefined : parseListen(written.listen),
    localAuth: written.local_auth ?? 'auto',
    allowRemote: written.allow_remote ?? false,
    redirect: written.redirect ?? ['http://127.0.0.1/callback'],
    issuerTls: { ca: written.issuer_tls?.ca },
  }
}

/** What a flow needs beyond its own key, or undefined where all is there. */
function missing(written: WrittenProfile, flow: Profile['flow']): string | undefined {
  if (written.tls?.cert && !written.tls.key) return 'tls.cert needs tls.key'
  if (written.tls?.key && !written.tls.cert) return 'tls.key needs tls.cert'
  if (flow === 'token_file') return written.token_file ? undefined : 'flow: token_file needs token_file'
  if (flow === 'exec') return written.exec ? undefined : 'flow: exec needs exec'
  if (!written.issuer) return `issuer is missing (${flagOf('issuer')}, ${environmentNameOf('issuer')})`
  if (!written.client_id) return `client_id is missing (${flagOf('client_id')}, ${environmentNameOf('client_id')})`
  if (flow !== 'client_credentials') return undefined
  if (written.client_secret_env || written.client_key) return undefined
  return 'flow: client_credentials needs client_secret_env or client_key'
}
