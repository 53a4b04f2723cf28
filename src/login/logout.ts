import { asPgoauthError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Profile } from '../config/profiles.ts'
import type { Issuer } from '../oauth/issuer.ts'
import { requestRevocation } from '../oauth/revocation.ts'
import { withLock } from '../tokens/login-lock.ts'
import { accountOf, type LoginRecord, readRecord } from '../tokens/login-record.ts'
import { openIssuer } from '../tokens/profile-issuer.ts'
import type { SecretStore } from '../tokens/secret-store.ts'
import type { TokenDeps } from '../tokens/token-deps.ts'

/** What a logout did. `remains` says what is still good at the issuer, and why; undefined where nothing is. */
export interface LogoutOutcome {
  readonly removed: boolean
  readonly revoked: boolean
  readonly remains: string | undefined
}

/**
 * Removes a login from the store and revokes it at the issuer. Removing comes first and happens in any case:
 * also for an entry that cannot be read, and with the issuer down.
 *
 * @throws STORE_UNAVAILABLE.
 */
export async function logOut(profile: Profile, store: SecretStore, deps: TokenDeps): Promise<LogoutOutcome> {
  const account = accountOf(profile)
  const take = async () => {
    const record = await readForRevocation()
    const removed = await store.remove(account)
    return { record, removed }
  }
  const { record, removed } = store.shared ? await withLock(deps.paths.stateDir, account, take) : await take()
  if (record === 'unreadable') {
    const remains = 'the entry could not be read, so nothing could be revoked: end the session at the issuer'
    return { removed, revoked: false, remains }
  }
  if (!record) return { removed, revoked: false, remains: undefined }
  const remains = await revoke(profile, record, deps)
  return { removed, revoked: remains === undefined, remains }

  async function readForRevocation(): Promise<LoginRecord | 'unreadable' | undefined> {
    try {
      const text = await store.read(account)
      return text === undefined ? undefined : readRecord(text, profile, store.place)
    } catch (error) {
      const { code } = asPgoauthError(error)
      // A file sealed under a forgotten passphrase can still be removed; a keychain that is locked cannot.
      if (code === 'STORE_CORRUPT' || (code === 'STORE_UNAVAILABLE' && profile.store === 'file')) return 'unreadable'
      throw error
    }
  }
}

/** Undefined when everything is revoked; otherwise what is not, and why. */
async function revoke(profile: Profile, record: LoginRecord, deps: TokenDeps): Promise<string | undefined> {
  const { refreshToken, accessToken } = record
  const left = refreshToken ? 'the refresh token' : 'the access token'
  let issuer: Issuer
  try {
    issuer = await openIssuer(profile, deps)
    if (!issuer.metadata.revocation_endpoint) {
      return `${profile.issuer} offers no revocation (RFC 7009): ${left} stays good until it expires`
    }
    if (refreshToken) await requestRevocation(issuer, refreshToken, 'refresh_token')
  } catch (error) {
    const why = asPgoauthError(error).message
    return `${left} could not be revoked and stays good until it expires, or until you end the session there: ${why}`
  }
  await revokeAccess(issuer, accessToken, deps)
  return undefined
}

/** A JWT cannot be recalled where nobody asks the issuer about it, so an issuer may refuse this: no failure. */
async function revokeAccess(issuer: Issuer, accessToken: Secret, deps: TokenDeps): Promise<void> {
  try {
    await requestRevocation(issuer, accessToken, 'access_token')
  } catch (error) {
    deps.log.debug({ reason: asPgoauthError(error).message }, 'the access token was not revoked')
  }
}
