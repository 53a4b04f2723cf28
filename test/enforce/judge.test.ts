import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createJudge } from '../../src/enforce/caching-judge.ts'
import type { CatalogSource } from '../../src/enforce/catalog-source.ts'
import type { Judge, Judgement } from '../../src/enforce/judge.ts'
import { type Grants, grantsFor } from '../../src/policy/grants.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { analyse, loadParser } from '../../src/sql/analyse.ts'
import type { SessionRelation, StatementAnalysis } from '../../src/sql/analysis.ts'
import type { Catalog, CatalogSnapshot } from '../../src/sql/catalog.ts'
import { indexCatalog } from '../../src/sql/catalog-index.ts'
import { FakeClock } from '../support/fake-clock.ts'

await loadParser()

function policyOf(text: string) {
  const read = loadPolicy('policy.yaml', () => text)
  assert.ok(read.ok, JSON.stringify(read))
  return read.policy
}

const POLICY =
  'version: 1\nscopes: { orders: { select: [sales.orders] }, temp: { select: [sales.orders], create: "*" } }\n'
const policy = policyOf(POLICY)
const orders = grantsFor(policy, ['orders'])
const nothing = grantsFor(policy, [])

function snapshot(...tables: string[]): CatalogSnapshot {
  const relations = tables.map((table) => {
    const [schema = '', name = ''] = table.split('.')
    return { schema, name, kind: 'r' as const, columns: ['id', 'note'] }
  })
  const schemas = [...new Set(relations.map(({ schema }) => schema))]
  const none = { functions: [], operators: [], casts: [], types: [], dependencies: [] }
  return { version: 1, serverVersion: 180000, database: 'app', schemas, relations, ...none } as CatalogSnapshot
}

/** A catalog whose server side the test changes. */
class TestCatalog implements CatalogSource {
  onServer: CatalogSnapshot
  refreshes = 0
  isLoaded = false
  json: string | undefined
  asOfMs = Number.NEGATIVE_INFINITY
  current: Catalog = indexCatalog(snapshot())
  readonly #clock: FakeClock

  constructor(clock: FakeClock, ...tables: string[]) {
    this.#clock = clock
    this.onServer = snapshot(...tables)
  }

  get stale(): boolean {
    return this.#clock.nowMs() - this.asOfMs > 10_000
  }

  async refresh(): Promise<Catalog> {
    this.refreshes++
    await new Promise(setImmediate)
    const json = JSON.stringify(this.onServer)
    if (json !== this.json) this.current = indexCatalog(this.onServer)
    this.json = json
    this.isLoaded = true
    this.asOfMs = this.#clock.nowMs()
    return this.current
  }

  markStale(): void {
    this.asOfMs = Number.NEGATIVE_INFINITY
  }
}

function open(tables: string[], parseDeadlineMs = 5000) {
  const clock = new FakeClock()
  const catalog = new TestCatalog(clock, ...tables)
  // Deadlines are about real time.
  const judge = createJudge({
    catalog,
    clock: { nowMs: () => clock.nowMs(), after: systemClock.after, sleep: systemClock.sleep },
    log: silentLog,
    parseDeadlineMs,
  })
  after(() => judge.close())
  const ask = (sql: string, grants: Grants = orders, temporary: readonly SessionRelation[] = []) =>
    said(judge, sql, grants, temporary)
  return { clock, catalog, judge, ask }
}

async function said(judge: Judge, sql: string, grants: Grants, temporary: readonly SessionRelation[]): Promise<string> {
  const judgement: Judgement = await judge.judge(sql, { grants, temporary })
  if (judgement.kind === 'unparsable') return judgement.code
  return judgement.allowed ? 'allow' : 'deny'
}

test('nothing is judged before the catalog was loaded once', async () => {
  const { ask, catalog } = open(['sales.orders'])
  assert.equal(await ask('select * from orders'), 'allow')
  assert.equal(catalog.refreshes, 1)
})

test('what was analysed for one session is decided anew for another', async () => {
  const { ask } = open(['sales.orders'])
  assert.equal(await ask('select * from sales.orders where id = 1'), 'allow')
  assert.equal(await ask('select * from sales.orders where id = 2', nothing), 'deny')
  assert.equal(await ask('select * from sales.orders where id = 3'), 'allow')
})

test('a known text is judged without a promise', async () => {
  const { ask, judge } = open(['sales.orders'])
  await ask('select * from sales.orders where id = 1')
  const judgement = judge.judge('select * from sales.orders where id = 2', { grants: orders, temporary: [] })
  assert.equal(judgement instanceof Promise, false)
})

