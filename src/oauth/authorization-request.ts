/** What is asked of the issuer, the same in every flow. */
export interface AuthorizationRequest {
  readonly scopes: readonly string[]
  /** RFC 8707. */
  readonly resource: readonly string[]
  /** For issuers that want that instead. */
  readonly audience: string | undefined
}

/** The parameters of an authorization or device authorization request. */
export function requestParameters({ scopes, resource, audience }: AuthorizationRequest): URLSearchParams {
  const parameters = targetParameters({ resource, audience })
  if (scopes.length > 0) parameters.set('scope', scopes.join(' '))
  return parameters
}

/** The parameters that say where the token is meant for; the token request repeats them (RFC 8707 section 2.2). */
export function targetParameters({ resource, audience }: Omit<AuthorizationRequest, 'scopes'>): URLSearchParams {
  const parameters = new URLSearchParams()
  for (const one of resource) parameters.append('resource', one)
  if (audience !== undefined) parameters.set('audience', audience)
  return parameters
}
