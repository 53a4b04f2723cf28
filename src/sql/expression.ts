import { BUILT_IN, castTo } from './casts.ts'
import { readColumnRef } from './column-ref.ts'
import { callFunction, callNamed, visitFunctionCall } from './functions.ts'
import { JSON_FUNCTIONS, NEWER_SYNTAX, needNewerSyntax } from './newer-syntax.ts'
import { knownType } from './node-fields.ts'
import { needOperator } from './operators.ts'
import type { Tree } from './parser.ts'
import { analyseQuery, isQuery } from './query.ts'
import type { Scope } from './scope.ts'
import { type Node, nodeOf, nodesOf, stringsOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** Parts of definitions that hold expressions and types and name no other object. */
const DEFINITION_CLAUSES = new Set([
  'ColumnDef',
  'Constraint',
  'PartitionSpec',
  'PartitionElem',
  'PartitionBoundSpec',
  'PartitionRangeDatum',
  'IndexElem',
  'StatsElem',
  'DefElem',
  'ReplicaIdentityStmt',
  'ATAlterConstraint',
])

/** Visits every node of a field: a node, a list of them, or nothing. */
export function visitAll(walk: Walk, scope: Scope, field: unknown): void {
  if (field === undefined) return
  for (const node of nodesOf(field)) visit(walk, scope, node)
}

/** Visits a node that stands without its type's name. */
export function visitTyped(walk: Walk, scope: Scope, type: string, field: unknown): void {
  if (Array.isArray(field)) for (const one of field) visitTyped(walk, scope, type, one)
  else {
    const body = treeOf(field)
    if (body) visit(walk, scope, { type, body })
  }
}

/**
 * Counts what an expression reads and calls. Nodes with a meaning of their own are handled here; of all others every
 * field is visited, so that nothing can hide in one.
 */
export function visit(walk: Walk, scope: Scope, node: Node): void {
  const { type, body } = node
  walk.touch(body)
  if (isQuery(type)) {
    analyseQuery(walk, scope, node)
    return
  }
  switch (type) {
    case 'ColumnRef':
      readColumnRef(walk, scope, body)
      return
    case 'FuncCall':
      visitFunctionCall(walk, scope, body)
      return
    case 'TypeName':
      return
    case 'TypeCast':
      castTo(walk, treeOf(body.typeName), nodeOf(body.arg), scope)
      visitAll(walk, scope, body.arg)
      return
    case 'XmlSerialize':
      castTo(walk, treeOf(body.typeName), BUILT_IN)
      visitAll(walk, scope, body.expr)
      return
    case 'JsonOutput':
      castTo(walk, treeOf(body.typeName), BUILT_IN)
      return
    case 'A_Indirection':
      visitIndirection(walk, scope, body)
      return
    case 'A_Expr':
      if (!String(body.kind).includes('BETWEEN')) needOperator(walk, stringsOf(body.name))
      visitAll(walk, scope, body.lexpr)
      visitAll(walk, scope, body.rexpr)
      return
    case 'SubLink':
      if (body.operName !== undefined) needOperator(walk, stringsOf(body.operName))
      break
    case 'SortBy':
      if (body.useOp !== undefined) needOperator(walk, stringsOf(body.useOp))
      visitAll(walk, scope, body.node)
      return
    case 'SQLValueFunction':
      if (body.op === 'SVFOP_CURRENT_SCHEMA') callFunction(walk, ['pg_catalog', 'current_schema'])
      return
    case 'JsonFuncExpr':
      needNewerSyntax(walk, JSON_FUNCTIONS[String(body.op)] ?? 'json_table', 170000)
      break
  }
  const known = knownType(type)
  const role = known?.role
  if (role === 'from' || role === 'statement' || (role === 'clause' && !DEFINITION_CLAUSES.has(type))) {
    walk.refuse('a part of the statement is not understood', type)
    return
  }
  const newer = NEWER_SYNTAX[type]
  if (newer) needNewerSyntax(walk, ...newer)
  visitFields(walk, scope, type, body, known)
}

export function visitFields(walk: Walk, scope: Scope, type: string, body: Tree, known = knownType(type)): void {
  if (!known) {
    walk.refuse('a part of the statement is not understood', type)
    return
  }
  for (const name in body) {
    const kind = known.fields.get(name)
    if (kind === 'scalar') continue
    if (kind === 'node') visitAll(walk, scope, body[name])
    else if (kind !== undefined) visitTyped(walk, scope, kind, body[name])
    else walk.refuse('a part of the statement is not understood', `${type}.${name}`)
  }
}

/**
 * `(expr).f` is a field where the value has one of that name, else a call of function `f`: whatever has that name and
 * is not free counts as called. `[i]` are expressions.
 */
function visitIndirection(walk: Walk, scope: Scope, body: Tree): void {
  const arg = nodeOf(body.arg)
  const [first] = nodesOf(body.indirection)
  const isField =
    first?.type === 'String' && arg !== undefined && isColumnOfItem(scope, arg, textOf(first.body.sval) ?? '')
  if (arg) visit(walk, scope, arg)
  for (const [index, step] of nodesOf(body.indirection).entries()) {
    if (step.type === 'String') {
      walk.flags.leansOnCatalog = true
      if (index > 0 || !isField) callNamed(walk, textOf(step.body.sval) ?? '')
    } else visit(walk, scope, step)
  }
}

/** `(t).c` where `t` is in FROM and has a column `c`. The whole row counts as read all the same. */
function isColumnOfItem(scope: Scope, arg: Node, field: string): boolean {
  if (arg.type !== 'ColumnRef') return false
  const names = stringsOf(arg.body.fields)
  if (names.length !== 1) return false
  return scope.named(names[0] ?? '').some((item) => item.columns.list.some((column) => column.name === field))
}
