import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Client } from 'pg'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { loadParser } from '../../src/sql/analyse.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { CALLS } from './corpus/calls.ts'
import type { Case } from './corpus/corpus.ts'
import { COMMON_GRANTS, DATABASE_SQL, GRANTS, POLICY } from './corpus/database.ts'
import { DEFINITIONS } from './corpus/definitions.ts'
import { DETOURS } from './corpus/detours.ts'
import { QUERIES } from './corpus/queries.ts'
import { SESSIONS } from './corpus/sessions.ts'
import { catalogOf, policyVerdict, roleVerdict } from './corpus/verdicts.ts'
import { WRITES } from './corpus/writes.ts'

const CASES: readonly Case[] = [...QUERIES, ...WRITES, ...CALLS, ...DEFINITIONS, ...SESSIONS, ...DETOURS]

let client: Client | undefined
after(() => client?.end())
const server = await startTestPostgres({ prepare: DATABASE_SQL })
await loadParser()
const read = loadPolicy('corpus.yaml', () => POLICY)
assert.ok(read.ok, JSON.stringify(read))
const policy = read.policy
const judge = new Client({ connectionString: server.url() })
client = judge
await judge.connect()

const catalog = await catalogOf(judge)

describe('the corpus', () => {
  it('has more than 300 statements', () => {
    assert.ok(CASES.length > 300, String(CASES.length))
  })

  it('is decided as each case says, offline with the catalog', () => {
    const misses = CASES.flatMap((one) => {
      const verdict = policyVerdict(one, policy, catalog)
      return verdict.said === one.verdict
        ? []
        : [`${one.verdict} expected: ${one.scopes.join(' ')}: ${one.sql}  (${one.why})\n     ${verdict.detail}`]
    })
    assert.equal(misses.length, 0, `\n${misses.join('\n')}`)
  })

  it("agrees with PostgreSQL's own GRANTs, except where a case says why", { timeout: 120_000 }, async () => {
    await judge.query(COMMON_GRANTS)
    const roles = new Map<string, string>()
    const misses: string[] = []
    let judged = 0
    for (const one of CASES) {
      const expected = one.postgres?.verdict ?? one.verdict
      const grants = one.scopes.map((scope) => GRANTS[scope])
      if (expected === 'none') continue
      // A denial needs no equivalent of a scope that PostgreSQL does not know: without it, less is given.
      if (expected === 'allow' && one.verdict === 'allow' && grants.includes(undefined)) continue
      const key = one.scopes.join(' ')
      const role = roles.get(key) ?? `judge_${roles.size}`
      if (!roles.has(key)) {
        await judge.query(`create role ${role}; ${grants.filter(Boolean).join('; ').replaceAll('ROLE', role)}`)
        roles.set(key, role)
      }
      judged++
      const { said, detail } = await roleVerdict(judge, role, one.sql)
      if (said !== expected) misses.push(`PostgreSQL says ${said} (${detail}), not ${expected}: ${key}: ${one.sql}`)
    }
    assert.ok(judged > 200, String(judged))
    assert.equal(misses.length, 0, `\n${misses.join('\n')}`)
  })
})
