import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownFields } from '../../src/enforce/server-error.ts'
import { VisibleObjects } from '../../src/enforce/visible-objects.ts'
import { grantsFor } from '../../src/policy/grants.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import type { CatalogRelation, CatalogSnapshot } from '../../src/sql/catalog.ts'
import { indexCatalog } from '../../src/sql/catalog-index.ts'

const POLICY = `
version: 1
scopes:
  orders:read: { select: [sales.orders] }
  orders:write: { insert: [sales.orders] }
  some: { select: ["hr.employees (id, name)"] }
  parts: { select: [sales.parts] }
  admin: all
never: { select: [hr.vault] }
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
  schemas: ['sales', 'hr'],
  relations: [
    table('sales', 'orders', ['id', 'customer_id']),
    table('sales', 'parts', ['id']),
    table('sales', 'parts_eu', ['id'], { parents: [{ schema: 'sales', name: 'parts' }] }),
    table('hr', 'employees', ['id', 'name', 'salary']),
    table('hr', 'vault', ['id']),
  ],
  functions: [{ schema: 'hr', name: 'audit_row', kind: 'f', volatility: 'v' }],
  operators: [],
  casts: [],
  types: [],
  dependencies: [],
} as CatalogSnapshot)

function told(scopes: string, fields: Record<string, string>): Record<string, string> {
  const visible = new VisibleObjects(grantsFor(policy, scopes.split(' ')), catalog)
  return Object.fromEntries(ownFields(new Map(Object.entries(fields)), visible))
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
