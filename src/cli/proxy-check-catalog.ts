import type { Policy, RuleSet } from '../policy/policy.ts'
import type { Generation } from '../proxy/generation.ts'

type Row = readonly (string | null)[]

/** More of one kind than anybody reads are counted. */
const MAX_LINES = 50

/**
 * What the catalogs of the databases say against their policies (POLICY.md): names that collide, and views that show what
 * `never` hides. Nothing of a database that cannot be asked: that is a finding of its own.
 */
export async function catalogWarnings({ databases }: Generation): Promise<string[]> {
  const warnings = [...databases].map(async ([name, { pool, policy }]) => {
    try {
      const hidden = policy.never.all || (policy.never.objects.get('select')?.length ?? 0) > 0
      const lines = [
        ...shortened(collisions(await pool.ask(NAMES), policy.searchPath)),
        ...shortened(hidden ? viewsOver(await pool.ask(VIEWS), policy) : []),
      ]
      return lines.map((line) => `database ${name}: ${line}`)
    } catch {
      return []
    }
  })
  return (await Promise.all(warnings)).flat()
}

function shortened(lines: readonly string[]): readonly string[] {
  return lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES), `and ${lines.length - MAX_LINES} more such`]
}

/** Relations and functions by name, with the schemas that have one; never two of the system's own alone. */
const NAMES = `SELECT kind, name, pg_catalog.json_agg(schema ORDER BY schema) FROM (
  SELECT 'relation' AS kind, c.relname AS name, n.nspname AS schema
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_(toast|temp)'
  UNION
  SELECT 'function', p.proname, n.nspname
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace) named
GROUP BY kind, name
HAVING pg_catalog.count(*) > 1 AND pg_catalog.bool_or(schema NOT IN ('pg_catalog', 'information_schema'))
ORDER BY kind DESC, name`

function collisions(rows: readonly Row[], searchPath: Policy['searchPath']): string[] {
  return rows.flatMap(([kind, name, json]) => {
    const all = JSON.parse(json ?? '[]') as string[]
    const seen = searchPath === undefined ? all : all.filter((one) => one === 'pg_catalog' || searchPath.includes(one))
    if (seen.length < 2) return []
    return [`${kind} "${name}" is in ${seen.join(', ')}: by its bare name it is allowed only where each of them is`]
  })
}

/** What each view shows, through other views too, column by column; a security_invoker view shows nothing by itself. */
const VIEWS = `WITH RECURSIVE reads (view, base, attnum) AS (
  SELECT r.ev_class, d.refobjid, d.refobjsubid
  FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.objid = r.oid
    AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  WHERE r.ev_type = '1' AND d.refobjid <> r.ev_class
), shown AS (
  SELECT * FROM reads
  UNION SELECT s.view, r.base, r.attnum FROM shown s JOIN reads r ON r.view = s.base
)
SELECT DISTINCT vn.nspname, v.relname, bn.nspname, b.relname, a.attname
FROM shown s
  JOIN pg_catalog.pg_class v ON v.oid = s.view JOIN pg_catalog.pg_namespace vn ON vn.oid = v.relnamespace
  JOIN pg_catalog.pg_class b ON b.oid = s.base JOIN pg_catalog.pg_namespace bn ON bn.oid = b.relnamespace
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = s.base AND a.attnum = s.attnum AND s.attnum > 0
WHERE v.relkind IN ('v', 'm') AND vn.nspname NOT IN ('pg_catalog', 'information_schema')
  AND coalesce(v.reloptions::text, '') !~ 'security_invoker=(true|on|yes|1)'
ORDER BY 1, 2, 3, 4`

function viewsOver(rows: readonly Row[], { never }: Policy): string[] {
  const found = rows.flatMap(([viewSchema, view, schema, name, column]) => {
    const isShown = covers(never, String(schema), String(name), column ?? undefined)
    if (!isShown || covers(never, String(viewSchema), String(view))) return []
    return [`view ${viewSchema}.${view} shows ${schema}.${name}, which never hides`]
  })
  return [...new Set(found)]
}

/** Whether `never` says something of it; of a rule with columns, only where it names that one. */
function covers({ all, objects }: RuleSet, schema: string, name: string, column?: string): boolean {
  if (all) return true
  return (objects.get('select') ?? []).some((rule) => {
    if (rule.schema !== '*' && rule.schema !== schema) return false
    if (rule.schema !== '*' && rule.name !== '*' && rule.name !== name) return false
    return rule.columns === undefined || (column !== undefined && rule.columns.includes(column))
  })
}
