import { classifyFunction } from './curation.ts'
import { BUILT_IN_OPERATORS } from './data/operators.ts'
import { BUILT_IN_TYPES } from './data/types.ts'
import type { Scope } from './scope.ts'
import { type Node, nodeOf, nodesOf, stringsOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

/**
 * Whether a value may be of a type outside pg_catalog, as far as its expression shows: only such a value can reach a
 * cast's function that is outside pg_catalog too. False only where it is sure.
 */
export function mayBeCustomType(walk: Walk, scope: Scope, node: Node | undefined): boolean {
  if (!node) return false
  const { type, body } = node
  const any = (field: unknown) => nodesOf(field).some((one) => mayBeCustomType(walk, scope, one))
  switch (type) {
    case 'ParamRef':
      return walk.hasCustomParameters
    case 'A_Const':
    case 'SQLValueFunction':
    case 'BoolExpr':
    case 'NullTest':
    case 'BooleanTest':
    case 'GroupingFunc':
      return false
    case 'TypeCast':
      return !isBuiltInType(treeOf(body.typeName))
    case 'CollateClause':
      return any(body.arg)
    case 'A_Indirection':
      // An element of an array of theirs is theirs too; a field may be anything.
      return any(body.arg) || nodesOf(body.indirection).some((step) => step.type !== 'A_Indices')
    case 'A_Expr':
      return !isBuiltInOperator(body.name) || any(body.lexpr) || any(body.rexpr)
    case 'List':
      return any(body.items)
    case 'CoalesceExpr':
    case 'MinMaxExpr':
      return any(body.args)
    case 'A_ArrayExpr':
      return any(body.elements)
    case 'CaseExpr':
      return (
        any(body.defresult) || nodesOf(body.args).some((one) => mayBeCustomType(walk, scope, nodeOf(one.body.result)))
      )
    case 'SubLink':
      return body.subLinkType !== 'EXISTS_SUBLINK'
    case 'FuncCall':
      return !isBuiltInCall(walk, stringsOf(body.funcname)) || any(body.args)
    case 'ColumnRef':
      return isColumnCustom(scope, nodesOf(body.fields))
  }
  return true
}

export function isBuiltInType(typeName: Readonly<Record<string, unknown>> | undefined): boolean {
  const [name = '', schema] = stringsOf(typeName?.names).toReversed()
  return BUILT_IN_TYPES.has(name) && (schema === undefined || schema === 'pg_catalog')
}

/** BETWEEN and its kin give a boolean. */
function isBuiltInOperator(field: unknown): boolean {
  const [name = '', schema] = stringsOf(field).toReversed()
  return name.includes('BETWEEN') || (BUILT_IN_OPERATORS.has(name) && (schema === undefined || schema === 'pg_catalog'))
}

/** A curated function gives a type of pg_catalog, or one of its arguments' types. */
function isBuiltInCall(walk: Walk, names: readonly string[]): boolean {
  const [name = '', schema] = names.toReversed()
  if (schema !== undefined && schema !== 'pg_catalog') return false
  if (classifyFunction(name) === undefined) return false
  return schema !== undefined || walk.catalog.functionsNamed(name).length === 0
}

/** A column that is surely one of a known table, of a type of pg_catalog. */
function isColumnCustom(scope: Scope, fields: readonly Node[]): boolean {
  const names = fields.map((field) => textOf(field.body.sval) ?? '')
  const [column = '', table, schema] = names.toReversed()
  const items = table === undefined ? scope.items : scope.named(table, schema)
  const visible = items.filter((item) => table !== undefined || item.columnsVisible)
  if (visible.some((item) => item.columns.open.length > 0 && !item.columns.list.some((one) => one.name === column)))
    return true
  const found = visible.flatMap((item) => item.columns.list.filter((one) => one.name === column))
  if (found.length === 0) return true
  return found.some(
    ({ reads }) =>
      reads.length === 0 ||
      reads.some(([use, name]) =>
        use.relation.candidates.some(
          ({ system, relation }) => !system && (!relation?.columns || (relation.customColumns ?? []).includes(name)),
        ),
      ),
  )
}
