import { PgoauthError } from '../base/errors.ts'
import type { Profile } from '../config/profiles.ts'
import type { LoginRecord } from './login-record.ts'

/** The error of a login that only a person can renew, saying why, as far as that is known. */
export function loginNeeded(profile: Pick<Profile, 'name' | 'scopes' | 'store'>, record?: LoginRecord): PgoauthError {
  const { name } = profile
  const fix = `pgoauth login ${name}`
  if (!record) {
    const elsewhere = profile.store === 'memory' ? '; with store: memory each command logs in for itself' : ''
    return new PgoauthError('LOGIN_NEEDED', { detail: `nobody is logged in to "${name}"${elsewhere}`, fix })
  }
  if (record.ended !== undefined) {
    return new PgoauthError('LOGIN_NEEDED', { detail: `the login to "${name}" has ended: ${record.ended}`, fix })
  }
  const hint = profile.scopes.includes('offline_access')
    ? 'the issuer gave no refresh token'
    : 'without the scope offline_access the issuer gives no refresh token'
  return new PgoauthError('LOGIN_NEEDED', { detail: `the login to "${name}" has expired (${hint})`, fix })
}
