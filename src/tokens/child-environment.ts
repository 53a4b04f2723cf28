import type { Profile } from '../config/profiles.ts'

/** This process's environment without what only pgoauth itself has use for: the store's key, the client secret. */
export function environmentForChild(
  env: NodeJS.ProcessEnv,
  profile: Pick<Profile, 'clientSecretEnv'>,
): NodeJS.ProcessEnv {
  const left = { ...env }
  for (const name of secretVariables(profile)) delete left[name]
  return left
}

/** The environment variables that hold secrets of pgoauth's own. */
export function secretVariables({ clientSecretEnv }: Pick<Profile, 'clientSecretEnv'>): string[] {
  return ['PGOAUTH_STORE_KEY', ...(clientSecretEnv ? [clientSecretEnv] : [])]
}
