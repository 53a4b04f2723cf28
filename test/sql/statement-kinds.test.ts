import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import { namesOnlyCatalog } from '../../src/sql/catalog-index.ts'
import { STATEMENTS_OF_EVERY_KIND } from './statement-kinds.ts'

await loadParser()

/** `action object` of each access but calls of free functions, in order and without repeats. */
function needsOf(sql: string): { needs: string; refused: string[] } {
  const analysis = analyse(sql, namesOnlyCatalog(), { allowHeavy: true })
  assert.ok(analysis.ok, sql)
  const needs = analysis.statements.flatMap(({ accesses }) =>
    accesses
      .filter(({ kind, free }) => kind !== 'function' || !free)
      .map(({ action, object }) => `${action} ${object}`),
  )
  const refused = analysis.statements.flatMap(({ refusal }) => (refusal ? [refusal.reason] : []))
  return { needs: [...new Set(needs)].join(', '), refused }
}

describe('every kind of statement', () => {
  it('needs what its row says: another row would show here', () => {
    const others = STATEMENTS_OF_EVERY_KIND.filter(([sql, needs]) => needsOf(sql).needs !== needs)
    assert.deepEqual(
      others.map(([sql]) => [sql, needsOf(sql).needs]),
      [],
    )
  })

  it('is understood: none of these is refused', () => {
    const refused = STATEMENTS_OF_EVERY_KIND.filter(([sql]) => needsOf(sql).refused.length > 0)
    assert.deepEqual(refused, [])
  })
})
