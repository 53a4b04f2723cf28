import { NODE_TYPES, type NodeType } from './data/node-types.ts'

/** What is known of a node type. */
export interface KnownType {
  readonly role: NodeType['role']
  /** The fields a node of that type can have, and what stands in each. */
  readonly fields: ReadonlyMap<string, string>
  /** By itself it names, calls and changes nothing, so the analysis need not look at it. */
  readonly isInert: boolean
}

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

const types = new Map(
  Object.entries(NODE_TYPES)
    .filter(([, { role }]) => role !== 'planner')
    .map(([type, { role, fields }]): [string, KnownType] => [
      type,
      { role, fields: new Map(Object.entries(fields)), isInert: role === 'value' || INERT_TYPES.has(type) },
    ]),
)

/** What is known of a node type; undefined for one that the grammar does not produce. */
export function knownType(type: string): KnownType | undefined {
  return types.get(type)
}
