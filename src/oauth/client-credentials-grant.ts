import { clientCredentialsGrant } from 'openid-client'
import { type AuthorizationRequest, requestParameters } from './authorization-request.ts'
import type { Grant } from './grant.ts'
import type { Issuer } from './issuer.ts'

/** A token for the machine itself (RFC 6749 section 4.4). */
export async function requestClientCredentials(issuer: Issuer, request: AuthorizationRequest): Promise<Grant> {
  return issuer.runForGrant((configuration) => clientCredentialsGrant(configuration, requestParameters(request)))
}
