import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { DatabaseConfig, ProxyConfig } from '../config/proxy-config.ts'
import { createJudge } from '../enforce/caching-judge.ts'
import type { Judge } from '../enforce/judge.ts'
import type { JudgingTally } from '../enforce/judging-tally.ts'
import type { Policy, RuleSet } from '../policy/policy.ts'
import type { BoundsFactory } from '../pool/lease-bounds.ts'
import type { ServerPool } from '../pool/server-lease.ts'
import { SharedPool } from '../pool/shared-pool.ts'
import { LiveCatalog } from './live-catalog.ts'

/** One database as the proxy serves it. */
export interface ServedDatabase {
  readonly config: DatabaseConfig
  readonly policy: Policy
  readonly pool: ServerPool
  /** Judges statements with this policy and the database's catalog. */
  readonly judge: Judge
}

export type PoolBounds = (database: DatabaseConfig) => BoundsFactory

/** What databases count of their statements and their waits. */
export interface DatabaseMetrics {
  readonly judging: JudgingTally
  poolWaited(database: string, ms: number): void
}

export interface DatabaseOptions {
  readonly config: DatabaseConfig
  readonly proxy: ProxyConfig
  readonly policy: Policy
  readonly previous: ServedDatabase | undefined
  readonly bounds?: PoolBounds | undefined
  readonly metrics?: DatabaseMetrics
  readonly clock: Clock
  readonly log: Log
  readonly env: NodeJS.ProcessEnv
}

/**
 * A database with its pool and its judge; those of the generation before go on where nothing of the entry changed, with
 * the catalog they have and what they remember of statements.
 */
export function openDatabase(options: DatabaseOptions): ServedDatabase {
  const { config, proxy, policy, previous, metrics, clock, log, env } = options
  const codeScope = config.allowSharedCode ? undefined : scopeWithCode(policy)
  const isSame =
    previous !== undefined &&
    sameText(previous.config, config) &&
    scopeWithCode(previous.policy) === scopeWithCode(policy)
  const pool = isSame
    ? previous.pool
    : new SharedPool({
        database: config,
        codeScope,
        bounds: options.bounds?.(config),
        onWaited: (ms) => metrics?.poolWaited(config.name, ms),
        clock,
        env,
        log,
      })
  const { searchPath } = policy
  if (isSame && JSON.stringify(previous.policy.searchPath) === JSON.stringify(searchPath)) {
    return { config, policy, pool, judge: previous.judge }
  }
  const catalog = new LiveCatalog({ pool, searchPath, maxAgeMs: proxy.catalogMaxAgeMs, clock, log })
  const { parseDeadlineMs } = proxy.limits
  const judge = createJudge({ catalog, clock, log, parseDeadlineMs, tally: metrics?.judging })
  return { config, policy, pool, judge }
}

function sameText(a: DatabaseConfig, b: DatabaseConfig): boolean {
  return databaseText(a) === databaseText(b)
}

/** An entry as text: the same where nothing of it changed. */
export function databaseText(config: DatabaseConfig): string {
  return JSON.stringify({ ...config, logins: [...config.logins] })
}

/** A scope whose holder can run code of their own on the server, in which a SET ROLE is seen by nobody. */
function scopeWithCode({ scopes, always }: Policy): string | undefined {
  const sets: [string, RuleSet][] = [...scopes, ['always', always]]
  return sets.find(([, rules]) => runsCode(rules))?.[0]
}

function runsCode({ all, objects }: RuleSet): boolean {
  const executed = objects.get('execute') ?? []
  return all || objects.has('all') || objects.has('code') || executed.some(({ name }) => name === '*')
}
