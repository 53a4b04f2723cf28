import { analyseInnerQuery } from './inner-sql.ts'
import type { RelationName } from './relation-name.ts'
import type { RelationUse } from './relation-use.ts'
import type { Walk } from './walk.ts'

export interface InvokerView {
  readonly columns: readonly string[]
  /** What FOR UPDATE reaches through the view: the relations its query is over. */
  readonly locks: readonly RelationUse[]
}

/**
 * A `security_invoker` view counts as its query. Gives the view where it is the one thing the name means; where
 * others have the name too, its query counts beside them.
 */
export function useInvokerView(walk: Walk, relation: RelationName): InvokerView | undefined {
  let view: InvokerView | undefined
  for (const { relation: known } of relation.candidates) {
    if (known?.invokerQuery === undefined) continue
    walk.collector.plain = false
    const { invokerQuery } = known
    const asked = { action: 'select', object: relation.written } as const
    const result = walk.collector.through(asked, () => analyseInnerQuery(walk, invokerQuery))
    if (relation.candidates.length > 1) continue
    view = { columns: known.columns ?? [], locks: [walk.collector.use(relation, false), ...(result?.locks ?? [])] }
  }
  return view
}
