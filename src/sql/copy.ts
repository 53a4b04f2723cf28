import { needEverything } from './action-calls.ts'
import { visitAll } from './expression.ts'
import { itemOfUse } from './from-clause.ts'
import { useInvokerView } from './invoker-view.ts'
import { analyseQuery } from './query.ts'
import { resolveRangeVar } from './relation-name.ts'
import { Scope } from './scope.ts'
import { type Node, nodeOf, stringsOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** COPY: reads or writes the columns listed, or all; a file or a program is the server's own, so that right is needed too. */
export function analyseCopy(walk: Walk, { body }: Node): void {
  walk.touch(body)
  const { collector } = walk
  collector.plain = false
  const isFrom = body.is_from === true
  if (body.filename !== undefined || body.is_program) {
    collector.readOnly = false
    collector.opaque = true
    needEverything(walk, 'server_files', 'any')
  } else collector.effects.copy = isFrom ? 'in' : 'out'

  const query = nodeOf(body.query)
  if (query) {
    analyseQuery(walk, new Scope(), query)
    return
  }
  const relation = resolveRangeVar(walk, treeOf(body.relation) ?? {})
  const listed = stringsOf(body.attlist)
  const columns = listed.length > 0 ? listed : ('all' as const)
  if (isFrom) {
    collector.opaque = true
    collector.needRelation('insert', relation, columns)
    const use = collector.use(relation, false)
    visitAll(walk, new Scope(undefined, [itemOfUse(use, { name: undefined, columns: [] })]), body.whereClause)
    return
  }
  useInvokerView(walk, relation)
  const use = collector.use(relation, true)
  if (columns === 'all') use.readWhole()
  else for (const column of columns) use.read(column)
}
