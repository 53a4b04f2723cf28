import { posix, win32 } from 'node:path'

/** Where this program keeps things on this machine; all absolute. */
export interface Paths {
  /** config.yaml, which a person edits. */
  readonly configFile: string
  /** Locks, encrypted login files, remembered ports: lost only with the account. */
  readonly stateDir: string
  /** What can be made again at any time. */
  readonly cacheDir: string
}

export interface PathSources {
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  readonly platform: NodeJS.Platform
}

/**
 * XDG directories on Linux and macOS, `%APPDATA%` and `%LOCALAPPDATA%` on Windows; PGOAUTH_CONFIG names
 * another config file. A relative XDG directory is ignored, as the specification says.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function pathsOf({ env, home, platform }: PathSources): Paths {
  if (platform === 'win32') {
    const roaming = env.APPDATA || win32.join(home, 'AppData', 'Roaming')
    const local = env.LOCALAPPDATA || win32.join(home, 'AppData', 'Local')
    return {
      configFile: env.PGOAUTH_CONFIG || win32.join(roaming, 'pgoauth', 'config.yaml'),
      stateDir: win32.join(local, 'pgoauth', 'state'),
      cacheDir: win32.join(local, 'pgoauth', 'cache'),
    }
  }
  const base = (value: string | undefined, ...otherwise: string[]) =>
    posix.join(value?.startsWith('/') ? value : posix.join(home, ...otherwise), 'pgoauth')
  return {
    configFile: env.PGOAUTH_CONFIG || posix.join(base(env.XDG_CONFIG_HOME, '.config'), 'config.yaml'),
    stateDir: base(env.XDG_STATE_HOME, '.local', 'state'),
    cacheDir: base(env.XDG_CACHE_HOME, '.cache'),
  }
}
