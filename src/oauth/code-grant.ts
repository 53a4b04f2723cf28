import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import { fail, PgoauthError } from '../base/errors.ts'
import { type AuthorizationRequest, requestParameters, targetParameters } from './authorization-request.ts'
import type { Grant } from './grant.ts'
import type { Issuer } from './issuer.ts'
import { oauthErrorOf } from './issuer-error.ts'

/** One authorization request, and what its answer is checked against. */
export interface CodeRequest {
  /** Where the person's browser goes. */
  readonly url: URL
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string | undefined
  readonly codeVerifier: string
  readonly request: AuthorizationRequest
}

/** Authorization code with PKCE S256 (RFC 7636), state, and a nonce where an ID token is asked for. */
export async function prepareCodeRequest(
  issuer: Issuer,
  request: AuthorizationRequest,
  redirectUri: string,
): Promise<CodeRequest> {
  const codeVerifier = randomPKCECodeVerifier()
  const state = randomState()
  const nonce = request.scopes.includes('openid') ? randomNonce() : undefined
  const parameters = requestParameters(request)
  parameters.set('redirect_uri', redirectUri)
  parameters.set('state', state)
  parameters.set('code_challenge', await calculatePKCECodeChallenge(codeVerifier))
  parameters.set('code_challenge_method', 'S256')
  if (nonce !== undefined) parameters.set('nonce', nonce)
  // OpenID Connect Core section 11: without it an issuer may ignore offline_access where consent was given before.
  if (request.scopes.includes('offline_access')) parameters.set('prompt', 'consent')
  const url = await issuer.run(async (configuration) => buildAuthorizationUrl(configuration, parameters))
  return { url, redirectUri, state, nonce, codeVerifier, request }
}

/**
 * Checks the answer that the browser brought (state, RFC 9207 `iss`, error) and exchanges its code.
 *
 * @throws LOGIN_DENIED when consent was denied, LOGIN_FAILED, ISSUER_UNREACHABLE, ISSUER_INVALID.
 */
export async function requestCodeExchange(issuer: Issuer, asked: CodeRequest, answer: URLSearchParams): Promise<Grant> {
  const answeredUrl = new URL(asked.redirectUri)
  answeredUrl.search = answer.toString()
  if (answer.get('state') !== asked.state) {
    fail('LOGIN_FAILED', {
      detail: 'the answer in the browser belongs to another login (its state is not the one sent)',
      fix: 'close older login tabs and log in again',
    })
  }
  const foreign = answer.get('iss')
  if (foreign === null && issuer.metadata.authorization_response_iss_parameter_supported === true) {
    fail('LOGIN_FAILED', {
      detail: 'the answer in the browser does not name its issuer (RFC 9207), as this one does, so it was not used',
      fix: 'close older login tabs and log in again',
    })
  }
  if (foreign !== null && foreign !== issuer.metadata.issuer) {
    fail('LOGIN_FAILED', {
      detail: 'the answer in the browser names another issuer (RFC 9207), so its code was not used',
      fix: 'check "issuer" in the profile, and log in again',
    })
  }
  try {
    return await issuer.runForGrant((configuration) =>
      authorizationCodeGrant(
        configuration,
        answeredUrl,
        {
          pkceCodeVerifier: asked.codeVerifier,
          expectedState: asked.state,
          ...(asked.nonce !== undefined && { expectedNonce: asked.nonce }),
        },
        targetParameters(asked.request),
      ),
    )
  } catch (error) {
    if (error instanceof PgoauthError && oauthErrorOf(error.cause)?.code === 'access_denied') {
      fail('LOGIN_DENIED', { detail: `${issuer.settings.issuer}: consent was not given`, cause: error })
    }
    throw error
  }
}
