import { readFile } from 'node:fs/promises'
import { type Clock, nowSeconds } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Profile } from '../config/profiles.ts'
import { decodeClaims } from '../oauth/jwt-claims.ts'
import type { AccessToken } from './token-source.ts'

/** Far above any token; a wrong file name must not fill the memory. */
const LONGEST_TOKEN_BYTES = 256 * 1024

/** A token that something else writes to a file: Kubernetes, a CI job. @throws LOGIN_NEEDED, CONFIG_INVALID. */
export async function readTokenFile(profile: Profile, clock: Clock): Promise<AccessToken> {
  const { name, tokenFile = '' } = profile
  const text = await readFile(tokenFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    fail('LOGIN_NEEDED', {
      detail: `token_file of profile "${name}": ${tokenFile} cannot be read (${error.code})`,
      fix: 'check token_file, and what writes it',
      cause: error,
    })
  })
  const token = text.trim()
  if (!isTokenText(token) || text.length > LONGEST_TOKEN_BYTES) {
    fail('CONFIG_INVALID', { detail: `token_file of profile "${name}": ${tokenFile} does not hold a token` })
  }
  const access = accessTokenOf(token)
  if (access.expiresAtSeconds !== undefined && access.expiresAtSeconds <= nowSeconds(clock)) {
    const ago = nowSeconds(clock) - access.expiresAtSeconds
    fail('LOGIN_NEEDED', {
      detail: `the token in ${tokenFile} expired ${ago} s ago`,
      fix: 'check that what writes it still runs',
    })
  }
  return access
}

/** RFC 6750 section 2.1: `b64token`, which is what a Bearer header may carry. */
export function isTokenText(text: string): boolean {
  return /^[A-Za-z0-9\-._~+/]+=*$/.test(text)
}

/** A token that came without a token response: its life is read from it, where it is a JWT. */
export function accessTokenOf(token: string, expiresAtSeconds?: number): AccessToken {
  const exp = decodeClaims(token)?.exp
  return {
    token: new Secret(token),
    expiresAtSeconds: expiresAtSeconds ?? (typeof exp === 'number' ? exp : undefined),
    scopes: undefined,
  }
}
