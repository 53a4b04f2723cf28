import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decide, scopesThatAllow } from '../../src/policy/decide.ts'
import type { Decision } from '../../src/policy/decision.ts'
import { type GrantOptions, grantsFor } from '../../src/policy/grants.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { isObserving, loadPolicy } from '../../src/policy/policy-file.ts'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import type { Catalog, CatalogSnapshot } from '../../src/sql/catalog.ts'
import { indexCatalog, namesOnlyCatalog } from '../../src/sql/catalog-index.ts'

await loadParser()

const SNAPSHOT: CatalogSnapshot = {
  version: 1,
  serverVersion: 180004,
  database: 'app',
  schemas: ['sales', 'hr', 'public'],
  relations: [
    { schema: 'sales', name: 'orders', kind: 'r', columns: ['id', 'note'] },
    { schema: 'public', name: 'orders', kind: 'r', columns: ['id', 'note'] },
    { schema: 'sales', name: 'items', kind: 'r', columns: ['id', 'sku'] },
    { schema: 'sales', name: 'items_key', kind: 'i', columns: undefined, of: { schema: 'sales', name: 'items' } },
    { schema: 'sales', name: 'peek', kind: 'v', columns: ['id'], invokerQuery: 'select id from hr.secret' },
    { schema: 'hr', name: 'salaries', kind: 'r', columns: ['id', 'amount'] },
  ],
  functions: [],
  operators: [],
  casts: [],
  types: [
    { schema: 'sales', name: 'place', base: { schema: 'sales', name: 'table_name' } },
    { schema: 'sales', name: 'table_name', base: { schema: 'pg_catalog', name: 'regclass' } },
  ],
  dependencies: [],
}

function policyOf(text: string): Policy {
  const result = loadPolicy('p.yaml', () => `version: 1\n${text}`)
  assert.ok(result.ok, JSON.stringify(result))
  return result.policy
}

interface Setting {
  readonly policy: string
  readonly scopes?: readonly string[]
  readonly catalog?: Catalog
  readonly options?: GrantOptions
  readonly observing?: boolean
}

function judge(sql: string, { policy, scopes = ['a'], catalog, options, observing }: Setting): Decision {
  const rules = policyOf(policy)
  const analysis = analyse(sql, catalog ?? indexCatalog(SNAPSHOT, rules.searchPath))
  assert.ok(analysis.ok)
  const [statement] = analysis.statements
  assert.ok(statement)
  return decide(statement, grantsFor(rules, scopes, options), observing)
}

const allowed = (sql: string, setting: Setting) => judge(sql, setting).allowed

