import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownFields } from '../../src/enforce/server-error.ts'
import { VisibleObjects } from '../../src/enforce/visible-objects.ts'
import { grantsFor } from '../../src/policy/grants.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import type { CatalogRelation, CatalogSnapshot } from '../../src/sql/catalog.ts'
import { indexCatalog } from '../../src/sql/catalog-index.ts'

const POLICY = `
version: 1
scopes:
  orders:read: { select: [sales.orders] }
  orders:write: { insert: [sales.orders] }
  some: { select: ["hr.employees (id, name)"] }
  names: { drop: [sales.names, sales.orders] }
  batches: { select: [sales.batches], update: [sales.batches] }
  parts: { select: [sales.parts] }
  admin: all
never: { select: [hr.vault, sales.parts_vault] }
`
const read = loadPolicy('policy.yaml', () => POLICY)
assert.ok(read.ok)
const { policy } = read

function table(schema: string, name: string, columns: string[], more: Partial<CatalogRelation> = {}): CatalogRelation {
  return { schema, name, kind: 'r', columns, ...more }
}

const catalog = indexCatalog({
  version: 1,
  serverVersion: 180000,
  database: 'app',
  schemas: ['sales', 'hr', 'dark', 'odd schema'],
  relations: [
    table('sales', 'orders', ['id', 'customer_id']),
    table('sales', 'parts', ['id']),
    table('sales', 'parts_eu', ['id'], { parents: [{ schema: 'sales', name: 'parts' }] }),
    table('hr', 'employees', ['id', 'name', 'salary']),
    table('hr', 'vault', ['id']),
    table('sales', 'parts_vault', ['id'], { parents: [{ schema: 'sales', name: 'parts' }] }),
    table('sales', 'batches', ['id']),
    table('sales', 'batches_old', ['id', 'pin'], { parents: [{ schema: 'sales', name: 'batches' }] }),
    table('dark', 'x-y', ['id']),
    table('sales', 'names', ['id'], { kind: 'v' }),
  ],
  functions: [{ schema: 'hr', name: 'audit_row', kind: 'f', volatility: 'v' }],
  operators: [],
  casts: [],
  types: [],
  dependencies: [],
} as CatalogSnapshot)

await loadParser()

function told(scopes: string, fields: Record<string, string>, sql?: string): Record<string, string> {
  const visible = new VisibleObjects(grantsFor(policy, scopes.split(' ')), catalog)
  const analysis = sql === undefined ? undefined : analyse(sql, catalog)
  const source = { analyses: analysis?.ok ? analysis.statements : [], sql, isInput: false }
  return Object.fromEntries(ownFields(new Map(Object.entries(fields)), visible, source))
}

const DUPLICATE = {
  C: '23505',
  M: 'duplicate key value violates unique constraint "orders_pkey"',
  D: 'Key (id)=(1) already exists.',
  s: 'sales',
  t: 'orders',
  n: 'orders_pkey',
}

test('a DETAIL with row values stays where every column may be read', () => {
  assert.deepEqual(told('orders:read', DUPLICATE), DUPLICATE)
})

test('a DETAIL with row values goes where the session may write but not read', () => {
  const { D: _, ...rest } = DUPLICATE
  assert.deepEqual(told('orders:write', DUPLICATE), rest)
})

test('a DETAIL with row values goes where one column may not be read', () => {
  const fields = { C: '23514', M: 'check', D: 'Failing row contains (1, Ada, 10).', s: 'hr', t: 'employees' }
  assert.equal(told('some', fields).D, undefined)
})

test('a DETAIL of a language we do not know goes as well', () => {
  const fields = { C: '23514', M: 'x', D: 'Fehlgeschlagene Zeile enthält (1, Ada, 10).', s: 'hr', t: 'employees' }
  assert.equal(told('some', fields).D, undefined)
})

test('a row-showing DETAIL without a table goes', () => {
  assert.equal(told('orders:read', { C: '44000', M: 'x', D: 'Failing row contains (1).' }).D, undefined)
})

