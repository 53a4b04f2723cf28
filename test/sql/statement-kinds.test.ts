import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import { namesOnlyCatalog } from '../../src/sql/catalog-index.ts'
import { STATEMENTS_OF_EVERY_KIND } from './statement-kinds.ts'

await loadParser()

describe('every kind of statement', () => {
  it('is understood: what is refused is refused for what it says', () => {
    const refused = STATEMENTS_OF_EVERY_KIND.flatMap((sql) => {
      const analysis = analyse(sql, namesOnlyCatalog(), { allowHeavy: true })
      if (!analysis.ok) return [`${analysis.message}: ${sql}`]
      return analysis.statements.flatMap(({ refusal }) =>
        refusal && /not understood/.test(refusal.reason) ? [`${refusal.reason} (${refusal.object}): ${sql}`] : [],
      )
    })
    assert.deepEqual(refused, [])
  })

  it('but transaction control, fetching and showing needs something', () => {
    const free =
      /^(begin|commit|abort|end|rollback|fetch|move|close|deallocate|unlisten|set|show|reset|discard|execute|explain|declare|select|call|create temp)/
    const needless = STATEMENTS_OF_EVERY_KIND.filter((sql) => {
      const analysis = analyse(sql, namesOnlyCatalog(), { allowHeavy: true })
      return (
        analysis.ok && !free.test(sql) && analysis.statements.every((one) => one.accesses.length === 0 && !one.refusal)
      )
    })
    assert.deepEqual(needless, [])
  })
})
