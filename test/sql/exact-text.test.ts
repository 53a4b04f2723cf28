import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import { indexCatalog } from '../../src/sql/catalog-index.ts'

await loadParser()

const catalog = indexCatalog({
  version: 1,
  serverVersion: 180004,
  database: 'app',
  schemas: ['s'],
  relations: [{ schema: 's', name: 't', kind: 'r', columns: ['id', 'note'] }],
  functions: [],
  operators: [],
  casts: [{ target: { schema: 's', name: 'mood' }, function: { schema: 's', name: 'to_mood' } }],
  types: [{ schema: 's', name: 'mood' }],
  dependencies: [],
})

function isExact(sql: string): boolean {
  const analysis = analyse(sql, catalog)
  assert.ok(analysis.ok, sql)
  return analysis.exact
}

describe('an analysis that looked at a literal holds for this text alone', () => {
  for (const sql of [
    "select nextval('s.q')",
    "select set_config('work_mem', '1', false)",
    "select current_setting('x.y')",
    "select pg_notify('a', 'b')",
    "select query_to_xml('select 1', true, true, '')",
    "select table_to_xml('s.t', true, true, '')",
    "select ts_rewrite('a', 'select 1')",
    "set client_encoding = 'UTF8'",
    "set work_mem = '1'",
    "alter role x set client_encoding = 'UTF8'",
    "alter database x set client_encoding = 'UTF8'",
    "alter system set client_encoding = 'UTF8'",
    "create function f() returns int language sql set client_encoding = 'UTF8' as ''",
    "alter function f() set standard_conforming_strings = 'on'",
    "prepare p as select nextval('s.q')",
    "notify a, 'b'",
    'select s.mood(5)',
  ]) {
    it(sql, () => assert.equal(isExact(sql), true))
  }

  it('and others hold for every text that differs in literals alone', () => {
    for (const sql of [
      "select note from s.t where id = 5 and note = 'x' limit 3",
      "insert into s.t values (1, 'x')",
      "update s.t set note = 'x' where id = 1",
    ]) {
      assert.equal(isExact(sql), false, sql)
    }
  })
})
