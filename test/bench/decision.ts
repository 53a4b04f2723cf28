import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createJudge } from '../../src/enforce/caching-judge.ts'
import { namesOnlySource } from '../../src/enforce/catalog-source.ts'
import { grantsFor } from '../../src/policy/grants.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { loadParser } from '../../src/sql/analyse.ts'
import { indexCatalog } from '../../src/sql/catalog-index.ts'
import { figure, table } from './report.ts'

const POLICY = `version: 1
roles: [{ role: r, when: { sub: s } }]
scopes: { read: { select: [public.orders, public.items] } }
`
/** Some 400 bytes, three tables, two joins; the alias makes each a text that was not seen. */
const unknownText = (number: number) =>
  `SELECT o${number}.id, o${number}.created_at, i.name, i.price * i.quantity AS total, count(*) OVER (PARTITION BY o${number}.id) AS lines
   FROM public.orders o${number} JOIN public.items i ON i.order_id = o${number}.id JOIN public.items also ON also.id = i.id
   WHERE o${number}.id = 42 AND i.price > 10.5 AND (i.name LIKE 'abc%' OR i.name IS NULL) AND o${number}.created_at > '2026-01-01'
   ORDER BY o${number}.created_at DESC, i.name LIMIT 50 OFFSET 10`

/** What judging a statement costs, in microseconds, without any socket. */
export async function measureDecision(): Promise<string> {
  await loadParser()
  const loaded = loadPolicy('policy.yaml', () => POLICY)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.mistakes))
  const table_ = (name: string, columns: string[]) => ({ schema: 'public', name, kind: 'r' as const, columns })
  const catalog = indexCatalog({
    version: 1,
    serverVersion: 180_000,
    database: 'app',
    schemas: ['public'],
    relations: [
      table_('orders', ['id', 'created_at']),
      table_('items', ['id', 'order_id', 'name', 'price', 'quantity']),
    ],
    functions: [],
    operators: [],
    casts: [],
    types: [],
    dependencies: [],
  })
  const source = { ...namesOnlySource(), current: catalog }
  const judge = createJudge({ catalog: source, clock: systemClock, log: silentLog, parseDeadlineMs: 250 })
  const session = { grants: grantsFor(loaded.policy, ['read']), temporary: [] }
  const judged = (sql: string) => {
    const judgement = judge.judge(sql, session)
    if (judgement instanceof Promise || judgement.kind !== 'parsed' || !judgement.allowed)
      throw new Error(`denied: ${sql}`)
  }
  const microseconds = (count: number, run: (number: number) => void) => {
    const startMs = performance.now()
    for (let number = 0; number < count; number++) run(number)
    return ((performance.now() - startMs) / count) * 1000
  }
  const known = (number: number) => judged(`SELECT name FROM public.items WHERE id = ${number}`)
  microseconds(200_000, known)
  const hit = microseconds(200_000, known)
  microseconds(300, (number) => judged(unknownText(number)))
  const miss = microseconds(500, (number) => judged(unknownText(1000 + number)))
  judge.close()
  return table(
    ['decision', 'µs'],
    [
      ['a known template, literals differing', figure(hit)],
      [`a text of ${unknownText(1000).length} bytes never seen`, figure(miss)],
    ],
  )
}
