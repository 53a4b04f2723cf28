import type { Profile } from '../config/profiles.ts'
import type { Grant } from '../oauth/grant.ts'

/**
 * Scopes of OpenID Connect Core sections 5.4 and 11: they are answered by an ID token or a refresh token, and many
 * issuers leave them out of an access token's scope, above all of one for a resource.
 */
const ABOUT_THE_PERSON = new Set(['openid', 'profile', 'email', 'address', 'phone'])

/** What was asked for and not granted (RFC 6749 section 3.3: the issuer may grant less, and then says so). */
export function missingScopes(
  { scopes: asked }: Pick<Profile, 'scopes'>,
  { scopes: granted, refreshToken, hasIdToken }: Pick<Grant, 'scopes' | 'refreshToken' | 'hasIdToken'>,
): string[] {
  return asked.filter((scope) => {
    if (scope === 'offline_access') return refreshToken === undefined
    if (granted === undefined || granted.includes(scope)) return false
    return !(hasIdToken && ABOUT_THE_PERSON.has(scope))
  })
}
