import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fail } from '../base/errors.ts'

/** The part of keytar that is used here. */
export interface KeychainModule {
  getPassword(service: string, account: string): Promise<string | null>
  setPassword(service: string, account: string, password: string): Promise<void>
  deletePassword(service: string, account: string): Promise<boolean>
  findCredentials(service: string): Promise<{ account: string; password: string }[]>
}

/**
 * Loads keytar's addon: as its install script put it, else from the prebuilt files it ships (installed
 * with --ignore-scripts, or on musl, where keytar itself does not look).
 *
 * @throws STORE_UNAVAILABLE that names libsecret where it is missing.
 */
export function loadKeychainModule(platform: NodeJS.Platform): KeychainModule {
  const require = createRequire(import.meta.url)
  const failures: unknown[] = []
  for (const file of addonFiles(require, platform, failures)) {
    try {
      return require(file) as KeychainModule
    } catch (error) {
      failures.push(error)
    }
  }
  const reasons = failures.map((error) => (error instanceof Error ? error.message : String(error)))
  const libsecret = reasons.some((reason) => /libsecret/.test(reason))
  fail('STORE_UNAVAILABLE', {
    detail: libsecret
      ? 'the keychain needs the library libsecret, which is not installed'
      : `the keychain module cannot be loaded (${reasons.at(-1)?.split('\n')[0] ?? 'not installed'})`,
    fix: libsecret
      ? `install it (Debian: libsecret-1-0, Fedora: libsecret, Alpine: libsecret)${OR_OTHERWISE}`
      : OTHERWISE,
    cause: failures.at(-1),
  })
}

/** The two ways on that need no keychain. */
export const OTHERWISE =
  '--store file    (encrypted under a passphrase or PGOAUTH_STORE_KEY), or\n--store memory  (for this command only)'
export const OR_OTHERWISE = `, or\n${OTHERWISE}`

function addonFiles(require: NodeJS.Require, platform: NodeJS.Platform, failures: unknown[]): string[] {
  let folder: string
  try {
    folder = dirname(require.resolve('keytar/package.json'))
  } catch (error) {
    failures.push(error)
    return []
  }
  const built = join(folder, 'build', 'Release', 'keytar.node')
  const suffix = `-${process.arch}`
  const prebuilds = listOrNothing(join(folder, 'prebuilds'))
    // linux-x64 before linuxmusl-x64: the one that does not fit the C library fails to load.
    .filter((name) => name.startsWith(platform) && name.startsWith(platform === 'linux' ? 'linux' : `${platform}-`))
    .filter((name) => name.endsWith(suffix) || (process.arch === 'arm' && name.includes('-arm')))
    .sort()
  return [built, ...prebuilds.map((name) => join(folder, 'prebuilds', name, 'keytar.node'))]
}

function listOrNothing(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
