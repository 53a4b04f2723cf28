import { castTo } from './casts.ts'
import {
  type Columns,
  columnsOfUse,
  concatColumns,
  derivedColumns,
  type OutColumn,
  readAll,
  readColumn,
  renameColumns,
} from './columns.ts'
import { visit, visitAll, visitTyped } from './expression.ts'
import { callFunction, functionName } from './functions.ts'
import { useInvokerView } from './invoker-view.ts'
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
export function readFromList(walk: Walk, level: Scope, list: unknown, before: readonly Item[] = []): Item[] {
  const items: Item[] = []
  for (const node of nodesOf(list)) items.push(...readFromItem(walk, level, node, [...before, ...items]))
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
      return readJoin(walk, level, body, left)
  }
  walk.refuse('this cannot stand in FROM as far as is understood', type)
  return []
}

interface Alias {
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
  const viewColumns = useInvokerView(walk, relation)
  if (viewColumns) return { ...derived(alias, derivedColumns(viewColumns), []), name: alias.name ?? name }
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
      if (names.length === 0 && node.type === 'FuncCall') names.push(functionName(node.body).at(-1) ?? '')
    }
  }
  const listed = columnNames(walk, body.coldeflist)
  if (listed.length > 0) {
    names.splice(0, names.length, ...listed)
    isOpen = false
  }
  if (body.ordinality) names.push('ordinality')
  if (names.length === 1 && alias.name !== undefined && listed.length === 0) names[0] = alias.name
  return { ...derived(alias, derivedColumns(names, isOpen), []), name: alias.name ?? names[0] }
}

/** A value that takes the type of its column through that type's own input, without a cast. */
const GIVEN: Node = { type: 'ParamRef', body: {} }

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
  return derived(aliasOf(body), derivedColumns(names), [])
}

function readJsonTable(walk: Walk, scope: Scope, body: Tree): Item {
  needNewerSyntax(walk, 'json_table', 170000)
  const names: string[] = []
  const readColumns = (columns: unknown) => {
    for (const { body: column } of nodesOf(columns)) {
      walk.touch(column)
      if (column.coltype !== 'JTC_NESTED') names.push(textOf(column.name) ?? '')
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
  return derived(aliasOf(body), derivedColumns(names), [])
}

function readJoin(walk: Walk, level: Scope, body: Tree, before: readonly Item[]): Item[] {
  const leftNode = nodeOf(body.larg)
  const rightNode = nodeOf(body.rarg)
  const left = leftNode ? readFromItem(walk, level, leftNode, before) : []
  const right = rightNode ? readFromItem(walk, level, rightNode, [...before, ...left]) : []
  const leftColumns = visibleColumns(left)
  const rightColumns = visibleColumns(right)
  const using = body.isNatural ? sharedNames(leftColumns, rightColumns) : stringsOf(body.usingClause)
  const merged = using.map((name) => mergeColumn(name, leftColumns, rightColumns))
  for (const column of merged) readColumn(column)
  if (body.quals !== undefined) visitAll(walk, new Scope(level, [...left, ...right]), body.quals)

  const alias = aliasOf(body)
  const usingSet = new Set(using)
  const rest = concatColumns([leftColumns, rightColumns])
  const columns = { ...rest, list: [...merged, ...rest.list.filter((one) => !usingSet.has(one.name))] }
  const locks = [...left, ...right].filter((item) => item.locks.length > 0).flatMap((item) => item.locks)
  const join = { ...derived(alias, columns, [...new Set(locks)]), nameVisible: alias.name !== undefined }
  const parts = alias.name === undefined ? [...left, ...right].map((item) => ({ ...item, columnsVisible: false })) : []
  const usingAlias = treeOf(body.join_using_alias)
  const extra: Item[] = []
  if (usingAlias) {
    const item = derived(
      { name: textOf(usingAlias.aliasname), columns: [] },
      { list: merged, open: [], isOpen: false },
      [],
    )
    extra.push({ ...item, columnsVisible: false })
  }
  return [...parts, ...extra, join]
}

function visibleColumns(items: readonly Item[]): Columns {
  return concatColumns(items.filter((item) => item.columnsVisible).map((item) => item.columns))
}

/** NATURAL joins by the names both sides share; where a side is not known, any of the other's may be one. */
function sharedNames(left: Columns, right: Columns): string[] {
  if (left.isOpen || right.isOpen) {
    readAll(left)
    readAll(right)
  }
  const names = new Set(right.list.map((one) => one.name))
  return [...new Set(left.list.map((one) => one.name))].filter((name) => names.has(name))
}

function mergeColumn(name: string, left: Columns, right: Columns): OutColumn {
  const reads = [left, right].flatMap((side) => {
    const found = side.list.filter((one) => one.name === name).flatMap((one) => one.reads)
    const isListed = side.list.some((one) => one.name === name)
    return isListed ? found : side.open.map((use): readonly [RelationUse, string] => [use, name])
  })
  return { name, reads }
}
