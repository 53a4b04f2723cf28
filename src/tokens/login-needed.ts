import { PgoauthError } from '../base/errors.ts'
import type { Profile } from '../config/profiles.ts'
import { isAskedFor, type LoginRecord } from './login-record.ts'

/** The error of a login that only a person can renew, saying why, as far as that is known. */
export function loginNeeded(
  profile: Pick<Profile, 'name' | 'scopes' | 'store' | 'resource' | 'audience'>,
  record?: LoginRecord,
): PgoauthError {
  const { name } = profile
  const fix = `pgoauth login ${name}`
  if (!record) {
    const elsewhere = profile.store === 'memory' ? '; with store: memory each command logs in for itself' : ''
    return new PgoauthError('LOGIN_NEEDED', { detail: `nobody is logged in to "${name}"${elsewhere}`, fix })
  }
  if (!isAskedFor(record, profile)) {
    const [now, then] = [profile, record.asked].map(targetOf)
    const detail = `the login to "${name}" was made for ${then}, and the profile now says ${now}`
    return new PgoauthError('LOGIN_NEEDED', { detail, fix })
  }
  if (record.ended !== undefined) {
    return new PgoauthError('LOGIN_NEEDED', { detail: `the login to "${name}" has ended: ${record.ended}`, fix })
  }
  const hint = profile.scopes.includes('offline_access')
    ? 'the issuer gave no refresh token'
    : 'without the scope offline_access the issuer gives no refresh token'
  return new PgoauthError('LOGIN_NEEDED', {
    detail: `the token of "${name}" has expired, or soon will, and cannot be renewed (${hint})`,
    fix,
  })
}

function targetOf({ resource, audience }: Pick<Profile, 'resource' | 'audience'>): string {
  const parts = [...resource.map((one) => `resource ${one}`), ...(audience ? [`audience ${audience}`] : [])]
  return parts.join(', ') || 'no resource'
}
