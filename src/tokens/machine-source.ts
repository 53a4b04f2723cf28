import { nowSeconds } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { Profile } from '../config/profiles.ts'
import type { Grant } from '../oauth/grant.ts'
import { ageOf } from './freshness.ts'
import { openIssuer } from './profile-issuer.ts'
import type { TokenDeps } from './token-deps.ts'
import type { AccessToken, TokenSource } from './token-source.ts'

interface Kept {
  readonly token: AccessToken
  readonly obtainedAtSeconds: number
}

/** Tokens of a machine: from client credentials, a file or a command. Kept in this process alone, never in a store. */
export function openMachineSource(profile: Profile, deps: TokenDeps): TokenSource {
  let kept: Kept | undefined
  let asking: Promise<Kept> | undefined

  const ask = async (): Promise<Kept> => {
    const obtainedAtSeconds = nowSeconds(deps.clock)
    return { token: await requestToken(profile, deps), obtainedAtSeconds }
  }

  return {
    async fresh({ replacing } = {}) {
      const refused = replacing?.reveal()
      // A file is read each time: its owner changes it when it likes.
      const reusable = profile.flow !== 'token_file' && kept && kept.token.token.reveal() !== refused
      if (kept && reusable && ageOf(lifeOf(kept), nowSeconds(deps.clock)) === 'fresh') return kept.token
      asking ??= ask().finally(() => {
        asking = undefined
      })
      const before = kept
      try {
        kept = await asking
      } catch (error) {
        if (!before || !reusable || ageOf(lifeOf(before), nowSeconds(deps.clock)) !== 'due') throw error
        deps.warn(`${(error as Error).message}; the token at hand is still good`)
        return before.token
      }
      if (kept.token.token.reveal() === refused) {
        fail('TOKEN_REFUSED', {
          detail: `profile "${profile.name}" gives the same token again (flow: ${profile.flow})`,
          fix: `look at it: pgoauth token ${profile.name} --claims`,
        })
      }
      return kept.token
    },
  }
}

function lifeOf({ token, obtainedAtSeconds }: Kept) {
  return { obtainedAtSeconds, expiresAtSeconds: token.expiresAtSeconds }
}

async function requestToken(profile: Profile, deps: TokenDeps): Promise<AccessToken> {
  switch (profile.flow) {
    case 'token_file': {
      const { readTokenFile } = await import('./token-file.ts')
      return readTokenFile(profile, deps.clock)
    }
    case 'exec': {
      const { runTokenCommand } = await import('./token-command.ts')
      return runTokenCommand(profile, deps)
    }
    default: {
      const [{ requestClientCredentials }, issuer] = await Promise.all([
        import('../oauth/client-credentials-grant.ts'),
        openIssuer(profile, deps),
      ])
      return toAccessToken(await requestClientCredentials(issuer, profile))
    }
  }
}

function toAccessToken({ accessToken, expiresAtSeconds, scopes }: Grant): AccessToken {
  return { token: accessToken, expiresAtSeconds, scopes }
}
