import { refreshTokenGrant } from 'openid-client'
import { PgoauthError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { type AuthorizationRequest, targetParameters } from './authorization-request.ts'
import type { Grant } from './grant.ts'
import type { Issuer } from './issuer.ts'
import { oauthErrorOf } from './issuer-error.ts'

/** `ended`: the issuer takes this refresh token no more (`invalid_grant`), which only a new login mends. */
export type RefreshAnswer =
  | { readonly ok: true; readonly grant: Grant }
  | { readonly ok: false; readonly ended: string }

/**
 * Exchanges a refresh token (RFC 6749 section 6). The issuer may have rotated it the moment it answers:
 * keep the answer's refresh token before anything else.
 *
 * @throws ISSUER_UNREACHABLE where trying later may help, ISSUER_INVALID, LOGIN_FAILED.
 */
export async function requestRefresh(
  issuer: Issuer,
  refreshToken: Secret,
  request: AuthorizationRequest,
): Promise<RefreshAnswer> {
  try {
    const parameters = targetParameters(request)
    const grant = await issuer.runForGrant((configuration) =>
      refreshTokenGrant(configuration, refreshToken.reveal(), parameters),
    )
    return { ok: true, grant: { ...grant, refreshToken: grant.refreshToken ?? refreshToken } }
  } catch (error) {
    const answered = error instanceof PgoauthError ? oauthErrorOf(error.cause) : undefined
    if (answered?.code !== 'invalid_grant') throw error
    return { ok: false, ended: answered.description ?? 'the issuer has ended this login' }
  }
}