test('a sentence that names a table without a grant goes, its neighbours stay', () => {
  const fields = { C: '55000', M: 'no', D: 'First thing. Table "employees" is used. Last thing.' }
  assert.equal(told('orders:read', fields).D, 'First thing. Last thing.')
})

test('fields that name a table without a grant go, and the message with them; the SQLSTATE stays', () => {
  const fields = {
    C: '23503',
    M: 'update or delete on table "employees" violates foreign key constraint "salaries_fkey" on table "salaries"',
    s: 'hr',
    t: 'employees',
    n: 'salaries_fkey',
  }
  assert.deepEqual(told('orders:read', fields), {
    C: '23503',
    M: 'the statement failed in a part of the database that is not granted to this session',
  })
})

test('a column without a grant is not named', () => {
  const fields = {
    C: '23502',
    M: 'null value in column "salary" of relation "employees"',
    s: 'hr',
    t: 'employees',
    c: 'salary',
  }
  const shown = told('some', fields)
  assert.equal(shown.c, undefined)
  assert.doesNotMatch(String(shown.M), /salary/)
})

test('an error of a view does not name the table behind it', () => {
  const fields = { C: '42501', M: 'permission denied for table employees' }
  assert.doesNotMatch(String(told('orders:read', fields).M), /employees/)
})

test('a function without a grant is not named, nor its query', () => {
  const fields = {
    C: 'P0001',
    M: 'no',
    W: 'PL/pgSQL function hr.audit_row() line 3 at RAISE',
    q: 'select hr.audit_row()',
    p: '8',
  }
  assert.deepEqual(told('orders:read', fields), { C: 'P0001', M: 'no' })
})

test('what is under never is not named', () => {
  const fields = { C: '42P01', M: 'something about "vault"' }
  assert.doesNotMatch(String(told('orders:read', fields).M), /vault/)
})

test('a partition may be named to who has a right on its parent', () => {
  const fields = { C: '23514', M: 'relation "parts_eu"', D: 'Failing row contains (1).', s: 'sales', t: 'parts_eu' }
  assert.deepEqual(told('parts', fields), fields)
})

test('who has everything is told everything', () => {
  const fields = { C: '23503', M: 'on table "employees"', D: 'Key (id)=(1).', s: 'hr', t: 'employees' }
  assert.deepEqual(told('admin', fields), fields)
})

test('words that name nothing are told', () => {
  const fields = { C: '22012', M: 'division by zero', H: 'Use "something" else.' }
  assert.deepEqual(told('orders:read', fields), fields)
})

test('a statement that CONTEXT quotes is not told where it names a table without a grant', () => {
  const W =
    'SQL statement "insert into vault values (1)"\nPL/pgSQL function sales.fill(integer) line 3 at SQL statement'
  const shown = told('orders:read', { C: '55000', M: 'no', W })
  assert.equal(shown.W, 'PL/pgSQL function sales.fill(integer) line 3 at SQL statement')
})

test('of a query of several lines no line is told where one names a table without a grant', () => {
  const W = 'SQL statement "select\n  salary\n  from vault"\nPL/pgSQL function sales.fill() line 3 at SQL statement'
  const shown = told('orders:read', { C: '55000', M: 'no', W, q: 'select salary\nfrom vault', p: '8' })
  assert.deepEqual(
    [shown.W, shown.q, shown.p],
    ['PL/pgSQL function sales.fill() line 3 at SQL statement', undefined, undefined],
  )
})

test('a line that names what is without a grant goes, its neighbours stay', () => {
  const D = 'view hr.vault depends on table sales.orders\nview sales.names depends on table sales.orders'
  assert.equal(told('names', { C: '2BP01', M: 'no', D }).D, D.split('\n')[1])
  assert.equal(told('orders:read', { C: '2BP01', M: 'no', D }).D, undefined)
})

test('a name that is no plain word is found without quotes too', () => {
  for (const M of ['permission denied for table x-y', 'permission denied for schema odd schema']) {
    assert.doesNotMatch(String(told('orders:read', { C: '42501', M }).M), /x-y|odd/)
  }
  const part = { C: '42501', M: 'it is about max-y-value' }
  assert.deepEqual(told('orders:read', part), part)
})

