import { callFunction } from './functions.ts'
import type { Walk } from './walk.ts'

/** Built-in syntax that an older server takes for a call of a function by that name counts as that call there. */
export function needNewerSyntax(walk: Walk, name: string, since: number): void {
  if (walk.catalog.serverVersion < since) callFunction(walk, [name], { isOlderServer: true })
}

/** Expression nodes whose syntax came with a version, and the function name an older server would look for. */
export const NEWER_SYNTAX: Readonly<Record<string, readonly [name: string, since: number]>> = {
  JsonObjectConstructor: ['json_object', 160000],
  JsonArrayConstructor: ['json_array', 160000],
  JsonArrayQueryConstructor: ['json_array', 160000],
  JsonObjectAgg: ['json_objectagg', 160000],
  JsonArrayAgg: ['json_arrayagg', 160000],
  JsonParseExpr: ['json', 170000],
  JsonScalarExpr: ['json_scalar', 170000],
  JsonSerializeExpr: ['json_serialize', 170000],
  MergeSupportFunc: ['merge_action', 170000],
}

/** JsonFuncExpr by its operation. */
export const JSON_FUNCTIONS: Readonly<Record<string, string>> = {
  JSON_EXISTS_OP: 'json_exists',
  JSON_VALUE_OP: 'json_value',
  JSON_QUERY_OP: 'json_query',
}
