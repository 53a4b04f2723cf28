import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Client } from 'pg'
import { loadCatalog } from '../../src/catalog/load-catalog.ts'
import { decide } from '../../src/policy/decide.ts'
import { grantsFor } from '../../src/policy/grants.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import { indexCatalog } from '../../src/sql/catalog-index.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { CALLS } from './corpus/calls.ts'
import type { Case } from './corpus/corpus.ts'
import { COMMON_GRANTS, DATABASE_SQL, GRANTS, POLICY } from './corpus/database.ts'
import { DEFINITIONS } from './corpus/definitions.ts'
import { DETOURS } from './corpus/detours.ts'
import { QUERIES } from './corpus/queries.ts'
import { SESSIONS } from './corpus/sessions.ts'
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

async function run(sql: string): Promise<(string | null)[][]> {
  const result = await judge.query({ text: sql, rowMode: 'array' })
  return (Array.isArray(result) ? result : [result]).flatMap((one) => one.rows)
}

const catalog = indexCatalog((await loadCatalog(run)).snapshot)

describe('the corpus', () => {
  it('has more than 300 statements', () => {
    assert.ok(CASES.length > 300, String(CASES.length))
  })

  it('is decided as each case says, offline with the catalog', () => {
    const misses = CASES.flatMap((one) => {
      const verdict = ours(one)
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
      const { said, detail } = await theirs(role, one.sql)
      if (said !== expected) misses.push(`PostgreSQL says ${said} (${detail}), not ${expected}: ${key}: ${one.sql}`)
    }
    assert.ok(judged > 200, String(judged))
    assert.equal(misses.length, 0, `\n${misses.join('\n')}`)
  })
})

function ours({ scopes, sql }: Case): { said: 'allow' | 'deny'; detail: string } {
  const analysis = analyse(sql, catalog)
  if (!analysis.ok) return { said: 'deny', detail: `${analysis.code} ${analysis.message}` }
  const grants = grantsFor(policy, scopes)
  const decisions = analysis.statements.map((statement) => decide(statement, grants))
  const denied = decisions.find((one) => !one.allowed)
  const needs = analysis.statements.flatMap((one) =>
    one.accesses.map((access) => `${access.action} ${access.object}(${access.columns})`),
  )
  return { said: denied ? 'deny' : 'allow', detail: `${denied?.reason ?? ''} [${needs.join(', ')}]` }
}

/** 42501 is a denial; any other error comes after the rights were found to be enough. */
async function theirs(role: string, sql: string): Promise<{ said: 'allow' | 'deny'; detail: string }> {
  await judge.query(`begin; set local role ${role}`)
  try {
    await judge.query({ text: sql, ...(/\$1/.test(sql) && !/prepare|\$\$/i.test(sql) ? { values: ['1'] } : {}) })
    return { said: 'allow', detail: 'ran' }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    return { said: code === '42501' ? 'deny' : 'allow', detail: `${code} ${message}` }
  } finally {
    await judge.query('rollback')
  }
}
