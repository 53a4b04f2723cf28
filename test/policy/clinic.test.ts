import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Client } from 'pg'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { loadParser } from '../../src/sql/analyse.ts'
import { isHarmlessToShow } from '../../src/sql/curation.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { APPLICATIONS } from './clinic/applications.ts'
import { CLINIC, PLACED } from './clinic/clinic.ts'
import {
  COMMON_GRANTS,
  DATABASE_SQL,
  GRANTS,
  POLICY,
  POWERFUL,
  REVEALING,
  SEARCH_PATH,
  WITHHELD_VALUES,
} from './clinic/database.ts'
import type { Case } from './corpus/corpus.ts'
import { catalogOf, policyVerdict, roleVerdict } from './corpus/verdicts.ts'

let client: Client | undefined
after(() => client?.end())
const server = await startTestPostgres({ prepare: DATABASE_SQL })
await loadParser()
const read = loadPolicy('clinic.yaml', () => POLICY)
assert.ok(read.ok, JSON.stringify(read))
const policy = read.policy
const judge = new Client({ connectionString: server.url() })
client = judge
await judge.connect()
const catalog = await catalogOf(judge)
await judge.query(COMMON_GRANTS)
await judge.query(POWERFUL)
const roles = new Map<string, string>()

/** A role with the GRANTs that these scopes stand for. */
async function roleOf(scopes: readonly string[]): Promise<string> {
  const key = scopes.join(' ')
  const known = roles.get(key)
  if (known !== undefined) return known
  const role = `judge_${roles.size}`
  const grants = scopes.map((scope) => GRANTS[scope]).filter(Boolean)
  await judge.query(`create role ${role}; ${grants.join('; ').replaceAll('ROLE', role)}`)
  roles.set(key, role)
  return role
}

describe('the corpus of the clinic', () => {
  it('has more than 700 statements, 200 of them from applications, and 1,500 placed ones', () => {
    assert.ok(CLINIC.length > 700, String(CLINIC.length))
    assert.ok(APPLICATIONS.length > 170, String(APPLICATIONS.length))
    assert.ok(PLACED.length > 1500, String(PLACED.length))
  })

  it('is decided as each case says, offline with the catalog', () => {
    const misses = [...CLINIC, ...PLACED].flatMap((one) => {
      const verdict = policyVerdict(one, policy, catalog)
      return verdict.said === one.verdict
        ? []
        : [`${one.verdict} expected: ${one.scopes.join(' ')}: ${one.sql}  (${one.why})\n     ${verdict.detail}`]
    })
    assert.equal(misses.length, 0, `\n${misses.join('\n')}`)
  })

  it("agrees with PostgreSQL's own GRANTs, except where a case says why", { timeout: 120_000 }, async () => {
    const misses: string[] = []
    for (const one of CLINIC) {
      const expected = one.postgres?.verdict ?? one.verdict
      if (expected === 'none') continue
      const { said, detail } = await roleVerdict(judge, await roleOf(one.scopes), one.sql, SEARCH_PATH)
      if (said !== expected) misses.push(`PostgreSQL says ${said} (${detail}), not ${expected}: ${one.sql}`)
    }
    assert.equal(misses.length, 0, `\n${misses.join('\n')}`)
  })

  it('allows nothing in any place of a statement that PostgreSQL denies there', { timeout: 120_000 }, async () => {
    const denied = new Map<string, number>()
    const misses: string[] = []
    for (const { scopes, sql, verdict } of PLACED) {
      const { said, detail } = await roleVerdict(judge, await roleOf(scopes), sql, SEARCH_PATH)
      denied.set(`${verdict} ${said}`, (denied.get(`${verdict} ${said}`) ?? 0) + 1)
      if (verdict === 'allow' && said === 'deny') misses.push(`${detail}: ${sql}`)
    }
    assert.deepEqual(misses, [])
    // The others cannot stand there, or are never run (an unread CTE, a statement that is only prepared).
    const withheld = PLACED.filter(({ verdict }) => verdict === 'deny').length
    assert.ok((denied.get('deny deny') ?? 0) > 0.85 * withheld, JSON.stringify([...denied]))
  })

  it('shows no value that is withheld, whatever the role behind it may read', { timeout: 120_000 }, async () => {
    const shown: string[] = []
    for (const { scopes, sql, verdict } of [...CLINIC, ...PLACED]) {
      if (verdict === 'deny' || scopes.some((scope) => REVEALING.has(scope))) continue
      const { text = '' } = await roleVerdict(judge, 'powerful', sql, SEARCH_PATH)
      if (WITHHELD_VALUES.test(text)) shown.push(`${sql}\n     ${text.slice(0, 200)}`)
    }
    assert.deepEqual(shown, [])
  })

  it('lets nobody ask for names through the input of a type where metadata is hidden', () => {
    const hidden = loadPolicy('hidden.yaml', () => POLICY.replace('metadata: visible', 'metadata: hidden'))
    assert.ok(hidden.ok)
    for (const sql of [
      "select 'priv.secrets'::regclass",
      "select array_in('{priv.secrets}', 2205, -1)",
      "select record_in('(priv.secrets)', 16400, -1) is null",
      "select domain_in('x', 16400, -1) is null",
      "select enum_in('x', 16400) is null",
      "select range_in('[a,b)', 16400, -1) is null",
      "select 'somebody=r/nobody'::aclitem",
      "select '{somebody=r/nobody}'::aclitem[]",
      "select pg_input_is_valid('priv.secrets', 'regclass')",
      "select json_value('\"priv.secrets\"', '$' returning regclass)",
      "select r from jsonb_to_record('{}') as j(r regclass)",
      "create temp table t (a regclass default 'priv.secrets')",
    ]) {
      const one: Case = { scopes: ['emp'], sql, verdict: 'deny', why: 'it says whether there is such a name' }
      assert.equal(policyVerdict(one, hidden.policy, catalog).said, 'deny', sql)
      assert.equal(policyVerdict(one, policy, catalog).said, 'allow', sql)
    }
  })

  it('lists no catalog as harmless that PostgreSQL keeps from a role without rights', { timeout: 60_000 }, async () => {
    const { rows } = await judge.query<{ name: string; columns: string[] }>(`
      select format('%I.%I', nspname, relname) as name, array_agg(quote_ident(attname)) as columns
      from pg_class c join pg_namespace n on n.oid = relnamespace join pg_attribute a on attrelid = c.oid and attnum > 0
      where nspname in ('pg_catalog', 'information_schema') and relkind in ('r', 'v') group by 1`)
    assert.ok(rows.length > 200)
    const role = await roleOf(['emp'])
    const listed: string[] = []
    for (const sql of rows.flatMap(({ name, columns }) => columns.map((one) => `select ${one} from ${name} limit 0`))) {
      const one: Case = { scopes: ['emp'], sql, verdict: 'deny', why: 'kept from everybody' }
      if (policyVerdict(one, policy, catalog).said === 'deny') continue
      const { said } = await roleVerdict(judge, role, sql)
      if (said === 'deny') listed.push(sql)
    }
    assert.deepEqual(listed, [])
  })

  it('holds no parameter free to show that PostgreSQL hides from a role without rights', async () => {
    await judge.query('create role plain')
    const { rows } = await judge.query<{ name: string }>('select name from pg_settings')
    assert.ok(rows.length > 300)
    const free: string[] = []
    for (const { name } of rows.filter((one) => isHarmlessToShow(one.name.toLowerCase()))) {
      const { said } = await roleVerdict(judge, 'plain', `show ${name}`)
      if (said === 'deny') free.push(name)
    }
    assert.deepEqual(free, [])
  })
})
