import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFoldable } from '../../src/enforce/analysis-cache.ts'
import { foldLiterals } from '../../src/enforce/sql-template.ts'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import type { Analysis } from '../../src/sql/analysis.ts'
import type { Catalog } from '../../src/sql/catalog.ts'
import { indexCatalog, namesOnlyCatalog } from '../../src/sql/catalog-index.ts'
import { CLINIC } from '../policy/clinic/clinic.ts'
import { CALLS } from '../policy/corpus/calls.ts'
import { DEFINITIONS } from '../policy/corpus/definitions.ts'
import { QUERIES } from '../policy/corpus/queries.ts'
import { SESSIONS } from '../policy/corpus/sessions.ts'
import { WRITES } from '../policy/corpus/writes.ts'

await loadParser()

/** Values that would mean something, were one of them looked at. */
const STRINGS = [
  '',
  'role',
  'hr.vault',
  'pg_authid',
  'SJIS',
  'off',
  'on',
  'none',
  'public',
  'select 1',
  '/etc/passwd',
  "it''s",
]
const INTEGERS = ['0', '1', '2', '999999999', '007']

const catalogs: readonly Catalog[] = [
  namesOnlyCatalog(),
  indexCatalog({
    version: 1,
    serverVersion: 180000,
    database: 'app',
    schemas: ['sales', 'hr'],
    relations: [
      { schema: 'sales', name: 'orders', kind: 'r', columns: ['id', 'customer', 'status', 'note', 'total'] },
      { schema: 'hr', name: 'vault', kind: 'r', columns: ['id', 'secret'] },
    ],
    functions: [],
    operators: [],
    casts: [],
    types: [],
    dependencies: [],
  }),
]

const EXTRA = [
  "set time zone 'UTC'",
  "set names 'UTF8'",
  "set schema 'public'",
  "set client_encoding to 'UTF8'",
  "set search_path = 'sales', 'hr'",
  'set work_mem = 100',
  "select set_config('work_mem', '1', false)",
  "select nextval('sales.orders_id_seq')",
  "select 'sales.orders'::regclass",
  "select regclass 'sales.orders'",
  "select cast('sales.orders' as regclass)",
  "select to_regclass('hr.vault')",
  "select pg_read_file('x')",
  "select query_to_xml('select 1', true, false, '')",
  'select pg_advisory_lock(1)',
  "select has_table_privilege('hr.vault', 'select')",
  "select lo_import('x', 1)",
  "select ts_stat('select 1')",
  "select * from dblink('x', 'select 1') as t (a int)",
  "copy sales.orders to '/x'",
  "copy sales.orders from program 'x'",
  "notify jobs, 'x'",
  "select pg_notify('jobs', 'x')",
  "do 'begin end'",
  'select * from sales.orders order by 1',
  'select total, note from sales.orders group by 1, 2',
  'fetch 5 from c',
  'prepare p as select 1',
  "alter role x set client_encoding = 'UTF8'",
  "create function f() returns int language 'sql' as 'select 1' set role = 'x'",
  "select substring('a' from 1 for 2), overlay('a' placing 'b' from 1), position('a' in 'b')",
  "select extract('year' from now()), current_setting('work_mem')",
  "select json_value('{}', '$.a'), xmlelement(name a, 'b')",
  'vacuum (parallel 1) sales.orders',
  "explain (format 'json') select 1",
  'begin isolation level serializable; select 1; commit',
  "create table sales.x (a int default nextval('sales.orders_id_seq'))",
  "create database x template 'template0' encoding 'UTF8'",
]

test('an analysis that looked at no literal holds for every text of its template', () => {
  const sqls = [...[QUERIES, WRITES, CALLS, DEFINITIONS, SESSIONS, CLINIC].flat().map(({ sql }) => sql), ...EXTRA]
  let compared = 0
  for (const catalog of catalogs) {
    for (const sql of sqls) {
      const template = foldLiterals(sql)
      if (template === undefined) continue
      for (const other of othersOf(sql)) {
        if (foldLiterals(other) !== template) continue
        const [one, two] = [analyse(sql, catalog), analyse(other, catalog)]
        if (!one.ok || !isFoldable(one)) continue
        compared++
        // What PostgreSQL does not parse never reaches it, so a verdict for it does no harm.
        if (two.ok) assert.equal(essence(two), essence(one), `${sql}\n${other}`)
      }
    }
  }
  assert.ok(compared > 1000, String(compared))
})

test('a COPY to a file is not taken for one to the client that was seen before, though an empty name parses as none', () => {
  const seen = analyse("copy sales.orders to ''", namesOnlyCatalog())
  assert.ok(seen.ok)
  assert.equal(isFoldable(seen), false)
})

/** The text with other literals of the same kinds in it. */
function* othersOf(sql: string): Generator<string> {
  for (let at = 0; at < Math.max(STRINGS.length, INTEGERS.length); at++) {
    yield sql
      .replaceAll(/'(?:[^']|'')*'/g, `'${STRINGS[at % STRINGS.length]}'`)
      .replaceAll(/(?<![\w$."'])\d{1,9}(?![\w."'])/g, INTEGERS[at % INTEGERS.length] ?? '0')
  }
}

/** All of it but where statements stand. */
function essence(analysis: Analysis): string {
  return JSON.stringify(analysis, (key, value: unknown) => (key === 'start' || key === 'end' ? undefined : value))
}
