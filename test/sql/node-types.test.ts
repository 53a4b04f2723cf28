import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import { namesOnlyCatalog } from '../../src/sql/catalog-index.ts'
import { NODE_TYPES } from '../../src/sql/data/node-types.ts'
import { checkNodes } from '../../src/sql/node-check.ts'
import { STATEMENTS } from '../../src/sql/statement.ts'
import { Walk } from '../../src/sql/walk.ts'

/** The grammar's node types as the parser's package ships them: interface bodies by name, and the Node union. */
function shippedTypes(): Map<string, Map<string, string>> {
  const require = createRequire(import.meta.url)
  const inParser = createRequire(require.resolve('libpg-query'))
  const folder = dirname(inParser.resolve('@pgsql/types/package.json'))
  const text = readFileSync(join(folder, 'types.d.ts'), 'utf8')
  const types = new Map<string, Map<string, string>>()
  for (const [, name = '', body = ''] of text.matchAll(/export interface (\w+) \{([^}]*)\}/g)) {
    const fields = new Map<string, string>()
    for (const [, field = '', type = ''] of body.matchAll(/^\s*(\w+)\??: ([^;]+);/gm)) fields.set(field, type)
    types.set(name, fields)
  }
  return types
}

const shipped = shippedTypes()

describe('the table of parse-node types', () => {
  it('has every type of the grammar and no other', () => {
    assert.ok(shipped.size > 250, String(shipped.size))
    assert.deepEqual(Object.keys(NODE_TYPES).sort(), [...shipped.keys()].sort())
  })

  it('has every field of each type, and says rightly which hold nodes', () => {
    for (const [type, { role, fields }] of Object.entries(NODE_TYPES)) {
      if (role === 'planner') continue
      const real = new Map<string, string>()
      for (const [field, text] of shipped.get(type) ?? []) {
        const base = text.replace('[]', '')
        real.set(field, base === 'Node' ? 'node' : shipped.has(base) ? base : 'scalar')
      }
      assert.deepEqual(new Map(Object.entries(fields)), real, type)
    }
  })

  it('every statement of the grammar has a row that says what it needs', () => {
    const statements = Object.entries(NODE_TYPES)
      .filter(([, { role }]) => role === 'statement')
      .map(([type]) => type)
    // RETURN stands only in the body of a function, which is code as a whole.
    assert.deepEqual(Object.keys(STATEMENTS).sort(), statements.filter((type) => type !== 'ReturnStmt').sort())
  })

  it('a node type that is not known is refused', () => {
    const walk = new Walk(namesOnlyCatalog())
    checkNodes(walk, 'SelectStmt', { whereClause: { NewNode: {} } })
    assert.match(walk.collector.finish().refusal?.reason ?? '', /not understood/)
  })

  it('a field that is not known is refused', () => {
    const walk = new Walk(namesOnlyCatalog())
    checkNodes(walk, 'SelectStmt', { newClause: {} })
    assert.equal(walk.collector.finish().refusal?.object, 'SelectStmt.newClause')
  })

  it('a field whose name every object has is not taken for known', () => {
    const walk = new Walk(namesOnlyCatalog())
    checkNodes(walk, 'SelectStmt', { constructor: { RangeVar: {} } })
    assert.equal(walk.collector.finish().refusal?.object, 'SelectStmt.constructor')
  })

  it('a planner node is refused', () => {
    const walk = new Walk(namesOnlyCatalog())
    checkNodes(walk, 'SelectStmt', { whereClause: { FuncExpr: {} } })
    assert.ok(walk.collector.finish().refusal)
  })

  it('a node that no part of the analysis looked at is left over', () => {
    const walk = new Walk(namesOnlyCatalog())
    checkNodes(walk, 'SelectStmt', { fromClause: [{ RangeVar: { relname: 't' } }] })
    assert.equal(walk.isComplete, false)
  })

  it('what the parser gives is never more than the table knows', async () => {
    await loadParser()
    const analysis = analyse(
      'select a, b[1], c::text, f(x => 1) filter (where true) over (partition by d) from t',
      namesOnlyCatalog(),
    )
    assert.ok(analysis.ok && analysis.statements[0]?.refusal === undefined)
  })
})
