import { type Columns, concatColumns, derivedColumns, renameColumns } from './columns.ts'
import { visit, visitAll } from './expression.ts'
import { readFromList } from './from-clause.ts'
import { heldTexts, NOTHING_HELD } from './held-texts.ts'
import { needNewRelation } from './new-object.ts'
import { outputColumns } from './output-columns.ts'
import type { Tree } from './parser.ts'
import { resolveRangeVar } from './relation-name.ts'
import type { RelationUse } from './relation-use.ts'
import { type CommonTable, Scope } from './scope.ts'
import { type Node, nodesOf, stringsOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'
import { analyseWrite, isWrite } from './writes.ts'

export interface QueryResult {
  readonly columns: Columns
  /** The relations a FOR UPDATE outside would lock. */
  readonly locks: readonly RelationUse[]
}

export function isQuery(type: string): boolean {
  return type === 'SelectStmt' || isWrite(type)
}

/** A query within a scope: SELECT, VALUES, TABLE, set operations, or a write with RETURNING in a WITH. */
export function analyseQuery(walk: Walk, parent: Scope, node: Node): QueryResult {
  walk.touch(node.body)
  const held = walk.heldTexts
  walk.heldTexts = NOTHING_HELD
  const result = analyseIn(walk, new Scope(parent), node)
  walk.heldTexts = held
  return result
}

function analyseIn(walk: Walk, scope: Scope, node: Node): QueryResult {
  if (node.type === 'SelectStmt') return analyseSelect(walk, scope, node.body)
  if (isWrite(node.type)) return { columns: analyseWrite(walk, scope, node), locks: [] }
  walk.refuse('a part of the statement is not understood', node.type)
  return { columns: derivedColumns([], true), locks: [] }
}

/**
 * Reads a WITH clause into the scope. A WITH query sees those before it and the levels above; under RECURSIVE every
 * one of the clause, itself too.
 *
 * @see PostgreSQL 18, src/backend/parser/parse_cte.c: transformWithClause
 */
export function readWith(walk: Walk, scope: Scope, clause: unknown): void {
  const body = treeOf(clause)
  if (!body) return
  walk.touch(body)
  const tables = nodesOf(body.ctes)
  const known = new Map<Tree, CommonTable>(tables.map((one) => [one.body, { columns: undefined }]))
  const declare = ({ body: table }: Node) => {
    const entry = known.get(table)
    if (entry) scope.addCommonTable(textOf(table.ctename) ?? '', entry)
  }
  if (body.recursive) tables.forEach(declare)
  for (const one of tables) {
    const table = one.body
    walk.touch(table)
    const names = stringsOf(table.aliascolnames)
    const entry = known.get(table)
    const [query] = nodesOf(table.ctequery)
    const settle = (columns: Columns) => {
      if (entry) entry.columns ??= withSearchColumns(walk, scope, table, renameColumns(columns, names))
    }
    if (query) {
      const inner = new Scope(scope)
      walk.touch(query.body)
      const isUnion = query.type === 'SelectStmt' && query.body.op !== undefined && query.body.op !== 'SETOP_NONE'
      const result =
        body.recursive && isUnion ? analyseSelect(walk, inner, query.body, settle) : analyseQuery(walk, scope, query)
      settle(result.columns)
    }
    if (!body.recursive) declare(one)
  }
}

/** SEARCH and CYCLE add columns of their own; the values they mark with are expressions. */
function withSearchColumns(walk: Walk, scope: Scope, table: Tree, columns: Columns): Columns {
  const search = treeOf(table.search_clause)
  const cycle = treeOf(table.cycle_clause)
  for (const clause of [search, cycle]) if (clause) walk.touch(clause)
  visitAll(walk, scope, cycle?.cycle_mark_value)
  visitAll(walk, scope, cycle?.cycle_mark_default)
  const added = [search?.search_seq_column, cycle?.cycle_mark_column, cycle?.cycle_path_column]
  return concatColumns([columns, derivedColumns(added.filter((name) => typeof name === 'string'))])
}

/** `settle` is told the columns of a recursive query's first arm before its second is read. */
export function analyseSelect(walk: Walk, scope: Scope, body: Tree, settle?: (columns: Columns) => void): QueryResult {
  readWith(walk, scope, body.withClause)
  const into = treeOf(body.intoClause)
  if (body.op !== undefined && body.op !== 'SETOP_NONE') {
    const left = analyseArm(walk, scope, body.larg)
    settle?.(left.columns)
    const right = analyseArm(walk, scope, body.rarg)
    const own = new Scope(scope, [resultItem(left.columns)])
    visitAll(walk, own, body.sortClause)
    visitAll(walk, scope, body.limitOffset)
    visitAll(walk, scope, body.limitCount)
    readLocking(walk, scope, body.lockingClause, [])
    if (into) needNewRelation(walk, into)
    const columns = derivedColumns(
      left.columns.list.map((one) => one.name),
      left.columns.isOpen,
    )
    return { columns, locks: [...left.locks, ...right.locks] }
  }
  const lists = nodesOf(body.valuesLists)
  scope.items = readFromList(walk, scope, body.fromClause)
  for (const row of lists) visit(walk, scope, row)
  if (walk.setsByCall) walk.heldTexts = heldTexts(scope, body.whereClause)
  visitAll(walk, scope, body.targetList)
  walk.heldTexts = NOTHING_HELD
  visitAll(walk, scope, body.whereClause)
  visitAll(walk, scope, body.havingClause)
  visitAll(walk, scope, body.windowClause)
  visitAll(walk, scope, body.limitOffset)
  visitAll(walk, scope, body.limitCount)
  const columns = lists[0] ? valuesColumns(lists[0]) : outputColumns(walk, scope, body.targetList)
  readSorting(walk, scope, body, columns)
  const locks = scope.items.flatMap((item) => item.locks)
  readLocking(walk, scope, body.lockingClause, locks)
  if (into) needNewRelation(walk, into)
  return { columns, locks }
}

function analyseArm(walk: Walk, scope: Scope, field: unknown): QueryResult {
  const body = treeOf(field)
  if (!body) return { columns: derivedColumns([], true), locks: [] }
  walk.touch(body)
  return analyseSelect(walk, new Scope(scope), body)
}

/** ORDER BY of a set operation sees nothing but its result. */
function resultItem(columns: Columns) {
  const names = columns.list.map((one) => one.name)
  const result = derivedColumns(names, columns.isOpen)
  const visible = { columnsVisible: true, nameVisible: false }
  return { name: undefined, use: undefined, hasAlias: false, columns: result, locks: [], ...visible }
}

/**
 * A bare name in ORDER BY and DISTINCT ON means an output column first; in GROUP BY a column of FROM first.
 *
 * @see PostgreSQL 18, src/backend/parser/parse_clause.c: findTargetlistEntrySQL92
 */
function readSorting(walk: Walk, scope: Scope, body: Tree, output: Columns): void {
  const isOutput = (node: Node | undefined): boolean => {
    const name = bareName(node)
    return name !== undefined && output.list.some((one) => one.name === name)
  }
  for (const sort of nodesOf(body.sortClause)) {
    const [node] = nodesOf(sort.body.node)
    if (isOutput(node)) {
      if (node) walk.touch(node.body)
      visit(walk, scope, { type: sort.type, body: { ...sort.body, node: undefined } })
    } else visit(walk, scope, sort)
  }
  for (const node of Array.isArray(body.distinctClause) ? body.distinctClause.flatMap(nodesOf) : []) {
    if (isOutput(node)) walk.touch(node.body)
    else visit(walk, scope, node)
  }
  for (const node of nodesOf(body.groupClause)) readGrouping(walk, scope, node, isOutput)
}

function readGrouping(walk: Walk, scope: Scope, node: Node, isOutput: (node: Node) => boolean): void {
  walk.touch(node.body)
  if (node.type === 'GroupingSet') {
    for (const one of nodesOf(node.body.content)) readGrouping(walk, scope, one, isOutput)
    return
  }
  const name = bareName(node)
  if (name !== undefined && isOutput(node)) scope.readHere(name)
  else visit(walk, scope, node)
}

function bareName(node: Node | undefined): string | undefined {
  if (node?.type !== 'ColumnRef') return undefined
  const fields = nodesOf(node.body.fields)
  return fields.length === 1 && fields[0]?.type === 'String' ? textOf(fields[0].body.sval) : undefined
}

function valuesColumns(first: Node): Columns {
  return derivedColumns(nodesOf(first.body.items).map((_, index) => `column${index + 1}`))
}

/** FOR UPDATE and its kin are `update` on what they lock: all of FROM, or the items named. */
function readLocking(walk: Walk, scope: Scope, field: unknown, all: readonly RelationUse[]): void {
  for (const { body } of nodesOf(field)) {
    walk.touch(body)
    const named = nodesOf(body.lockedRels)
    const locked = named.length === 0 ? all : named.flatMap((one) => lockedBy(walk, scope, one.body))
    for (const use of locked) walk.collector.needRelation('update', use.relation, [])
  }
}

function lockedBy(walk: Walk, scope: Scope, body: Tree): readonly RelationUse[] {
  walk.touch(body)
  const items = scope.items.filter((item) => item.name === textOf(body.relname))
  if (items.length > 0) return items.flatMap((item) => item.locks)
  const use = walk.collector.use(resolveRangeVar(walk, body), false)
  return [use]
}