test('a domain of a schema without a grant is not named, nor its constraint', () => {
  const fields = { C: '23514', M: 'value for domain dark.zip violates "zip_rule"', s: 'dark', d: 'zip', n: 'zip_rule' }
  assert.deepEqual(Object.keys(told('orders:read', fields)), ['C', 'M'])
  assert.doesNotMatch(String(told('orders:read', fields).M), /dark|zip/)
})

test('a DETAIL that comes with a table without a grant goes, whatever it says', () => {
  const fields = { C: 'P0001', M: 'refused', D: 'secret value', s: 'hr', t: 'employees' }
  assert.deepEqual(told('orders:read', fields), { C: 'P0001', M: 'refused' })
})

test('a partition under never is not named to who has a right on its parent', () => {
  const fields = { C: '23514', M: 'relation "parts_vault"', s: 'sales', t: 'parts_vault' }
  assert.doesNotMatch(JSON.stringify(told('parts', fields)), /vault/)
})

test('a row of a child shows columns that its parent does not have, and goes', () => {
  const fields = { C: '23514', M: 'check', D: 'Failing row contains (1, 4711).', s: 'sales', t: 'batches_old' }
  assert.equal(told('batches', fields).D, undefined)
})

const NO_INTEGER = { C: '22P02', M: 'invalid input syntax for type integer: "4711"' }

test('a value that a view or a function came upon is not shown', () => {
  const D = 'Token "4711" is invalid.'
  const W = 'JSON data, line 1: 4711'
  for (const sql of ['select * from sales.names', 'select sales.fill(1)', 'fetch c', 'execute p', undefined]) {
    assert.deepEqual(told('admin', { ...NO_INTEGER, D, W }, sql), { C: '22P02', M: NO_INTEGER.M.replace('4711', '…') })
  }
  // A trigger's: its context says so.
  const trigger = { ...NO_INTEGER, W: 'PL/pgSQL function sales.fill() line 3 at SQL statement' }
  assert.doesNotMatch(JSON.stringify(told('admin', trigger, 'delete from sales.orders')), /4711/)
})

test("a value that is the client's own or of a column it reads is shown", () => {
  for (const sql of [
    'select id::int from sales.orders',
    "set work_mem = '4711'",
    'explain analyze table sales.orders',
  ]) {
    assert.deepEqual(told('orders:read', NO_INTEGER, sql), NO_INTEGER)
  }
  const written = { ...NO_INTEGER, P: '8' }
  assert.deepEqual(told('orders:read', written, 'select sales.fill(4711)'), written)
  const copied = { ...NO_INTEGER, W: 'COPY orders, line 1, column id: "4711"' }
  assert.deepEqual(told('orders:write', copied, 'copy sales.orders from stdin'), copied)
  const json = {
    C: '22P02',
    M: 'invalid input syntax for type json',
    D: 'Token "x" is invalid.',
    W: 'JSON data, line 1: x',
  }
  assert.deepEqual(told('orders:read', json, 'select id::text::json from sales.orders'), json)
})

test('a value that is the name of something is shown like any other', () => {
  const fields = { C: '22P02', M: 'invalid input syntax for type integer: "vault"' }
  assert.deepEqual(told('orders:read', fields, 'select id::int from sales.orders'), fields)
})

test("the client's own name for nothing is told, whether something without a grant is so called or not", () => {
  for (const name of ['vault', 'nothing']) {
    const missing = { C: '42P01', M: `missing FROM-clause entry for table "${name}"`, P: '8' }
    assert.deepEqual(told('orders:read', missing, `select ${name}.id from sales.orders`), missing)
    const elsewhere = { C: '55000', M: `the function says ${name}` }
    const hidden = told('orders:read', elsewhere, `select ${name}.id from sales.orders`).M !== elsewhere.M
    assert.equal(hidden, name === 'vault')
  }
})

test('what a statement asks for by itself is told, whether it is there or not', () => {
  const fields = { C: '42P01', M: 'table "vault" does not exist' }
  assert.deepEqual(told('admin', fields, 'drop table sales.vault'), fields)
})
