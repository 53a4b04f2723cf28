import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldLiterals } from '../../src/enforce/sql-template.ts'
import { TextPattern } from '../../src/enforce/text-pattern.ts'
import { Random, testSeed } from '../support/random.ts'

/** Whether the pattern of one text recognises another, among bytes that go on behind it. */
function recognises(text: string, other: string): boolean {
  const template = foldLiterals(text)
  assert.ok(template !== undefined, text)
  const bytes = Buffer.from(`Q....${other}\0`)
  return new TextPattern(template).matches(bytes, 5, bytes.length - 1)
}

test('a text with other literals of the same kinds is recognised', () => {
  assert.ok(
    recognises(
      "SELECT a FROM t WHERE id = 1 AND b < 2.5 AND c = 'x'",
      "SELECT a FROM t WHERE id = 207 AND b < 0.125 AND c = 'it''s'",
    ),
  )
  assert.ok(recognises('SELECT é FROM t', 'SELECT é FROM t'))
})

for (const other of [
  'SELECT a FROM t WHERE id = 1234567890',
  'SELECT a FROM t WHERE id = 1.5',
  "SELECT a FROM t WHERE id = '1'",
  'SELECT a FROM t WHERE id = ',
  'SELECT a FROM t WHERE id = 1 ',
  'SELECT a FROM t WHERE id = 1a',
  'SELECT a FROM t WHERE id = 1--',
  'SELECT a FROM s WHERE id = 1',
  'SELECT a FROM t WHERE id = 1; SELECT 1',
  'SELECT a FROM t WHERE id = 0x1',
]) {
  test(`${JSON.stringify(other)} is not recognised by a text with an integer there`, () => {
    assert.equal(recognises('SELECT a FROM t WHERE id = 5', other), false)
  })
}

const PIECES = [
  '1',
  '007',
  '999999999',
  '1234567890',
  '1.5',
  '.',
  '5.',
  "'a'",
  "''",
  "'it''s'",
  "'b",
  "'\\'",
  "'é'",
  '"x"',
  'a',
  'E',
  '$1',
  '$$',
  ' ',
  '\n',
  '-',
  '/',
  '*',
  '&',
  '(',
  ',',
  ';',
  'é',
]

test('what is recognised has the same template, whatever is put together', () => {
  const seed = testSeed()
  const random = new Random(seed)
  const text = () => Array.from({ length: 1 + random.below(5) }, () => PIECES[random.below(PIECES.length)]).join('')
  let recognised = 0
  for (let run = 0; run < 200_000; run++) {
    const one = text()
    const template = foldLiterals(one)
    if (template === undefined) continue
    // One with a piece exchanged is more often alike than one made anew.
    const other = random.below(2) === 0 ? text() : one.replace(/'[^']*'|\d+/, PIECES[random.below(PIECES.length)] ?? '')
    if (!recognises(one, other)) continue
    recognised++
    assert.equal(foldLiterals(other), template, `seed ${seed}: ${JSON.stringify([one, other])}`)
  }
  assert.ok(recognised > 1000, `seed ${seed}: only ${recognised}`)
})
