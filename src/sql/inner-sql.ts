import { isHeavy } from './heaviness.ts'
import { checkNodes } from './node-check.ts'
import { parse } from './parser.ts'
import { analyseQuery, type QueryResult } from './query.ts'
import { Scope } from './scope.ts'
import type { Walk } from './walk.ts'

/** SQL in a literal that a function runs: it must be queries, and they count as if they stood in the statement. */
export function analyseInnerQuery(walk: Walk, sql: string): QueryResult | undefined {
  const parsed = isHeavy(sql) || sql.includes('\0') ? undefined : parse(sql)
  if (!parsed?.ok || parsed.statements.length === 0) {
    walk.refuse('SQL inside the statement is not understood', 'SQL text')
    return undefined
  }
  let last: QueryResult | undefined
  for (const { kind, node } of parsed.statements) {
    const inner = walk.within()
    if (kind !== 'SelectStmt') {
      inner.refuse('SQL inside the statement is not a query', kind)
      continue
    }
    checkNodes(inner, kind, node)
    last = analyseQuery(inner, new Scope(), { type: kind, body: node })
    if (!inner.isComplete) inner.refuse('a part of the statement is not understood', kind)
  }
  return last
}
