import { analyseInnerQuery } from './inner-sql.ts'
import type { RelationName } from './relation-name.ts'
import type { Walk } from './walk.ts'

/**
 * A `security_invoker` view counts as its query. Gives the view's columns where it is the one thing the name means;
 * where others have the name too, its query counts beside them.
 */
export function useInvokerView(walk: Walk, relation: RelationName): string[] | undefined {
  let columns: string[] | undefined
  for (const { relation: known } of relation.candidates) {
    if (known?.invokerQuery === undefined) continue
    walk.collector.plain = false
    analyseInnerQuery(walk, known.invokerQuery)
    if (relation.candidates.length === 1) columns = [...(known.columns ?? [])]
  }
  return columns
}
