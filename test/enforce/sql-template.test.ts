import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldLiterals } from '../../src/enforce/sql-template.ts'

const same = (a: string, b: string) => {
  assert.notEqual(foldLiterals(a), undefined)
  assert.equal(foldLiterals(a), foldLiterals(b))
}

test('texts that differ in integers have one template', () => {
  same('select * from t where a = 1', 'select * from t where a = 4711')
})

test('texts that differ in strings have one template', () => {
  same("select * from t where a = 'it''s' limit 5", "select * from t where a = '' limit 7")
})

test('an integer and a decimal have different templates', () => {
  assert.notEqual(foldLiterals('select 1'), foldLiterals('select 1.5'))
})

test('a string and a number have different templates', () => {
  assert.notEqual(foldLiterals("select '1'"), foldLiterals('select 1'))
})

test('digits of a name stand in the template', () => {
  assert.notEqual(foldLiterals('select * from t1'), foldLiterals('select * from t2'))
})

test('parameters stand in the template', () => {
  assert.notEqual(foldLiterals('select $1'), foldLiterals('select $2'))
})

test('quoted names stand in the template, quotes in them too', () => {
  assert.notEqual(foldLiterals('select "a""1"'), foldLiterals('select "a""2"'))
})

test('a newline between two strings is another template than a space', () => {
  assert.notEqual(foldLiterals("select 'a'\n'b'"), foldLiterals("select 'a' 'b'"))
})

for (const odd of [
  "select E'a'",
  "select e'a'",
  "select B'1'",
  "select x'1f'",
  "select N'a'",
  "select U&'a'",
  'select U&"a"',
  "select 'a\\'",
  'select $$a$$',
  'select $q$a$q$',
  'select 1 -- a',
  'select 1 /* a */',
  'select 0x1f',
  'select 1e5',
  'select 1_000',
  'select 1a',
  'select .5',
  'select 1.5.5',
  'select 12345678901',
  "select 'a",
  'select "a',
  'select \u0001',
  'select "\u0003"',
  'select 1\u000b',
  'select \\d',
  'select $1a',
]) {
  test(`no template is made of ${JSON.stringify(odd)}`, () => {
    assert.equal(foldLiterals(odd), undefined)
  })
}
