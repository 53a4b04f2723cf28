import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from 'pg'
import { type LoadedCatalog, loadCatalog, parseCatalog } from '../../src/catalog/load-catalog.ts'
import { startTestPostgres } from '../support/postgres.ts'

const server = await startTestPostgres({
  prepare: `
    create schema s;
    create table s.parent (id int primary key, note text unique);
    create table s.child (id int references s.parent, "We""ird é" text, gone int);
    alter table s.child drop column gone;
    create view s.seen with (security_invoker) as select id from s.parent;
    create sequence s.numbers;
    create function s.twice(int) returns int language sql as 'select 2 * $1'`,
})

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: server.url() })
  // The server ends before its clients do.
  client.on('error', () => {})
  await client.connect()
  return client
}

const asking = await connect()
const changing = await connect()
const texts: string[] = []
async function run(sql: string): Promise<string[][]> {
  texts.push(sql)
  const result: unknown = await asking.query({ text: sql, rowMode: 'array' })
  return (Array.isArray(result) ? result : [result]).flatMap((one: { rows: string[][] }) => one.rows)
}

describe('the catalog of a database', () => {
  it('comes whole, in one round trip, and as the JSON that describes it', async () => {
    texts.length = 0
    const { snapshot, json } = await loadCatalog(run)
    assert.equal(texts.length, 1)
    assert.deepEqual(parseCatalog(json), snapshot)
    assert.deepEqual(
      snapshot.relations.map(({ schema, name, kind, columns }) => [`${schema}.${name}`, kind, columns]),
      [
        ['s.parent', 'r', ['id', 'note']],
        ['s.parent_pkey', 'i', undefined],
        ['s.parent_note_key', 'i', undefined],
        ['s.child', 'r', ['id', 'We"ird é']],
        ['s.seen', 'v', ['id']],
        ['s.numbers', 'S', undefined],
      ],
    )
    const [parent, key] = snapshot.relations
    assert.deepEqual(parent?.arbiters, { parent_note_key: ['note'], parent_pkey: ['id'] })
    assert.deepEqual(parent?.primaryKey, ['id'])
    assert.deepEqual(parent?.referencedBy, [{ schema: 's', name: 'child' }])
    assert.deepEqual(key?.of, { schema: 's', name: 'parent' })
    assert.deepEqual(
      snapshot.functions.map(({ schema, name, kind, volatility }) => [schema, name, kind, volatility]),
      [['s', 'twice', 'f', 'v']],
    )
    assert.deepEqual(
      snapshot.dependencies.filter(({ isPart }) => !isPart),
      [{ when: { schema: 's', name: 'parent' }, object: { schema: 's', name: 'seen' } }],
    )
  })

  it('is the same object while nothing changed, and is not gathered again', async () => {
    const before = await loadCatalog(run)
    texts.length = 0
    const now = await loadCatalog(run, before)
    assert.equal(now.snapshot, before.snapshot)
    assert.equal(texts.length, 1)
    assert.ok(!texts[0]?.includes('pg_get_viewdef'))
  })

  it('is the same object after rows were written: what changed is no catalog', async () => {
    const before = await loadCatalog(run)
    await changing.query("insert into s.parent values (1, 'x')")
    texts.length = 0
    assert.equal((await loadCatalog(run, before)).snapshot, before.snapshot)
    assert.equal(texts.length, 1)
  })

  it('is another after every kind of change made past the proxy', async () => {
    let before = await loadCatalog(run)
    for (const change of CHANGES) {
      await changing.query(change)
      const now: LoadedCatalog = await loadCatalog(run, before)
      assert.notEqual(now.snapshot, before.snapshot, change)
      assert.notEqual(now.json, before.json, change)
      assert.equal(now.json, (await loadCatalog(run)).json, change)
      before = now
    }
  })

  it('shows what a transaction changed that began before others which are long done', async () => {
    await changing.query('begin; create table s.slow (id int)')
    const others = await connect()
    await others.query('create table s.quick (id int)')
    await others.end()
    const before = await loadCatalog(run)
    const has = (loaded: LoadedCatalog, name: string) => loaded.snapshot.relations.some((one) => one.name === name)
    assert.deepEqual([has(before, 'slow'), has(before, 'quick')], [false, true])
    await changing.query('commit')
    assert.ok(has(await loadCatalog(run, before), 'slow'))
  })
})

const CHANGES = [
  'create table s.fresh (id int)',
  'alter table s.fresh rename column id to key',
  'alter table s.fresh add column more text',
  'alter table s.fresh drop column more',
  'alter table s.fresh rename to fresher',
  'create schema t',
  'alter table s.fresher set schema t',
  'alter table t.fresher enable row level security',
  'alter table t.fresher add primary key (key)',
  'create view t.v as select * from t.fresher',
  'alter view t.v set (security_invoker = on)',
  'create or replace view t.v with (security_invoker = on) as select key from t.fresher where key is not null',
  'drop view t.v',
  'create function t.f() returns int language sql stable as $$select 1$$',
  'alter function t.f() immutable',
  'alter function t.f() rename to g',
  'drop function t.g()',
  "create type t.mood as enum ('good')",
  'alter table t.fresher add column m t.mood',
  'create sequence t.n owned by t.fresher.key',
  'alter sequence t.n owned by none',
  'create table t.part (key text) partition by list (key)',
  "create table t.part_a partition of t.part for values in ('a')",
  'alter table t.part detach partition t.part_a',
  'create operator t.=== (leftarg = int, rightarg = int, function = int4eq)',
  'drop operator t.=== (int, int)',
  'drop schema t cascade',
]
