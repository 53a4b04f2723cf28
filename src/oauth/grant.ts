import { Secret } from '../base/secret.ts'
import { decodeClaims } from './jwt-claims.ts'

/** What an issuer gave for a login, a refresh or a machine's own credentials. */
export interface Grant {
  readonly accessToken: Secret
  readonly refreshToken: Secret | undefined
  /** By this machine's clock, so that a clock that is wrong is wrong twice and cancels out. */
  readonly expiresAtSeconds: number | undefined
  /** Granted; undefined where the issuer did not say, which means all that was asked (RFC 6749 section 5.1). */
  readonly scopes: readonly string[] | undefined
  /** From the ID token, for people to read: who logged in. */
  readonly person: string | undefined
  readonly hasIdToken: boolean
}

/** The members of a token response (RFC 6749 section 5.1) that are read here. */
export interface TokenResponse {
  readonly access_token: string
  readonly refresh_token?: string | undefined
  readonly expires_in?: number | undefined
  readonly scope?: string | undefined
  readonly id_token?: string | undefined
}

/** `askedAtSeconds` is when the request left: what the answer took on its way does not lengthen the token's life. */
export function toGrant(response: TokenResponse, askedAtSeconds: number): Grant {
  const claims = response.id_token === undefined ? undefined : decodeClaims(response.id_token)
  return {
    accessToken: new Secret(response.access_token),
    refreshToken: response.refresh_token ? new Secret(response.refresh_token) : undefined,
    expiresAtSeconds: expiryOf(response, askedAtSeconds),
    scopes: response.scope === undefined ? undefined : response.scope.split(' ').filter(Boolean),
    person: claims && personOf(claims),
    hasIdToken: claims !== undefined,
  }
}

function expiryOf(response: TokenResponse, askedAtSeconds: number): number | undefined {
  if (response.expires_in !== undefined) return askedAtSeconds + response.expires_in
  const exp = decodeClaims(response.access_token)?.exp
  return typeof exp === 'number' ? exp : undefined
}

function personOf(claims: Record<string, unknown>): string | undefined {
  for (const name of ['email', 'preferred_username', 'name', 'sub']) {
    const value = claims[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}
