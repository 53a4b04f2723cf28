import { type Columns, concatColumns, type OutColumn, readAll, readColumn, renameColumns } from './columns.ts'
import { visitAll } from './expression.ts'
import { aliasOf } from './from-clause.ts'
import type { Tree } from './parser.ts'
import type { RelationUse } from './relation-use.ts'
import { type Item, Scope } from './scope.ts'
import { type Node, nodeOf, stringsOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

type ReadItem = (walk: Walk, level: Scope, node: Node, left: readonly Item[]) => Item[]

/**
 * A join: the condition sees both sides, USING and NATURAL read the columns they merge. An alias hides the tables
 * inside; without one they stay to be named, and their columns are found through the join.
 *
 * @see PostgreSQL 18, src/backend/parser/parse_clause.c: transformFromClauseItem
 */
export function readJoin(walk: Walk, level: Scope, body: Tree, before: readonly Item[], readItem: ReadItem): Item[] {
  const leftNode = nodeOf(body.larg)
  const rightNode = nodeOf(body.rarg)
  const left = leftNode ? readItem(walk, level, leftNode, before) : []
  const right = rightNode ? readItem(walk, level, rightNode, [...before, ...left]) : []
  const sides = [...left, ...right]
  const merged = mergedColumns(body, left, right)
  for (const column of merged) readColumn(column)
  if (body.quals !== undefined) visitAll(walk, new Scope(level, sides), body.quals)

  const alias = aliasOf(body)
  // An inner join without a name can no longer be seen: only what has one stays beside the outer join.
  const named = alias.name === undefined ? sides.filter((item) => item.nameVisible) : []
  const items = named.map((item): Item => (item.columnsVisible ? { ...item, columnsVisible: false } : item))
  const usingAlias = treeOf(body.join_using_alias)
  if (usingAlias) {
    const columns = { list: merged, open: [], isOpen: false }
    items.push({ ...UNNAMED, name: textOf(usingAlias.aliasname), columns, columnsVisible: false, nameVisible: true })
  }
  const locks = sides.filter((item) => item.columnsVisible).flatMap((item) => item.locks)
  return [...items, joinItem(alias, sides, merged, locks)]
}

const UNNAMED = { name: undefined, use: undefined, hasAlias: true, locks: [] } as const

/** The columns of both sides, put together only when something asks: most statements qualify their columns. */
function joinItem(
  alias: { readonly name: string | undefined; readonly columns: readonly string[] },
  sides: readonly Item[],
  merged: readonly OutColumn[],
  locks: readonly RelationUse[],
): Item {
  let columns: Columns | undefined
  return {
    ...UNNAMED,
    name: alias.name,
    locks,
    columnsVisible: true,
    nameVisible: alias.name !== undefined,
    get columns() {
      columns ??= renameColumns(joinColumns(sides, merged), alias.columns)
      return columns
    },
  }
}

function joinColumns(sides: readonly Item[], merged: readonly OutColumn[]): Columns {
  const all = visibleColumns(sides)
  if (merged.length === 0) return all
  const names = new Set(merged.map((one) => one.name))
  return { ...all, list: [...merged, ...all.list.filter((one) => !names.has(one.name))] }
}

function mergedColumns(body: Tree, left: readonly Item[], right: readonly Item[]): OutColumn[] {
  if (!body.isNatural && body.usingClause === undefined) return []
  const leftColumns = visibleColumns(left)
  const rightColumns = visibleColumns(right)
  const names = body.isNatural ? sharedNames(leftColumns, rightColumns) : stringsOf(body.usingClause)
  return names.map((name) => mergeColumn(name, leftColumns, rightColumns))
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