test('a table of the same name in another schema is seen once the catalog is old', async () => {
  const { ask, catalog, clock } = open(['sales.orders'])
  assert.equal(await ask('select * from orders'), 'allow')
  catalog.onServer = snapshot('sales.orders', 'hr.orders')
  await clock.advance(10_001)
  assert.equal(await ask('select * from orders'), 'deny')
})

test('after DDL a decision that leans on the catalog waits for a new one', async () => {
  const { ask, catalog } = open(['sales.orders'])
  await ask('select * from orders')
  catalog.onServer = snapshot('sales.orders', 'hr.orders')
  catalog.markStale()
  assert.equal(await ask('select * from orders'), 'deny')
})

test('a denial takes the same refresh whether the name is known or not', async () => {
  const refreshesAfter = async (sql: string) => {
    const { ask, catalog, clock } = open(['sales.orders', 'hr.salaries'])
    await ask('select * from orders')
    await clock.advance(2000)
    assert.equal(await ask(sql), 'deny')
    return catalog.refreshes
  }
  // With a column the unknown table leans on the catalog, and the known one does not.
  for (const list of ['*', '1', 'id', 'nosuch', 'x.id', 'id, (select id)']) {
    for (const [known, unknown] of [
      ['hr.salaries', 'hr.nothing'],
      ['salaries', 'nothing'],
    ]) {
      const text = (name: string | undefined) => `select ${list} from ${name} x`
      assert.equal(await refreshesAfter(text(known)), await refreshesAfter(text(unknown)), text(known))
    }
  }
})

test('a denial that a new table explains is taken back', async () => {
  const { ask, catalog, clock } = open(['other.x'])
  await ask('select * from orders')
  catalog.onServer = snapshot('sales.orders')
  await clock.advance(2000)
  assert.equal(await ask('select * from orders'), 'allow')
})

test("a session's temporary table is no other session's", async () => {
  const { ask } = open(['sales.orders'])
  assert.equal(await ask('select * from mine', orders, [{ name: 'mine' }]), 'allow')
  assert.equal(await ask('select * from mine', orders), 'deny')
})

test('a temporary table does not hide that another of its name is not granted', async () => {
  const { ask } = open(['sales.orders', 'hr.salaries'])
  assert.equal(await ask('select * from salaries', orders, [{ name: 'salaries' }]), 'deny')
})

test('observing lets through what is not granted, until its date', async () => {
  const { ask, clock } = open(['sales.orders', 'hr.salaries'])
  const observing = policyOf(`${POLICY}mode: observe\nobserve_until: 2026-01-02\n`)
  const grants = grantsFor(observing, ['orders'])
  assert.equal(await ask('select * from hr.salaries', grants), 'allow')
  await clock.advance(2 * 24 * 3600 * 1000)
  assert.equal(await ask('select * from hr.salaries', grants), 'deny')
})

test('observing does not let through what nothing allows', async () => {
  const { ask } = open(['sales.orders'])
  const observing = policyOf(`${POLICY}mode: observe\nobserve_until: 2026-01-02\n`)
  assert.equal(await ask('set role postgres', grantsFor(observing, [])), 'deny')
})

test('a large statement is judged in a thread while others go on', async () => {
  const { ask } = open(['sales.orders'], 30_000)
  await ask('select 1')
  const sql = `select * from sales.orders where id in (${Array.from({ length: 60_000 }, (_, at) => at).join(', ')})`
  const large = ask(sql)
  assert.equal(await ask('select * from sales.orders'), 'allow')
  assert.equal(await large, 'allow')
  assert.equal(await ask(`${sql} or exists (select from hr.salaries)`), 'deny')
})

test('a large statement judged on a catalog that changed meanwhile is judged again when it is used', async () => {
  const { ask, judge, catalog } = open(['sales.orders'], 30_000)
  await ask('select 1')
  const sql = `select * from orders where note <> '${'x'.repeat(40_000)}'`
  const large = judge.judge(sql, { grants: orders, temporary: [] })
  catalog.onServer = snapshot('sales.orders', 'hr.orders')
  await catalog.refresh()
  const judgement = await large
  assert.ok(judgement.kind === 'parsed')
  assert.equal(
    judge.holdsStill(judgement.under, judgement.statements[0]?.analysis, { grants: orders, temporary: [] }),
    false,
  )
  assert.equal(await ask(sql), 'deny')
})

