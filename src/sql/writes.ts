import type { Action } from '../base/access.ts'
import { type Columns, columnsOfUse } from './columns.ts'
import { visit, visitAll } from './expression.ts'
import { aliasOf, itemOfUse, readFromList } from './from-clause.ts'
import { needOnBases, useInvokerView } from './invoker-view.ts'
import { columnCount, outputColumns } from './output-columns.ts'
import type { Tree } from './parser.ts'
import { analyseQuery, readWith } from './query.ts'
import { type RelationName, resolveRangeVar } from './relation-name.ts'
import type { RelationUse } from './relation-use.ts'
import { type Item, Scope } from './scope.ts'
import { type Node, nodeOf, nodesOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

const WRITES = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

export function isWrite(type: string): boolean {
  return WRITES.has(type)
}

/** A write; gives the columns of its RETURNING. The scope is its own, still without items. */
export function analyseWrite(walk: Walk, scope: Scope, { type, body }: Node): Columns {
  walk.collector.readOnly = false
  walk.collector.opaque = true
  walk.collector.plain = false
  readWith(walk, scope, body.withClause)
  const target = readTarget(walk, treeOf(body.relation) ?? {})
  switch (type) {
    case 'InsertStmt':
      return analyseInsert(walk, scope, body, target)
    case 'UpdateStmt':
      return analyseUpdate(walk, scope, body, target)
    case 'DeleteStmt':
      return analyseDelete(walk, scope, body, target)
    default:
      return analyseMerge(walk, scope, body, target)
  }
}

interface WriteTarget {
  readonly relation: RelationName
  readonly use: RelationUse
  readonly item: Item
}

/** The table written to: never a WITH query, and read only as far as its columns are used. */
function readTarget(walk: Walk, rangeVar: Tree): WriteTarget {
  const relation = resolveRangeVar(walk, rangeVar)
  useInvokerView(walk, relation)
  const use = walk.collector.use(relation, false)
  return { relation, use, item: itemOfUse(use, aliasOf(rangeVar)) }
}

/** The right to write; on a `security_invoker` view the same is needed on what it is over. */
function needWrite(walk: Walk, action: Action, target: WriteTarget, columns?: readonly string[] | 'all'): void {
  const { relation } = target
  walk.collector.needRelation(action, relation, columns)
  needOnBases(walk, action, relation, columns !== undefined)
}

function analyseInsert(walk: Walk, scope: Scope, body: Tree, target: WriteTarget): Columns {
  const source = nodeOf(body.selectStmt)
  const result = source ? analyseQuery(walk, scope, source) : undefined
  const columns = nodesOf(body.cols).map((node) => columnOfTarget(walk, scope, node))
  const given = source?.body.valuesLists ? widest(source.body.valuesLists) : result && columnCount(result.columns)
  needWrite(walk, 'insert', target, columns.length > 0 ? columns : source ? firstColumns(target, given) : [])

  const conflict = treeOf(body.onConflictClause)
  if (conflict) {
    walk.touch(conflict)
    const excluded: Item = { ...target.item, name: 'excluded', hasAlias: true, columnsVisible: false, locks: [] }
    const inside = new Scope(scope, [target.item, excluded])
    readArbiter(walk, new Scope(scope, [target.item]), conflict, target)
    if (conflict.action === 'ONCONFLICT_UPDATE') {
      needWrite(walk, 'update', target, readAssignments(walk, inside, conflict.targetList))
    }
    visitAll(walk, inside, conflict.whereClause)
  }
  return readReturning(walk, scope, body, target, [target.item])
}

/** The arbiter's columns and expressions are reads; of a constraint, the columns it is on. */
function readArbiter(walk: Walk, scope: Scope, conflict: Tree, { use, relation }: WriteTarget): void {
  const infer = treeOf(conflict.infer)
  if (!infer) return
  walk.touch(infer)
  const constraint = textOf(infer.conname)
  if (constraint !== undefined) {
    walk.flags.leansOnCatalog = true
    for (const candidate of relation.candidates) {
      const columns = candidate.relation?.arbiters?.[constraint]
      if (columns) for (const column of columns) use.read(column)
      else use.readWhole()
    }
  }
  for (const { body } of nodesOf(infer.indexElems)) {
    walk.touch(body)
    const name = textOf(body.name)
    if (name !== undefined) use.read(name)
    visitAll(walk, scope, body.expr)
  }
  visitAll(walk, scope, infer.whereClause)
}

function analyseUpdate(walk: Walk, scope: Scope, body: Tree, target: WriteTarget): Columns {
  const others = readFromList(walk, scope, body.fromClause)
  scope.items = [target.item, ...others]
  needWrite(walk, 'update', target, readAssignments(walk, scope, body.targetList))
  visitAll(walk, scope, body.whereClause)
  return readReturning(walk, scope, body, target, scope.items)
}

function analyseDelete(walk: Walk, scope: Scope, body: Tree, target: WriteTarget): Columns {
  const others = readFromList(walk, scope, body.usingClause)
  scope.items = [target.item, ...others]
  needWrite(walk, 'delete', target)
  visitAll(walk, scope, body.whereClause)
  return readReturning(walk, scope, body, target, scope.items)
}

/** WHEN NOT MATCHED [BY TARGET] sees the source alone, BY SOURCE the target alone. */
function analyseMerge(walk: Walk, scope: Scope, body: Tree, target: WriteTarget): Columns {
  const sources = readFromList(walk, scope, body.sourceRelation)
  const both = new Scope(scope, [target.item, ...sources])
  const onlySource = new Scope(scope, sources)
  const onlyTarget = new Scope(scope, [target.item])
  visitAll(walk, both, body.joinCondition)
  for (const { body: when } of nodesOf(body.mergeWhenClauses)) {
    walk.touch(when)
    const kind = when.matchKind
    const inside =
      kind === 'MERGE_WHEN_NOT_MATCHED_BY_TARGET'
        ? onlySource
        : kind === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE'
          ? onlyTarget
          : both
    visitAll(walk, inside, when.condition)
    switch (when.commandType) {
      case 'CMD_UPDATE':
        needWrite(walk, 'update', target, readAssignments(walk, inside, when.targetList))
        break
      case 'CMD_INSERT': {
        const columns = nodesOf(when.targetList).map((node) => columnOfTarget(walk, inside, node))
        const values = nodesOf(when.values)
        visitAll(walk, inside, when.values)
        const listed = columns.length > 0 ? columns : values.length > 0 ? firstColumns(target, values.length) : []
        needWrite(walk, 'insert', target, listed)
        break
      }
      case 'CMD_DELETE':
        needWrite(walk, 'delete', target)
        break
      case 'CMD_NOTHING':
        walk.collector.needRelation('select', target.relation, [])
        break
      default:
        walk.refuse('a part of the statement is not understood', String(when.commandType))
    }
  }
  return readReturning(walk, scope, body, target, [target.item, ...sources])
}

/** SET a = …, (b, c) = …: the columns written; what stands on the right is read. */
function readAssignments(walk: Walk, scope: Scope, field: unknown): string[] {
  return nodesOf(field).map((node) => {
    const column = columnOfTarget(walk, scope, node)
    const value = nodeOf(node.body.val)
    if (value?.type === 'MultiAssignRef') {
      walk.touch(value.body)
      // The one source of several columns stands under each of them, as a tree of its own.
      visitAll(walk, scope, value.body.source)
    } else if (value) visit(walk, scope, value)
    return column
  })
}

/** A target column; subscripts in `a[i]` are expressions, fields in `a.f` are not. */
function columnOfTarget(walk: Walk, scope: Scope, { body }: Node): string {
  walk.touch(body)
  for (const step of nodesOf(body.indirection)) if (step.type !== 'String') visit(walk, scope, step)
  return textOf(body.name) ?? ''
}

function readReturning(walk: Walk, scope: Scope, body: Tree, target: WriteTarget, items: readonly Item[]): Columns {
  const clause = treeOf(body.returningClause)
  if (!clause) return { list: [], open: [], isOpen: false }
  walk.touch(clause)
  let oldName = 'old'
  let newName = 'new'
  for (const { body: option } of nodesOf(clause.options)) {
    walk.touch(option)
    if (option.option === 'RETURNING_OPTION_OLD') oldName = textOf(option.value) ?? oldName
    else newName = textOf(option.value) ?? newName
  }
  const rows = [oldName, newName]
    .filter((name) => !items.some((item) => item.name === name))
    .map((name): Item => ({ ...target.item, name, hasAlias: true, columnsVisible: false, locks: [] }))
  const inside = new Scope(scope, [...items, ...rows])
  visitAll(walk, inside, clause.exprs)
  return outputColumns(inside, clause.exprs)
}

/** INSERT without a column list fills the first columns; all, where their number or the table is not known. */
function firstColumns({ use }: WriteTarget, count: number | undefined): readonly string[] | 'all' {
  const columns = columnsOfUse(use)
  if (columns.isOpen) return 'all'
  const names = columns.list.map((one) => one.name)
  const relationColumns = use.relation.candidates[0]?.columns ?? names
  return count === undefined ? relationColumns : relationColumns.slice(0, count)
}

function widest(rows: unknown): number {
  return Math.max(0, ...nodesOf(rows).map((row) => nodesOf(row.body.items).length))
}
