import { readFile } from 'node:fs/promises'
import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Profile } from '../config/profiles.ts'
import type { ClientCredential } from '../oauth/client-authentication.ts'
import type { Issuer } from '../oauth/issuer.ts'
import type { TokenDeps } from './token-deps.ts'

/**
 * The issuer of a profile, discovered, with the profile's client credentials.
 *
 * @throws CONFIG_INVALID where they are missing, and what discovery throws.
 */
export async function openIssuer(profile: Profile, { env, clock }: TokenDeps): Promise<Issuer> {
  const { issuer, clientId } = profile
  if (!issuer || !clientId) {
    fail('CONFIG_INVALID', { detail: `profile "${profile.name}" has no ${issuer ? 'client_id' : 'issuer'}` })
  }
  const [credential, { discoverIssuer }] = await Promise.all([
    readCredential(profile, env),
    import('../oauth/issuer.ts'),
  ])
  return discoverIssuer({ issuer, clientId, credential, clock, env, caFile: profile.issuerTls.ca })
}

async function readCredential(profile: Profile, env: NodeJS.ProcessEnv): Promise<ClientCredential> {
  const { name, clientSecretEnv, clientKey } = profile
  if (clientKey !== undefined) {
    const pem = await readFile(clientKey, 'utf8').catch((error: NodeJS.ErrnoException) => {
      fail('CONFIG_INVALID', { detail: `client_key: ${clientKey} cannot be read (${error.code})`, cause: error })
    })
    return { kind: 'key', pemOrJwk: new Secret(pem), file: clientKey }
  }
  if (clientSecretEnv === undefined) return { kind: 'none' }
  const secret = env[clientSecretEnv]
  if (!secret) {
    fail('CONFIG_INVALID', {
      detail: `profile "${name}" takes its client secret from ${clientSecretEnv}, which is not set`,
      fix: `set ${clientSecretEnv}, or remove client_secret_env where the client is public`,
    })
  }
  return { kind: 'secret', secret: new Secret(secret) }
}
