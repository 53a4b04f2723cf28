import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadCatalog } from '../../src/catalog/load-catalog.ts'
import { decide } from '../../src/policy/decide.ts'
import { grantsFor } from '../../src/policy/grants.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import { indexCatalog } from '../../src/sql/catalog-index.ts'
import { startTestPostgres, superuserQuery } from '../support/postgres.ts'
import { DATABASE_SQL } from './corpus/database.ts'
import { PG_DUMP_QUERIES } from './tools/pg-dump-queries.ts'
import { PSQL_QUERIES } from './tools/psql-queries.ts'
import { CITED, RECORDED } from './tools/recorded.ts'

await loadParser()
const server = await startTestPostgres({ prepare: DATABASE_SQL })
const { snapshot } = await loadCatalog(async (sql) => {
  const { rows } = await superuserQuery(server, sql)
  return rows.map((row) => Object.values(row) as string[])
})
const catalog = indexCatalog(snapshot)
const read = loadPolicy('p.yaml', () => 'version: 1\nscopes: { read: { select: [sales.orders, sales.order_items] } }')
assert.ok(read.ok)
const reading = grantsFor(read.policy, ['read'])

const PG_DUMP = PG_DUMP_QUERIES.map(({ sql }) => sql.replaceAll(/<<.*?>>/g, '16400'))

function denials(queries: readonly string[], grants = reading): string[] {
  return queries.flatMap((sql) => {
    const analysis = analyse(sql, catalog, { allowHeavy: true })
    if (!analysis.ok) return [`${analysis.message}: ${sql}`]
    return analysis.statements.flatMap((one) => {
      const { allowed, reason } = decide(one, grants)
      return allowed ? [] : [`${reason}: ${sql}`]
    })
  })
}

describe('tools, with read scopes on two tables and metadata visible', () => {
  it("psql's \\d family works", () => {
    assert.ok(PSQL_QUERIES.length > 50)
    assert.deepEqual(denials(PSQL_QUERIES), [])
  })
  it('pg_dump -t is told by name what it lacks', () => {
    const reasons = denials(PG_DUMP).map((denial) => denial.split(':')[0])
    assert.deepEqual(reasons, [
      'lock on sales.orders is given by no scope',
      'select on pg_subscription (subdbid) is given by no scope',
      'usage on * is given by no scope',
    ])
  })
  it('pg_dump -t works with these given', () => {
    const both = 'sales.orders, sales.order_items'
    const scope = `{ select: [${both}, pg_catalog.pg_subscription], lock: [${both}], usage: "*" }`
    const dumping = loadPolicy('p.yaml', () => `version: 1\nscopes: { dump: ${scope} }`)
    assert.ok(dumping.ok)
    assert.deepEqual(denials(PG_DUMP, grantsFor(dumping.policy, ['dump'])), [])
  })
  it('with metadata hidden no catalog is shown to any of them', () => {
    const hidden = loadPolicy(
      'p.yaml',
      () => 'version: 1\nmetadata: hidden\nscopes: { read: { select: [sales.orders] } }',
    )
    assert.ok(hidden.ok)
    const sent = Object.values({ ...RECORDED, ...CITED }).flat()
    const texts = [...PSQL_QUERIES, ...sent.map(({ sql }) => sql.replaceAll(/<<.*?>>/g, '16400'))]
    const asking = texts.filter((sql) =>
      /\b(from|join)\s+(only\s+)?("?pg_catalog"?\.)?"?pg_(?!catalog|settings|get_keywords|postmaster)/i.test(sql),
    )
    assert.ok(asking.length > 500)
    const shown = asking.filter((sql) => denials([sql], grantsFor(hidden.policy, ['read'])).length === 0)
    assert.deepEqual(shown, [])
  })
})