describe('a decision', () => {
  it('is the union over the scopes and always', () => {
    const policy = 'scopes: { a: { select: ["sales.orders (id)"] }, b: { select: ["sales.orders (note)"] } }'
    assert.equal(allowed('select id, note from sales.orders', { policy }), false)
    assert.equal(allowed('select id, note from sales.orders', { policy, scopes: ['a', 'b'] }), true)
    assert.equal(
      allowed('select 1 from sales.items', { policy: 'always: { select: [sales.items] }', scopes: [] }),
      true,
    )
  })

  it('gives nothing for scopes that the policy does not know', () => {
    assert.equal(allowed('select 1 from sales.items', { policy: 'scopes: { a: all }', scopes: ['b'] }), false)
  })

  it('never wins over every scope, over all, and over always', () => {
    const never = 'never: { select: [hr.salaries] }'
    for (const rules of ['scopes: { a: all }', 'scopes: { a: { select: "*" } }', 'always: { select: [hr.salaries] }']) {
      assert.equal(allowed('select 1 from hr.salaries', { policy: `${rules}\n${never}` }), false, rules)
    }
  })

  it('never on a column leaves the others', () => {
    const policy = 'scopes: { a: all }\nnever: { select: ["hr.salaries (amount)"] }'
    assert.equal(allowed('select id from hr.salaries', { policy }), true)
    assert.equal(allowed('select amount from hr.salaries', { policy }), false)
    assert.equal(allowed('select * from hr.salaries', { policy }), false)
  })

  it('never takes a computed name along', () => {
    const policy = 'scopes: { a: { usage: "*" } }\nnever: { usage: [hr.secret_seq] }'
    assert.equal(allowed('select nextval($1)', { policy }), false)
  })

  it('counts every object of an unqualified name, and names the one in the way for the audit', () => {
    const policy = 'scopes: { a: { select: [sales.orders] } }'
    const decision = judge('select id from orders', { policy })
    assert.equal(decision.allowed, false)
    assert.match(decision.reason ?? '', /public\.orders has that name/)
    assert.equal(decision.denied?.object, 'orders')
    assert.equal(
      allowed('select id from orders', { policy: 'scopes: { a: { select: [sales.orders, public.orders] } }' }),
      true,
    )
  })

  it('counts those on a pinned search path alone, and the path is then not to be changed', () => {
    const policy = 'scopes: { a: { select: [sales.orders], set: "*" } }\nsearch_path: [sales]'
    assert.equal(allowed('select id from orders', { policy }), true)
    assert.equal(allowed('set search_path = public', { policy }), false)
    assert.equal(allowed("select set_config('search_path', 'public', false)", { policy }), false)
    assert.equal(allowed('reset search_path', { policy }), true)
  })

  it('without a catalog takes an unqualified name for one of schema public', () => {
    const policy = 'scopes: { a: { select: [public.t] } }'
    const catalog = namesOnlyCatalog()
    assert.equal(allowed('select id from t', { policy, catalog }), true)
    assert.equal(allowed('select id from sales.t', { policy, catalog }), false)
    assert.equal(allowed('select f(1)', { policy, catalog }), false)
  })

  it('hides catalogs and functions of names where metadata is hidden', () => {
    const hidden = 'scopes: { a: { select: [sales.orders] } }\nmetadata: hidden'
    for (const sql of [
      'select 1 from pg_class',
      'select 1 from information_schema.tables',
      "select pg_get_viewdef('x'::text)",
      "select 'sales.orders'::regclass",
      "select to_regclass('x')",
      "select has_table_privilege('x', 'select')",
      'select obj_description(1)',
      'select * from json_table($$[]$$::jsonb, $$$$ columns (a regclass path $$$$))',
      // OIDs and names through a type that the text names otherwise, or not at all.
      "select array_in('{16400}', 2205, -1)::text",
      "select json_populate_record(null::pg_type, '{}')",
      "select '{}'::pg_catalog.pg_type[]",
      'create temp table t of pg_type',
      "select '16400'::sales.place",
      "select '16400'::place",
      "select 'ada=r/ada'::aclitem",
      'select current_schema',
      'select current_schemas(true)',
      "select oidvectortypes('16400')",
      'select get_current_ts_config()',
    ]) {
      assert.equal(allowed(sql, { policy: hidden }), false, sql)
      assert.equal(allowed(sql, { policy: hidden.replace('hidden', 'visible') }), true, sql)
    }
    assert.equal(
      allowed('select 1 from pg_class', {
        policy: 'scopes: { a: { select: [pg_catalog.pg_class] } }\nmetadata: hidden',
      }),
      true,
    )
  })

  it('gives a secret catalog by its own name or all, not by a pattern', () => {
    const sql = 'select 1 from pg_authid'
    assert.equal(allowed(sql, { policy: 'scopes: { a: { select: [pg_catalog.pg_authid] } }' }), true)
    assert.equal(allowed(sql, { policy: 'scopes: { a: { select: [pg_catalog.*] } }' }), false)
    assert.equal(allowed(sql, { policy: 'scopes: { a: { select: "*" } }' }), false)
    assert.equal(allowed(sql, { policy: 'scopes: { a: all }' }), true)
  })

  it('gives SET ROLE only to a login that is the role, and only where it is listed', () => {
    const policy = 'scopes: { a: { set: [role] }, b: { set: [work_mem] } }'
    assert.equal(allowed('set role dba', { policy }), false)
    assert.equal(allowed('set role dba', { policy, options: { asRole: true } }), true)
    assert.equal(allowed('set role dba', { policy, scopes: ['b'], options: { asRole: true } }), false)
  })

  it('refuses what shows a shared connection in transaction mode, whoever asks', () => {
    const policy = 'scopes: { a: all }'
    for (const sql of ['select 1 from pg_prepared_statements', 'select * from pg_cursors', 'select pg_cursor()']) {
      assert.equal(allowed(sql, { policy, options: { isShared: true } }), false, sql)
      assert.equal(allowed(sql, { policy }), true, sql)
    }
  })

  it('lets never forbid what is free for everyone', () => {
    const policy =
      'scopes: { a: all }\nnever: { set: [statement_timeout, search_path], execute: [pg_catalog.pg_sleep, pg_catalog.version] }'
    for (const sql of [
      "set statement_timeout = '1s'",
      'reset statement_timeout',
      "select set_config('statement_timeout', '1s', true)",
      'set search_path = x',
      'select pg_sleep(1)',
      'select pg_catalog.pg_sleep(1)',
      'select now(), (select pg_sleep(1))',
      'explain select version()',
    ]) {
      const decision = judge(sql, { policy })
      assert.equal(decision.allowed, false, sql)
      assert.match(decision.reason ?? '', /is under never/, sql)
    }
    for (const sql of ["set lock_timeout = '1s'", 'select now()', "select set_config('work_mem', '1MB', true)"]) {
      assert.equal(allowed(sql, { policy }), true, sql)
    }
  })

  it('takes an old name of a setting for its new one, under never too', () => {
    const policy = 'scopes: { a: all }\nnever: { set: [work_mem] }'
    assert.equal(allowed('set sort_mem = 1', { policy }), false)
    assert.equal(allowed("select set_config('Sort_Mem', '1', false)", { policy }), false)
  })

  it('denies SQL that is computed to everyone where there is a never', () => {
    const sql = "select query_to_xml('select ' || $1, true, true, '')"
    assert.equal(allowed(sql, { policy: 'scopes: { a: all }' }), true)
    assert.equal(allowed(sql, { policy: 'scopes: { a: all }\nnever: { select: [hr.salaries] }' }), false)
    assert.equal(allowed(sql, { policy: 'scopes: { a: all }\nnever: { drop: [hr.*] }' }), false)
  })

  it('rests on the columns of the catalog where never names some of them', () => {
    const policy = 'scopes: { a: { select: [hr.salaries, sales.items] } }\nnever: { select: ["hr.salaries (amount)"] }'
    assert.equal(judge('select id from hr.salaries', { policy }).byColumns, true)
    assert.equal(judge('select id from sales.items', { policy }).byColumns, false)
  })

  it('keeps a pinned search path pinned while it observes', () => {
    const policy = 'search_path: [sales]\nmode: observe\nobserve_until: 2030-01-01'
    assert.equal(allowed('set search_path = public', { policy, observing: true }), false)
  })

  it('takes a new object for one of any schema of the pinned path that exists: the role may not use the first', () => {
    const policy =
      'scopes: { a: { create: [missing.*] }, b: { create: [sales.*] }, c: { create: [sales.*, hr.*] } }\nsearch_path: '
    const allows = (path: string, scope: string) =>
      allowed('create table x (id int)', { policy: policy + path, scopes: [scope] })
    assert.equal(allows('[missing, sales]', 'a'), false)
    assert.equal(allows('[missing, sales]', 'b'), true)
    assert.equal(allows('[sales, hr]', 'b'), false)
    assert.equal(allows('[sales, hr]', 'c'), true)
  })

  it('without a catalog means public, or the first schema of a path without it', () => {
    const catalog = (path: readonly string[]) => ({ catalog: namesOnlyCatalog(path) })
    const policy = 'scopes: { a: { select: [public.t] }, b: { select: [sales.t] } }'
    assert.equal(allowed('select * from t', { policy, ...catalog(['sales', 'public']) }), true)
    assert.equal(allowed('select * from t', { policy, scopes: ['b'], ...catalog(['sales', 'hr']) }), true)
    assert.equal(allowed('select * from t', { policy, ...catalog(['sales', 'hr']) }), false)
  })

  it('observing waives missing grants and never, and says so', () => {
    const policy = 'never: { select: [hr.salaries] }\nmode: observe\nobserve_until: 2030-01-01'
    for (const sql of ['select 1 from sales.items', 'select 1 from hr.salaries']) {
      const decision = judge(sql, { policy, observing: true })
      assert.deepEqual([decision.allowed, decision.observed], [true, true])
    }
  })

  it('observing waives nothing that nothing allows', () => {
    const policy = 'scopes: { a: all }\nmode: observe\nobserve_until: 2030-01-01'
    for (const sql of [
      'set role dba',
      "set client_encoding = 'SJIS'",
      'set pgoauth.x = 1',
      'update pg_settings set setting = 1',
    ]) {
      assert.equal(allowed(sql, { policy, observing: true }), false, sql)
    }
    const shared = { policy, observing: true, options: { isShared: true } }
    assert.equal(allowed('select 1 from pg_cursors', shared), false)
  })

  it('observe ends at its date', () => {
    const policy = policyOf('mode: observe\nobserve_until: 2030-01-01')
    assert.equal(isObserving(policy, Date.UTC(2029, 11, 31)), true)
    assert.equal(isObserving(policy, Date.UTC(2030, 0, 1)), false)
  })

  it('tells the client of what it asked for itself, not of what that reaches: the same as of a name that is nothing', () => {
    const nothing = 'scopes: { a: {} }'
    for (const [sql, object, asked] of [
      ['select 1 from sales.peek', 'hr.secret', 'select sales.peek'],
      ['reindex index sales.items_key', 'sales.items', 'maintain sales.items_key'],
    ] as const) {
      const { denied } = judge(sql, { policy: nothing })
      assert.deepEqual([denied?.object, `${denied?.asked?.action} ${denied?.asked?.object}`], [object, asked])
      const unknown = judge(sql.replace(/peek|items_key/, 'nothing'), { policy: nothing }).denied
      assert.equal(`${unknown?.action} ${unknown?.object}`, asked.replace(/peek|items_key/, 'nothing'))
    }
  })

  it('says which scopes would allow a denied access', () => {
    const policy = policyOf(
      'scopes: { a: { select: [sales.orders] }, b: { select: [sales.*] }, c: { insert: [sales.*] } }',
    )
    const analysis = analyse('select id from sales.orders', indexCatalog(SNAPSHOT))
    assert.ok(analysis.ok)
    const access = analysis.statements[0]?.accesses[0]
    assert.ok(access)
    assert.deepEqual(scopesThatAllow(policy, access), ['a', 'b'])
  })

  it('names the scopes that would allow it beside those at hand', () => {
    const policy = policyOf('scopes: { a: { select: ["s.t (x)"] }, b: { select: ["s.t (y)"] }, c: { select: [s.u] } }')
    const analysis = analyse('select x, y from s.t', namesOnlyCatalog())
    assert.ok(analysis.ok)
    const access = analysis.statements[0]?.accesses[0]
    assert.ok(access)
    assert.deepEqual(scopesThatAllow(policy, access), [])
    assert.deepEqual(scopesThatAllow(policy, access, ['a']), ['b'])
  })

  it('rests on columns where only rules for columns give it', () => {
    const policy = 'scopes: { a: { select: ["sales.orders (id)", sales.items] } }'
    assert.equal(judge('select id from sales.orders', { policy }).byColumns, true)
    assert.equal(judge('select id from sales.items', { policy }).byColumns, false)
    assert.equal(judge('select oid from pg_class', { policy }).byColumns, false)
  })

  it('of a view leans on the catalog, since it may have become one that counts as its query', () => {
    const view = { schema: 'sales', name: 'v', kind: 'v', columns: ['id'] } as const
    const catalog = indexCatalog({ ...SNAPSHOT, relations: [...SNAPSHOT.relations, view] })
    const leans = (sql: string) => {
      const analysis = analyse(sql, catalog)
      return analysis.ok && analysis.leansOnCatalog
    }
    assert.deepEqual([leans('select id from sales.v'), leans('select id from sales.items')], [true, false])
  })

  it('is the same grants object for the same set of scopes', () => {
    const policy = policyOf('scopes: { a: all, b: all }')
    assert.equal(grantsFor(policy, ['b', 'a', 'a']), grantsFor(policy, ['a', 'b', 'unknown']))
    assert.notEqual(grantsFor(policy, ['a']), grantsFor(policy, ['a'], { isShared: true }))
  })

  it('on an older server counts newer syntax as a call of that name', () => {
    const older = indexCatalog({ ...SNAPSHOT, serverVersion: 150000 })
    const policy = 'scopes: { a: { select: [sales.orders] } }'
    for (const sql of [
      "select json_value('{}', '$')",
      "select json_object('a': 1)",
      'select json_scalar(1)',
      "select * from json_table('{}', '$' columns (a int))",
    ]) {
      assert.equal(allowed(sql, { policy, catalog: older }), false, sql)
      assert.equal(allowed(sql, { policy }), true, sql)
    }
  })
})
