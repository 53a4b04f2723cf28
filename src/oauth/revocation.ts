import { tokenRevocation } from 'openid-client'
import type { Secret } from '../base/secret.ts'
import type { Issuer } from './issuer.ts'

/**
 * Tells the issuer that a token is not wanted any more (RFC 7009). False where the issuer offers no way to.
 *
 * @throws ISSUER_UNREACHABLE, ISSUER_INVALID, LOGIN_FAILED.
 */
export async function requestRevocation(
  issuer: Issuer,
  token: Secret,
  kind: 'refresh_token' | 'access_token',
): Promise<boolean> {
  if (!issuer.metadata.revocation_endpoint) return false
  await issuer.run((configuration) => tokenRevocation(configuration, token.reveal(), { token_type_hint: kind }))
  return true
}
