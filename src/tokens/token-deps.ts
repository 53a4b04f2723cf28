import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { Paths } from '../config/paths.ts'

/** What tokens and logins need of the process they are in. */
export interface TokenDeps {
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
  readonly paths: Paths
  readonly clock: Clock
  readonly log: Log
  /** One line for the person, where something still works but will not for long. */
  warn(message: string): void
  /** Asks for the passphrase of the file store, twice where it is new; undefined where nobody can be asked. */
  readonly askPassphrase?: ((isNew: boolean) => Promise<Secret>) | undefined
}
