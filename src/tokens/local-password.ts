import { randomBytes } from 'node:crypto'
import { Secret } from '../base/secret.ts'
import type { Profile } from '../config/profiles.ts'
import { withLock } from './login-lock.ts'
import { openStore } from './open-store.ts'
import type { TokenDeps } from './token-deps.ts'

/** 144 random bits, in letters that need no quoting in a URL, a shell or a .pgpass file. */
const PASSWORD_BYTES = 18

/** The account that a profile's local password is kept under, beside its login. */
export function localPasswordAccount({ name }: Pick<Profile, 'name'>): string {
  return `${name}|local-password`
}

/**
 * The password that the tunnel's listener asks its own clients for: made once for each profile, and kept in its
 * store, so that a tool can save it. With the memory store it is this process's alone.
 *
 * @throws STORE_UNAVAILABLE, STORE_CORRUPT.
 */
export async function localPassword(
  profile: Pick<Profile, 'name' | 'store'>,
  deps: TokenDeps,
  options: { readonly rotate?: boolean } = {},
): Promise<Secret> {
  const store = await openStore(profile.store, deps)
  const account = localPasswordAccount(profile)
  const readOrMake = async () => {
    const kept = options.rotate ? undefined : await store.read(account)
    if (kept) return new Secret(kept)
    const made = randomBytes(PASSWORD_BYTES).toString('base64url')
    await store.write(account, made)
    return new Secret(made)
  }
  return store.shared ? withLock(deps.paths.stateDir, account, readOrMake) : readOrMake()
}
