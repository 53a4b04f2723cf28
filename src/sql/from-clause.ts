import { castTo, GIVEN } from './casts.ts'
import { type Columns, columnsOfUse, derivedColumns, renameColumns } from './columns.ts'
import { visit, visitAll, visitTyped } from './expression.ts'
import { callFunction, functionName } from './functions.ts'
import { useInvokerView } from './invoker-view.ts'
import { readJoin } from './join.ts'
import { needNewerSyntax } from './newer-syntax.ts'
import type { Tree } from './parser.ts'
import { analyseQuery } from './query.ts'
import { resolveRangeVar } from './relation-name.ts'
import type { RelationUse } from './relation-use.ts'
import { type Item, Scope } from './scope.ts'
import { type Node, nodeOf, nodesOf, stringsOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

/**
 * Reads a FROM list: each element sees the levels above, and where it is LATERAL (functions always are) the elements
 * to its left. `level` is the query's own scope, still without items.
 */
export function readFromList(walk: Walk, level: Scope, list: unknown): Item[] {
  const items: Item[] = []
  // What stands to the left is the list as far as it has grown: copied for each element, long lists would be quadratic.
  for (const node of nodesOf(list)) {
    for (const item of readFromItem(walk, level, node, items)) items.push(item)
  }
  return items
}

function readFromItem(walk: Walk, level: Scope, node: Node, left: readonly Item[]): Item[] {
  const { type, body } = node
  walk.touch(body)
  const lateral = () => new Scope(level, left)
  switch (type) {
    case 'RangeVar':
      return [readRangeVar(walk, level, body)]
    case 'RangeSubselect': {
      const query = nodeOf(body.subquery)
      if (!query) break
      const result = analyseQuery(walk, body.lateral ? lateral() : level, query)
      return [derived(aliasOf(body), result.columns, result.locks)]
    }
    case 'RangeFunction':
      return [readRangeFunction(walk, lateral(), body)]
    case 'RangeTableFunc':
      return [readTableFunction(walk, lateral(), body)]
    case 'JsonTable':
      return [readJsonTable(walk, lateral(), body)]
    case 'RangeTableSample': {
      const inner = nodeOf(body.relation)
      const items = inner ? readFromItem(walk, level, inner, left) : []
      callFunction(walk, stringsOf(body.method), { isSampling: true })
      visitAll(walk, lateral(), body.args)
      visitAll(walk, lateral(), body.repeatable)
      return items
    }
    case 'JoinExpr':
      return readJoin(walk, level, body, left, readFromItem)
  }
  walk.refuse('this cannot stand in FROM as far as is understood', type)
  return []
}

export interface Alias {
  readonly name: string | undefined
  readonly columns: readonly string[]
}

export function aliasOf(body: Tree): Alias {
  const alias = treeOf(body.alias)
  return { name: textOf(alias?.aliasname), columns: stringsOf(alias?.colnames) }
}

export function readRangeVar(walk: Walk, level: Scope, body: Tree): Item {
  const alias = aliasOf(body)
  const name = textOf(body.relname) ?? ''
  if (body.schemaname === undefined && body.catalogname === undefined) {
    const common = level.commonTable(name)
    if (common) {
      walk.touch(body)
      const item = derived(alias, common.columns ?? derivedColumns([], true), [])
      return { ...item, name: alias.name ?? name }
    }
  }
  const relation = resolveRangeVar(walk, body)
  const view = useInvokerView(walk, relation)
  if (view) return { ...derived(alias, derivedColumns(view.columns), view.locks), name: alias.name ?? name }
  return itemOfUse(walk.collector.use(relation, true), alias)
}

export function itemOfUse(use: RelationUse, alias: Alias): Item {
  return {
    name: alias.name ?? use.relation.name,
    use,
    hasAlias: alias.name !== undefined,
    columns: renameColumns(columnsOfUse(use), alias.columns),
    columnsVisible: true,
    nameVisible: true,
    locks: [use],
  }
}

function derived(alias: Alias, columns: Columns, locks: readonly RelationUse[]): Item {
  return {
    name: alias.name,
    use: undefined,
    hasAlias: true,
    columns: renameColumns(columns, alias.columns),
    columnsVisible: true,
    nameVisible: true,
    locks,
  }
}

/** ROWS FROM (f(…) AS (…), …) and plain f(…): the columns are known where a column list says them. */
function readRangeFunction(walk: Walk, scope: Scope, body: Tree): Item {
  const alias = aliasOf(body)
  const names: string[] = []
  let isOpen = true
  for (const entry of nodesOf(body.functions)) {
    const [call, definitions] = Array.isArray(entry.body.items) ? entry.body.items : []
    const node = nodeOf(call)
    if (node) {
      visit(walk, scope, node)
      names.push(...columnNames(walk, definitions))
    }
  }
  const listed = columnNames(walk, body.coldeflist)
  if (listed.length > 0) {
    names.splice(0, names.length, ...listed)
    isOpen = false
  }
  if (body.ordinality) names.push('ordinality')
  // Whether a function gives one column of its own name or several of others is not known here: a name that may be
  // one of them is looked for further out as well.
  return { ...derived(alias, derivedColumns(names, isOpen), []), name: alias.name ?? functionNamed(body) }
}

function functionNamed(body: Tree): string | undefined {
  const [call] = nodesOf(nodesOf(body.functions)[0]?.body.items)
  return call?.type === 'FuncCall' ? functionName(call.body).at(-1) : undefined
}

function columnNames(walk: Walk, definitions: unknown): string[] {
  return nodesOf(treeOf(definitions)?.List ? nodeOf(definitions)?.body.items : definitions).map(({ body }) => {
    walk.touch(body)
    castTo(walk, treeOf(body.typeName), GIVEN)
    return textOf(body.colname) ?? ''
  })
}

function readTableFunction(walk: Walk, scope: Scope, body: Tree): Item {
  const names = nodesOf(body.columns).map(({ body: column }) => {
    walk.touch(column)
    castTo(walk, treeOf(column.typeName), GIVEN)
    visitAll(walk, scope, column.colexpr)
    visitAll(walk, scope, column.coldefexpr)
    return textOf(column.colname) ?? ''
  })
  visitAll(walk, scope, body.docexpr)
  visitAll(walk, scope, body.rowexpr)
  visitAll(walk, scope, body.namespaces)
  return namedAs('xmltable', derived(aliasOf(body), derivedColumns(names), []))
}

function readJsonTable(walk: Walk, scope: Scope, body: Tree): Item {
  needNewerSyntax(walk, 'json_table', 170000)
  const names: string[] = []
  // A level's own columns come before all nested ones, wherever they stand (transformJsonTableColumns): a list of
  // names after AS that is shorter goes by that order.
  const readColumns = (columns: unknown) => {
    for (const { body: column } of nodesOf(columns)) {
      if (column.coltype !== 'JTC_NESTED') names.push(textOf(column.name) ?? '')
    }
    for (const { body: column } of nodesOf(columns)) {
      walk.touch(column)
      castTo(walk, treeOf(column.typeName), GIVEN)
      visitTyped(walk, scope, 'JsonTablePathSpec', column.pathspec)
      visitTyped(walk, scope, 'JsonBehavior', column.on_empty)
      visitTyped(walk, scope, 'JsonBehavior', column.on_error)
      readColumns(column.columns)
    }
  }
  readColumns(body.columns)
  visitTyped(walk, scope, 'JsonValueExpr', body.context_item)
  visitTyped(walk, scope, 'JsonTablePathSpec', body.pathspec)
  visitAll(walk, scope, body.passing)
  visitTyped(walk, scope, 'JsonBehavior', body.on_error)
  return namedAs('json_table', derived(aliasOf(body), derivedColumns(names), []))
}

/** What has no alias is called by what made it (addRangeTableEntryForTableFunc). */
function namedAs(name: string, item: Item): Item {
  return { ...item, name: item.name ?? name }
}
