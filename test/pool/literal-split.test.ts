import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SplitText, splitLiterals } from '../../src/pool/literal-split.ts'
import { loadParser } from '../../src/sql/parser.ts'

await loadParser()

/** The values that another text has in the literals' places; undefined where it differs elsewhere. */
function valuesIn(split: SplitText | undefined, text: string): string[] | undefined {
  const bytes = Buffer.from(`Q....${text}\0`)
  const places: number[] = []
  if (!split?.findValues(bytes, 5, bytes.length - 1, places)) return undefined
  assert.equal(places.length, split.parameters * 2)
  return Array.from({ length: split.parameters }, (_, at) => bytes.toString('utf8', places[2 * at], places[2 * at + 1]))
}

test('literals compared with a column become parameters, integers of type int4', () => {
  const split = splitLiterals("SELECT a FROM t WHERE id = 42 AND 'x' < name OR NOT (t.n >= 7)")
  assert.equal(split?.sql, 'SELECT a FROM t WHERE id = $1 AND $2 < name OR NOT (t.n >= $3)')
  assert.deepEqual(split?.types, [23, 0, 23])
  assert.deepEqual(valuesIn(split, "SELECT a FROM t WHERE id = 1 AND 'yz' < name OR NOT (t.n >= 0)"), ['1', 'yz', '0'])
})

test('literals anywhere else stay in the text, and a text with others there is another', () => {
  const split = splitLiterals("SELECT 1, 'a' FROM t WHERE id = 5 AND f(3) AND x IN (1, 2) ORDER BY 2 LIMIT 10")
  assert.equal(split?.sql, "SELECT 1, 'a' FROM t WHERE id = $1 AND f(3) AND x IN (1, 2) ORDER BY 2 LIMIT 10")
  assert.deepEqual(valuesIn(split, "SELECT 1, 'a' FROM t WHERE id = 9 AND f(3) AND x IN (1, 2) ORDER BY 2 LIMIT 10"), [
    '9',
  ])
  assert.equal(
    valuesIn(split, "SELECT 1, 'a' FROM t WHERE id = 9 AND f(3) AND x IN (1, 2) ORDER BY 1 LIMIT 10"),
    undefined,
  )
})

for (const text of [
  'SELECT a FROM t WHERE id = -5',
  'SELECT a FROM t WHERE id = 1.5',
  'SELECT a FROM t WHERE id = 3000000000',
  "SELECT a FROM t WHERE day = date '2026-01-01'",
  "SELECT a FROM t WHERE day = '2026-01-01'::date",
  "SELECT a FROM t WHERE name = E'x'",
  "SELECT a FROM t WHERE name = 'it''s'",
  "SELECT a FROM t WHERE name = 'a\\b'",
  "SELECT a FROM t WHERE name = 'a'\n'b'",
  "SELECT a FROM t WHERE name LIKE 'a%'",
  'SELECT a FROM t WHERE id = 007',
  'SELECT a FROM t WHERE id OPERATOR(public.=) 5',
  'SELECT a FROM t WHERE id = $1 AND n = 5',
  'SELECT a FROM t WHERE é = 5',
  'SELECT a FROM t',
  'SELECT a FROM t WHERE id = 5; SELECT 1',
]) {
  test(`${JSON.stringify(text)} is not taken apart`, () => {
    assert.equal(splitLiterals(text), undefined)
  })
}

for (const other of [
  'SELECT a FROM t WHERE id = 1234567890',
  'SELECT a FROM t WHERE id = ',
  "SELECT a FROM t WHERE id = '5'",
  'SELECT a FROM t WHERE id = -5',
  'SELECT a FROM t WHERE id = 5 ',
  'SELECT a FROM t WHERE id = 5.5',
  'SELECT  a FROM t WHERE id = 5',
]) {
  test(`${JSON.stringify(other)} has no values for a text with an integer there`, () => {
    assert.equal(valuesIn(splitLiterals('SELECT a FROM t WHERE id = 5'), other), undefined)
  })
}

test('a string with a quote or a backslash in it is no value', () => {
  const split = splitLiterals("SELECT a FROM t WHERE name = 'x'")
  for (const value of ["it''s", 'a\\b', 'é', 'a\nb', "x' OR '1"]) {
    assert.equal(valuesIn(split, `SELECT a FROM t WHERE name = '${value}'`), undefined)
  }
  assert.deepEqual(valuesIn(split, "SELECT a FROM t WHERE name = ''"), [''])
})
