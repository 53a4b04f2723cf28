import type { Action } from '../base/access.ts'
import { quoteName } from '../base/sql-name.ts'
import type { CatalogRelation } from './catalog.ts'
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

/** The same action on what a `security_invoker` view is over: on all columns, where it knows columns. */
export function needOnBases(walk: Walk, action: Action, relation: RelationName, hasColumns = false): void {
  const whole = hasColumns ? { columns: 'all' as const } : {}
  const seen = new Set<string>()
  const needBases = (known: CatalogRelation | undefined) => {
    for (const { schema, name } of known?.invokerBases ?? []) {
      const object = `${quoteName(schema)}.${quoteName(name)}`
      if (seen.has(object)) continue
      seen.add(object)
      walk.need({ action, kind: 'relation', object, targets: [{ schema, name, ...whole }], ...whole })
      needBases(walk.catalog.relation(schema, name))
    }
  }
  walk.collector.through({ action, object: relation.written }, () => {
    for (const { relation: known } of relation.candidates) needBases(known)
  })
}
