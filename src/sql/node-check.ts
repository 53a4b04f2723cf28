import { fieldsOf, roleOf } from './node-fields.ts'
import type { Tree } from './parser.ts'
import { isSettingCall, refuseSettingsView } from './settings.ts'
import { treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** Clauses and expressions that by themselves name, call or change nothing: visiting them is not demanded. */
const INERT_TYPES = new Set([
  'List',
  'TypeName',
  'DefElem',
  'SortBy',
  'ResTarget',
  'BoolExpr',
  'NullTest',
  'BooleanTest',
  'CaseExpr',
  'CaseWhen',
  'CoalesceExpr',
  'MinMaxExpr',
  'RowExpr',
  'A_ArrayExpr',
  'A_Indices',
  'CollateClause',
  'SQLValueFunction',
  'WindowDef',
  'GroupingSet',
  'GroupingFunc',
  'NamedArgExpr',
  'ObjectWithArgs',
  'FunctionParameter',
  'JsonFormat',
  'JsonReturning',
])

/**
 * Checks a statement against the grammar's node types before it is analysed: a type or a field that is not known is
 * refused. Every node that can carry an access is noted; the analysis must look at each (Walk.isComplete), so that
 * one it forgot is refused too and cannot slip through.
 */
export function checkNodes(walk: Walk, type: string, body: Tree, isInert = false): void {
  const fields = fieldsOf(type)
  if (!fields) {
    walk.refuse('a part of the statement is not understood', type)
    return
  }
  if (!isInert && roleOf(type) !== 'value' && !INERT_TYPES.has(type)) walk.expect(body)
  if (type === 'FuncCall' && isSettingCall(body)) walk.expectSetting(body)
  // Also where it stands in a rule or a function's body, which is otherwise a right as a whole.
  if (type === 'UpdateStmt' || type === 'MergeStmt') refuseSettingsView(walk, treeOf(body.relation) ?? {})
  // A type's modifiers are parsed as expressions, but only constants and words mean anything there.
  const inside = isInert || type === 'TypeName'
  for (const name in body) {
    const kind = fields.get(name)
    if (kind === 'scalar') continue
    if (kind === undefined) walk.refuse('a part of the statement is not understood', `${type}.${name}`)
    else checkField(walk, kind, body[name], inside)
  }
}

function checkField(walk: Walk, kind: string, value: unknown, isInert: boolean): void {
  if (Array.isArray(value)) {
    for (const one of value) checkField(walk, kind, one, isInert)
    return
  }
  if (typeof value !== 'object' || value === null) {
    walk.refuse('a part of the statement is not understood', kind)
    return
  }
  if (kind !== 'node') {
    checkNodes(walk, kind, value as Tree, isInert)
    return
  }
  for (const type in value) checkNodes(walk, type, ((value as Tree)[type] ?? {}) as Tree, isInert)
}
