import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { DatabaseConfig } from '../config/proxy-config.ts'
import type { Judge } from '../enforce/judge.ts'
import type { Policy } from '../policy/policy.ts'
import { DirectPool } from '../pool/server-direct-pool.ts'
import type { ServerPool } from '../pool/server-lease.ts'
import { plainJudge } from './plain-judge.ts'

/** One database as the proxy serves it. */
export interface ServedDatabase {
  readonly config: DatabaseConfig
  readonly policy: Policy
  readonly pool: ServerPool
  /** Judges statements with this policy and the database's catalog. */
  readonly judge: Judge
}

export interface DatabaseOptions {
  readonly config: DatabaseConfig
  readonly policy: Policy
  readonly previous: ServedDatabase | undefined
  readonly clock: Clock
  readonly log: Log
  readonly env: NodeJS.ProcessEnv
}

/** A database with its pool; the pool of the generation before goes on where nothing of the entry changed. */
export function openDatabase({ config, policy, previous, clock, log, env }: DatabaseOptions): ServedDatabase {
  const isSame = previous !== undefined && sameText(previous.config, config)
  const pool = isSame ? previous.pool : new DirectPool({ database: config, clock, env, log })
  return { config, policy, pool, judge: plainJudge(policy, clock) }
}

function sameText(a: DatabaseConfig, b: DatabaseConfig): boolean {
  const text = (config: DatabaseConfig) => JSON.stringify({ ...config, logins: [...config.logins] })
  return text(a) === text(b)
}
