import type { Profile } from '../config/profiles.ts'
import { secretVariables } from '../tokens/child-environment.ts'

/**
 * Opens the person's browser; false where that failed at once. The browser's environment is without this
 * program's secrets: `open` takes no environment of its own, so they are away from the process's while it starts.
 */
export async function openBrowser(url: string, env: NodeJS.ProcessEnv, profile: Profile): Promise<boolean> {
  const { default: open } = await import('open')
  const hidden = secretVariables(profile).map((name) => [name, env[name]] as const)
  for (const [name] of hidden) delete env[name]
  try {
    const child = await open(url)
    return await new Promise<boolean>((resolve) => {
      child.once('error', () => resolve(false))
      child.once('exit', (code) => resolve(code === 0 || code === null))
      // xdg-open and its kin end at once where they find no browser; one that stays is one that opened.
      setTimeout(() => resolve(true), OPENING_MS).unref()
    })
  } catch {
    return false
  } finally {
    for (const [name, value] of hidden) if (value !== undefined) env[name] = value
  }
}

const OPENING_MS = 800
