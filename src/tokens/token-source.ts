import type { Secret } from '../base/secret.ts'
import type { Profile } from '../config/profiles.ts'
import type { TokenDeps } from './token-deps.ts'

/** A token to put into a handshake. */
export interface AccessToken {
  readonly token: Secret
  /** Wall-clock seconds since 1970; undefined where nobody said. */
  readonly expiresAtSeconds: number | undefined
  /** What the issuer granted; undefined where it did not say. */
  readonly scopes: readonly string[] | undefined
}

/** Gives access tokens for one profile, and keeps them fresh between calls. */
export interface TokenSource {
  /**
   * A token that is good now: the cached one, or a new one where that is near its end.
   *
   * `replacing` names a token that was refused: an equal one is not given again.
   *
   * @throws LOGIN_NEEDED when only a person can get the next token; ISSUER_UNREACHABLE when the issuer
   *   cannot be asked and no good token is left; STORE_UNAVAILABLE and STORE_CORRUPT from the store.
   */
  fresh(options?: { readonly replacing?: Secret }): Promise<AccessToken>
}

/**
 * The tokens of a profile, by its flow. Two of one profile in one process do no harm; one is cheaper, since
 * callers at the same time share what it is waiting for.
 */
export async function openTokenSource(profile: Profile, deps: TokenDeps): Promise<TokenSource> {
  switch (profile.flow) {
    case 'client_credentials':
    case 'token_file':
    case 'exec':
      return (await import('./machine-source.ts')).openMachineSource(profile, deps)
    default:
      return (await import('./login-source.ts')).openLoginSource(profile, deps)
  }
}