for (const [name, sql] of [
  ['10,000 parentheses', `select ${'('.repeat(10_000)}1${')'.repeat(10_000)}`],
  ['a megabyte of UNIONs', Array(60_000).fill('select 1').join(' union ')],
  ['80 KB of nested comments', `select 1 ${'/*'.repeat(20_000)}${'*/'.repeat(20_000)}`],
  ['20,000 NOTs', `select ${'not '.repeat(20_000)}true`],
  ['a long chain of casts', `select 1${'::int'.repeat(20_000)}`],
  ['a long array subscript', `select a${'[1]'.repeat(20_000)}`],
  ['a literal of 15 MB', `select '${'x'.repeat(15 * 1024 * 1024)}'`],
  ['100,000 statements', 'begin;'.repeat(100_000)],
  ['50,000 statements that differ', Array.from({ length: 50_000 }, (_, at) => `set a.b${at} = 1`).join(';')],
  ['nested cases', `select ${'case when true then '.repeat(3000)}1${' end'.repeat(3000)}`],
] as const) {
  test(`${name}: refused or judged, others are held up for less than 50 ms of work, and the next is judged`, async () => {
    const { ask } = open(['sales.orders'], 1000)
    await ask('select 1')
    let least = Number.POSITIVE_INFINITY
    // A collection of garbage may fall into one of them, but not into each.
    for (let attempt = 0; attempt < 6 && least >= 50_000; attempt++) {
      const before = process.cpuUsage()
      const answer = ask(`${sql} -- ${attempt}`)
      const { user, system } = process.cpuUsage(before)
      least = Math.min(least, user + system)
      assert.match(await answer, /^(allow|deny|STATEMENT_TOO_COMPLEX|SYNTAX)$/)
    }
    assert.ok(least < 50_000, `${least} µs before anybody else`)
    assert.equal(await ask('select * from sales.orders'), 'allow')
    assert.equal(await ask('select * from sales.nothing'), 'deny')
  })
}

test('what is found of very many statements comes over whole, though in pieces', async () => {
  const { judge, ask } = open(['sales.orders', 'hr.salaries'], 60_000)
  await ask('select 1')
  const many = Array.from(
    { length: 5000 },
    (_, at) => `begin; select id from sales.orders where id = ${at}; set a.b${at} = 1; prepare p${at} as select 1`,
  )
  const sql = many.join(';')
  const judgement = await judge.judge(sql, { grants: orders, temporary: [] })
  assert.ok(judgement.kind === 'parsed')
  const alone = analyse(sql, indexCatalog(snapshot('sales.orders', 'hr.salaries')), { allowHeavy: true })
  assert.ok(alone.ok)
  assert.equal(alone.statements.length, 20_000)
  assert.deepEqual(
    judgement.statements.map(({ analysis }) => placed(analysis)),
    alone.statements.map(placed),
  )
  const last = await judge.judge(`${sql}; select from hr.salaries`, { grants: orders, temporary: [] })
  assert.ok(last.kind === 'parsed' && !last.allowed)
  assert.equal(last.statements.filter(({ decision }) => !decision.allowed).length, 1 + deniedIn(judgement))
})

/** Where a statement stands in its text is kept of those alone whose own text is. */
function placed(analysis: StatementAnalysis): StatementAnalysis {
  return analysis.effects.prepare === undefined ? { ...analysis, start: 0, end: 0 } : analysis
}

function deniedIn(judgement: Judgement): number {
  return judgement.kind === 'parsed' ? judgement.statements.filter(({ decision }) => !decision.allowed).length : 0
}

test('a statement that takes longer than the deadline is refused, and the next large one is judged', async () => {
  const { ask } = open(['sales.orders'], 2000)
  await ask('select 1')
  const endless = `select 1 ${'/*'.repeat(100_000)}${'*/'.repeat(100_000)}`
  const [first, second] = [ask(endless), ask(`select '${'x'.repeat(40_000)}' from sales.orders`)]
  assert.equal(await first, 'STATEMENT_TOO_COMPLEX')
  assert.equal(await second, 'allow')
})

test('every truncation of a statement is judged or refused', async () => {
  const { ask } = open(['sales.orders'])
  const sql = `with a as (select id, E'\\'x', $q$y$q$ from sales.orders where note = 'n' /* c */) insert into sales.orders select * from a returning "id" -- end`
  for (let end = 0; end <= sql.length; end++) {
    assert.match(await ask(sql.slice(0, end)), /^(allow|deny|SYNTAX)$/)
  }
})
