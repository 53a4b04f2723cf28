import { pathsOf } from '../config/paths.ts'
import { resolveProfile } from '../config/profile-resolution.ts'
import type { Profile, ProfileFlags } from '../config/profiles.ts'
import type { LoginDeps } from '../login/login-deps.ts'
import type { TokenDeps } from '../tokens/token-deps.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'

/** What a token source needs, from what a command has. */
export function tokenDepsOf(context: CliContext): TokenDeps {
  const { env, platform, clock, log } = context
  return {
    env,
    platform,
    clock,
    log,
    paths: pathsOf(context),
    warn: (message) => writeLine(context.stderr, `warning: ${message}`),
    get askPassphrase() {
      if (!canAsk(context)) return undefined
      return async (isNew: boolean) => (await import('./questions.ts')).askPassphrase(context, isNew)
    },
  }
}

/** What a login needs beyond that. */
export async function loginDepsOf(context: CliContext): Promise<LoginDeps> {
  const [{ userInfo }, { startWaiting }] = await Promise.all([import('node:os'), import('./waiting.ts')])
  return {
    ...tokenDepsOf(context),
    say: (...lines) => {
      for (const line of lines) writeLine(context.stderr, line)
    },
    wait: (what) => startWaiting(context, what),
    userName: userNameOf(userInfo, context.env),
    signal: context.interrupted,
  }
}

export function profileOf(context: CliContext, name: string | undefined, flags: ProfileFlags = {}): Promise<Profile> {
  return resolveProfile(name, { env: context.env, flags, home: context.home, paths: pathsOf(context) })
}

/** Whether somebody is there to answer: both ends of the conversation are a terminal. */
export function canAsk(context: CliContext): boolean {
  return context.isTty && (context.stdin as { isTTY?: boolean }).isTTY === true
}

/** A user id without a name, as containers have, is no reason to fail. */
function userNameOf(userInfo: () => { username: string }, env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username
  } catch {
    return env.USER || 'USER'
  }
}
