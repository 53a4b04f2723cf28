import { analyse } from './analyse.ts'
import { indexCatalog } from './catalog-index.ts'

/** How often each text is analysed: by then nearly all of it runs as compiled code. Some 100 ms on a usual machine. */
const ROUNDS = 60

const TEXTS = [
  'select a.id, b.name, count(*) over (partition by a.id) from s.a as a join s.b as b on b.a_id = a.id where a.id = 1',
  `select lower(name) as n, sum(x) from a left join b using (id) where note like 'x%' or x is null group by 1 order by n`,
  "with c as (select id from s.a where at > now() - interval '1 day') select * from c where id in (select id from s.b)",
  "insert into s.a (id, name) values (1, 'x') on conflict (id) do update set name = excluded.name returning id",
  'update s.a set note = $1, x = x + 1 where id = $2::int and name = any($3)',
  'delete from s.a using s.b where a.id = b.a_id',
  "select case when x > 1 then 'a' else coalesce(note, '') end, array[1, 2], (select max(id) from s.b) from s.a limit 5",
]

let isWarm = false

/**
 * Analyses some common statements again and again, so that the runtime has compiled the parser and the analysis before
 * anybody waits for them: the first statements would take tens of milliseconds of everybody's time otherwise. Once in
 * a process; `loadParser` has to have been awaited.
 */
export function warmUp(): void {
  if (isWarm) return
  isWarm = true
  const columns = ['id', 'a_id', 'name', 'note', 'x', 'at']
  const relations = ['a', 'b'].map((name) => ({ schema: 's', name, kind: 'r' as const, columns }))
  const none = { functions: [], operators: [], casts: [], types: [], dependencies: [] }
  const catalog = indexCatalog({ version: 1, serverVersion: 180000, database: '', schemas: ['s'], relations, ...none })
  for (let round = 0; round < ROUNDS; round++) for (const text of TEXTS) analyse(text, catalog)
}
