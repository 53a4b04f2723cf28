import assert from 'node:assert/strict'
import { after } from 'node:test'
import { Client } from 'pg'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createJudge } from '../../src/enforce/caching-judge.ts'
import type { Judge } from '../../src/enforce/judge.ts'
import { type Grants, grantsFor } from '../../src/policy/grants.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import type { ServerPool } from '../../src/pool/server-lease.ts'
import { LiveCatalog } from '../../src/proxy/live-catalog.ts'
import { loadParser } from '../../src/sql/analyse.ts'
import { type EmbeddedPostgres, startTestPostgres } from '../support/postgres.ts'

/** A real server, a judge that reads its catalog, and a policy. */
export interface LiveJudge {
  readonly server: EmbeddedPostgres
  readonly judge: Judge
  /** What these scopes give. */
  grants(...scopes: string[]): Grants
}

export async function startLiveJudge(databaseSql: string, policyText: string): Promise<LiveJudge> {
  const read = loadPolicy('policy.yaml', () => policyText)
  assert.ok(read.ok, JSON.stringify(read))
  const server = await startTestPostgres({ hba: ['host all all 127.0.0.1/32 trust'], prepare: databaseSql })
  await loadParser()
  const asker = new Client({ connectionString: server.url() })
  asker.on('error', () => undefined)
  await asker.connect()
  after(() => asker.end())
  const pool = {
    async ask(sql: string) {
      const result = await asker.query({ text: sql, rowMode: 'array' })
      return (Array.isArray(result) ? result : [result]).flatMap((one) => one.rows as (string | null)[][])
    },
  } as Pick<ServerPool, 'ask'> as ServerPool
  const options = { clock: systemClock, log: silentLog }
  const catalog = new LiveCatalog({ pool, searchPath: undefined, maxAgeMs: 60_000, ...options })
  const judge = createJudge({ catalog, parseDeadlineMs: 5000, ...options })
  after(() => judge.close())
  return { server, judge, grants: (...scopes) => grantsFor(read.policy, scopes) }
}
