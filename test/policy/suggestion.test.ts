import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AccessRecord, accessOf, recordsOf } from '../../src/policy/access-record.ts'
import { decide } from '../../src/policy/decide.ts'
import { grantsFor } from '../../src/policy/grants.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { smallestCover } from '../../src/policy/smallest-cover.ts'
import { suggestScopes } from '../../src/policy/suggestion.ts'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import { namesOnlyCatalog } from '../../src/sql/catalog-index.ts'

import { Random } from '../support/random.ts'

await loadParser()

const result = loadPolicy(
  'p.yaml',
  () => `
version: 1
scopes:
  orders: { select: [sales.orders] }
  sales: { select: [sales.*], insert: [sales.orders] }
  hr: { select: ["hr.employees (id, name)"] }
  hr:pay: { select: ["hr.employees (salary)"] }
  notify: { notify: [jobs] }
  memory: { set: [work_mem] }
always: { select: [public.news] }
`,
)
assert.ok(result.ok)
const policy: Policy = result.policy

function recordsIn(...statements: string[]): AccessRecord[] {
  return statements.flatMap((sql) => {
    const analysis = analyse(sql, namesOnlyCatalog())
    assert.ok(analysis.ok)
    return analysis.statements.flatMap((one) => one.accesses.flatMap(recordsOf))
  })
}

const isDenied = (done: readonly AccessRecord[], scopes: readonly string[]) =>
  done.some((record) => {
    const access = accessOf(record)
    return !access || !decide({ accesses: [access] }, grantsFor(policy, scopes)).allowed
  })

describe('a suggestion', () => {
  const done = recordsIn(
    'select id from sales.orders',
    'insert into sales.orders values (1)',
    'select id, salary from hr.employees',
    "notify jobs, 'x'",
    'select * from news',
    'select relname from pg_class',
    "set work_mem = '1MB'",
  )

  it('is the smallest set of scopes that covers what was done', () => {
    assert.deepEqual(suggestScopes(policy, done), {
      scopes: ['sales', 'hr', 'hr:pay', 'notify', 'memory'],
      uncovered: [],
      forbidden: [],
    })
    assert.deepEqual(suggestScopes(policy, recordsIn('select id from sales.orders')).scopes, ['orders'])
  })

  it('replayed under it nothing is denied; with any one scope less something is', () => {
    const { scopes } = suggestScopes(policy, done)
    assert.equal(isDenied(done, scopes), false)
    for (const scope of scopes) {
      assert.equal(
        isDenied(
          done,
          scopes.filter((one) => one !== scope),
        ),
        true,
        scope,
      )
    }
  })

  it('names a scope of all only where nothing less covers what was done', () => {
    const read = loadPolicy(
      'p.yaml',
      () => 'version: 1\nscopes: { admin: all, a: { select: [s.t] }, b: { select: [s.u] } }\nnever: { select: [s.v] }',
    )
    assert.ok(read.ok)
    assert.deepEqual(suggestScopes(read.policy, recordsIn('select x from s.t, s.u')).scopes, ['a', 'b'])
    assert.deepEqual(suggestScopes(read.policy, recordsIn('select x from s.t, s.other')).scopes, ['admin'])
    const { forbidden, uncovered } = suggestScopes(read.policy, recordsIn('select x from s.v'))
    assert.deepEqual([forbidden.map(({ object }) => object), uncovered], [['s.v'], []])
  })

  it('tells what no scope gives', () => {
    const { scopes, uncovered } = suggestScopes(policy, recordsIn('select id from hr.unknown'))
    assert.deepEqual(scopes, [])
    assert.deepEqual(uncovered, [{ action: 'select', object: 'hr.unknown', columns: ['id'] }])
  })
})

describe('a cover', () => {
  const covers = (lists: readonly (readonly number[])[], set: readonly number[]) =>
    lists.every((list) => list.some((one) => set.includes(one)))

  it('is as small as any set that covers, over random lists', () => {
    const random = new Random(4)
    for (let round = 0; round < 300; round++) {
      const numbers = 2 + random.below(8)
      const lists = Array.from({ length: random.below(12) }, () => [
        ...new Set(Array.from({ length: 1 + random.below(4) }, () => random.below(numbers))),
      ])
      const found = smallestCover(lists)
      assert.ok(covers(lists, found), JSON.stringify({ lists, found }))
      const sizes = Array.from({ length: 2 ** numbers }, (_, bits) =>
        Array.from({ length: numbers }, (_, at) => at).filter((at) => bits & (1 << at)),
      ).filter((set) => covers(lists, set))
      assert.equal(found.length, Math.min(...sizes.map((set) => set.length)), JSON.stringify({ lists, found }))
    }
  })

  it('of forty numbers and hundreds of lists has none too many', () => {
    const random = new Random(7)
    const lists = Array.from({ length: 400 }, () => Array.from({ length: 2 + random.below(4) }, () => random.below(40)))
    const found = smallestCover(lists)
    assert.ok(covers(lists, found))
    for (const one of found) {
      assert.equal(
        covers(
          lists,
          found.filter((other) => other !== one),
        ),
        false,
      )
    }
  })
})
