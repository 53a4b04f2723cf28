import type { Profile } from '../config/profiles.ts'
import { secretVariables } from '../tokens/child-environment.ts'
import type { LoginDeps } from './login-deps.ts'

/** A browser that was started. */
export interface OpenedBrowser {
  /** Resolves should it turn out, within seconds, that none came up: no display answers, none is installed. */
  readonly failed: Promise<undefined>
}

/**
 * Opens the person's browser; undefined where that failed at once. The browser's environment is without this
 * program's secrets: `open` takes no environment of its own, so they are away from the process's while it starts.
 */
export async function openBrowser(
  url: string,
  profile: Profile,
  { env, clock }: Pick<LoginDeps, 'env' | 'clock'>,
): Promise<OpenedBrowser | undefined> {
  const { default: open } = await import('open')
  const hidden = secretVariables(profile).map((name) => [name, env[name]] as const)
  for (const [name] of hidden) delete env[name]
  try {
    const child = await open(url)
    const startedAtMs = clock.nowMs()
    const failed = new Promise<undefined>((resolve) => {
      child.once('error', () => resolve(undefined))
      // Later it is a browser that somebody used.
      child.once('exit', (code) => code && clock.nowMs() - startedAtMs < COMING_UP_MS && resolve(undefined))
    })
    // xdg-open and its kin mostly end at once where they find no browser.
    const stays = new Promise<'stays'>((resolve) => {
      child.once('exit', (code) => code === 0 && resolve('stays'))
      setTimeout(() => resolve('stays'), OPENING_MS).unref()
    })
    return (await Promise.race([failed, stays])) === 'stays' ? { failed } : undefined
  } catch {
    return undefined
  } finally {
    for (const [name, value] of hidden) if (value !== undefined) env[name] = value
  }
}

const OPENING_MS = 800
/** A browser that finds no display may have tried for a while before it says so. */
const COMING_UP_MS = 20_000
