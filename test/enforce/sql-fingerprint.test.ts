import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fingerprintOf } from '../../src/enforce/sql-fingerprint.ts'

const CASES: readonly [sql: string, fingerprint: string][] = [
  ["SELECT * FROM t WHERE a = 'x'", 'select * from t where a = ?'],
  ['select 1, 2.5, 1e5, 0x1f, .5', 'select ?'],
  ["select E'it\\'s secret', U&'sec\\0072et', $$secret$$, $q$ $$secret$$ $q$", 'select ?'],
  ['select "A b" from t', 'select "A b" from t'],
  ['/* secret /* nested */ still */ select 1 -- secret', 'select ?'],
  ['select $1, $2', 'select $1 , $2'],
  ["select 'secret", 'select ?'],
  ['select $q$secret', 'select ?'],
  ['select /* secret', 'select'],
  ["insert into t values ('a', 'b'), ('c', 'd')", 'insert into t values ( ? ) , ( ? )'],
  ["select 'a'\n'secret'", 'select ? ?'],
]

for (const [sql, fingerprint] of CASES) {
  test(`${JSON.stringify(sql)} is told as ${fingerprint}`, () => {
    assert.equal(fingerprintOf(sql), fingerprint)
  })
}

test('a long text is told in a thousand characters', () => {
  assert.equal(fingerprintOf(`select ${'a, '.repeat(5000)}a`).length, 1001)
})

test('megabytes in quotes do not exhaust the stack', () => {
  const long = 'x'.repeat(15 * 1024 * 1024)
  assert.equal(fingerprintOf(`select '${long}' from t`), 'select ? from t')
  assert.equal(fingerprintOf(`select e'${long}\\'' from t`), 'select ? from t')
  assert.equal(fingerprintOf(`select '${long}`), 'select ?')
  assert.equal(fingerprintOf(`select "${long}"`).length, 1001)
})
