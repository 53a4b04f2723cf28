import {
  type Columns,
  concatColumns,
  JoinedColumns,
  LateColumns,
  type OutColumn,
  readAll,
  readColumn,
  renameColumns,
} from './columns.ts'
import { visitAll } from './expression.ts'
import { type Alias, aliasOf } from './from-clause.ts'
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
  const sides = left.concat(right)
  const merged = mergedColumns(body, left, right)
  for (const column of merged) readColumn(column)
  if (body.quals !== undefined) visitAll(walk, new Scope(level, sides), body.quals)

  const alias = aliasOf(body)
  // An inner join without a name can no longer be seen: only what has one stays beside the outer join.
  const items: Item[] = []
  for (const item of alias.name === undefined ? sides : NO_ITEMS) if (item.nameVisible) items.push(named(item))
  const usingAlias = treeOf(body.join_using_alias)
  if (usingAlias) {
    const columns = { list: merged, open: [], isOpen: false }
    items.push({ ...UNNAMED, name: textOf(usingAlias.aliasname), columns, columnsVisible: false, nameVisible: true })
  }
  const visible = sides.filter((item) => item.columnsVisible)
  items.push(joinItem(alias, visible, merged))
  return items
}

const NO_ITEMS: readonly Item[] = []

/** What its columns are found through the join by, and itself still by its name. */
function named(item: Item): Item {
  if (!item.columnsVisible) return item
  const { name, use, hasAlias, columns, nameVisible, locks } = item
  return { name, use, hasAlias, columns, columnsVisible: false, nameVisible, locks }
}

const UNNAMED = { name: undefined, use: undefined, hasAlias: true, locks: [] } as const

function joinItem(alias: Alias, sides: readonly Item[], merged: readonly OutColumn[]): Item {
  const joined = new JoinedColumns(sides.map((item) => item.columns))
  const isPlain = merged.length === 0 && alias.columns.length === 0
  return {
    name: alias.name,
    use: undefined,
    hasAlias: true,
    columns: isPlain ? joined : new LateColumns(() => renameColumns(mergeInto(joined, merged), alias.columns)),
    columnsVisible: true,
    nameVisible: alias.name !== undefined,
    locks: sides.flatMap((item) => item.locks),
  }
}

function mergeInto(joined: Columns, merged: readonly OutColumn[]): Columns {
  if (merged.length === 0) return joined
  const names = new Set(merged.map((one) => one.name))
  const others = joined.list.filter((one) => !names.has(one.name))
  return { list: [...merged, ...others], open: joined.open, isOpen: joined.isOpen }
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
