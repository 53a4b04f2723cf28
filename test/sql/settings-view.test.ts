import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decide } from '../../src/policy/decide.ts'
import { grantsFor } from '../../src/policy/grants.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import { indexCatalog } from '../../src/sql/catalog-index.ts'

await loadParser()
const read = loadPolicy('policy.yaml', () => 'version: 1\nscopes: { nothing: {} }')
assert.ok(read.ok)
const grants = grantsFor(read.policy, ['nothing'])
const none = { relations: [], functions: [], operators: [], casts: [], types: [], dependencies: [] }
const catalog = indexCatalog({ version: 1, serverVersion: 180000, database: 'app', schemas: [], ...none })

function isAllowed(sql: string): boolean {
  const analysis = analyse(sql, catalog)
  assert.ok(analysis.ok, sql)
  return analysis.statements.every((statement) => decide(statement, grants).allowed)
}

const SET = "select set_config(name, 'x', false) from pg_settings"

const FREE = [
  `${SET} where name = 'jit'`,
  "select pg_catalog.set_config(s.name, 'x', false) from pg_catalog.pg_settings s where s.name = 'bytea_output'",
  'select s.name, pg_catalog.current_setting(s.name) from pg_catalog.pg_settings s',
  "set time zone interval '+01:00' hour to minute",
  'select schemaname, sequencename, start_value from pg_sequences',
  'select encrypted from pg_stat_gssapi where pid = pg_backend_pid()',
  'select count(*) from pg_replication_slots',
  'select count(*) from pg_stat_activity',
  'select row_to_json(t) from (select datname, state, count(*) from pg_catalog.pg_stat_activity group by 1, 2) t',
]

const NOT_FREE = [
  SET,
  `${SET} where name = 'work_mem'`,
  `${SET} where name = 'role'`,
  `${SET} where name = 'pgoauth.context'`,
  `${SET} where name = 'standard_conforming_strings'`,
  `${SET} where name = $1`,
  `${SET} where name <> 'jit'`,
  `${SET} where name = 'jit' or true`,
  `${SET}, pg_class where name = 'jit'`,
  `select (${SET} s) from pg_settings where name = 'jit'`,
  "select set_config(setting, 'x', false) from pg_settings where name = 'jit'",
  "select set_config(name, 'x', false) from pg_settings s(setting, name) where name = 'jit'",
  "select set_config(name, 'x', false) from (select 'a' as name) s where name = 'jit'",
  "select current_setting(s.name) from (select 'a' as name) s",
  'select current_setting(s.name) from pg_settings s(setting, name)',
  'select current_setting(s.setting) from pg_settings s',
  'select last_value from pg_sequences',
  'select * from pg_sequences',
  'select s from pg_sequences s',
  'select start_value from pg_sequences where last_value > 1',
  'select * from pg_stat_activity',
  'table pg_stat_activity',
  'select a from pg_stat_activity a',
  'select query from pg_catalog.pg_stat_activity',
  "select count(*) from pg_stat_activity where query like '%secret%'",
  'select count(*) from pg_stat_activity order by max(client_addr)',
  'select pid from pg_stat_activity group by pid, application_name',
  'select count(query) from pg_stat_activity',
  'select 1 from pg_stat_activity a natural join pg_stat_activity b',
  'select row_to_json(t) from (select * from pg_stat_activity) t',
  'select a.query from pg_stat_activity a(b)',
  'select pid from pg_stat_activity a(pid, datid, leader, query)',
  'select (a).query from pg_stat_activity a',
  'select query(a) from pg_stat_activity a',
  'copy pg_stat_activity to stdout',
  'copy pg_stat_activity (query) to stdout',
  'select count(*) from pg_stat_activity for update',
  'select count(*) from pg_stat_get_activity(null)',
  'select count(*) from pg_authid',
  'select count(*) from information_schema.user_mappings',
  'select count(*) from pg_toast.pg_stat_activity',
]

describe('settings by the names in pg_settings, and the parts of catalogs that hold no data', () => {
  for (const sql of FREE) it(`free: ${sql}`, () => assert.ok(isAllowed(sql)))
  for (const sql of NOT_FREE) it(`not free: ${sql}`, () => assert.ok(!isAllowed(sql)))
})
