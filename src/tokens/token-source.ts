import type { Secret } from '../base/secret.ts'

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
