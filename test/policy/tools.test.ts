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
import { DRIVER_QUERIES } from './tools/driver-queries.ts'
import { PSQL_QUERIES } from './tools/psql-queries.ts'

await loadParser()
const server = await startTestPostgres({ prepare: DATABASE_SQL })
const { snapshot } = await loadCatalog(async (sql) => {
  const { rows } = await superuserQuery(server, sql)
  return rows.map((row) => Object.values(row) as string[])
})
const catalog = indexCatalog(snapshot)
const read = loadPolicy('p.yaml', () => 'version: 1\nscopes: { read: { select: [sales.orders, sales.order_items] } }')
assert.ok(read.ok)
const grants = grantsFor(read.policy, ['read'])

function denials(queries: readonly string[]): string[] {
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
  for (const [tool, queries] of Object.entries(DRIVER_QUERIES)) {
    it(`${tool} works`, () => assert.deepEqual(denials(queries), []))
    it(`${tool}: the server understands what is judged here`, async () => {
      for (const sql of queries) {
        if (/\$1|DISCARD|RESET ALL/.test(sql)) continue
        await superuserQuery(server, `set search_path = public; ${sql}`)
      }
    })
  }
})
