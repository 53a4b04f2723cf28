import { NODE_TYPES, type NodeType } from './data/node-types.ts'

const types = new Map(
  Object.entries(NODE_TYPES).map(([type, { role, fields }]) => [
    type,
    { role, fields: new Map(Object.entries(fields)) },
  ]),
)

/** The fields a node of that type can have; undefined for a type that the grammar does not produce. */
export function fieldsOf(type: string): ReadonlyMap<string, string> | undefined {
  const known = types.get(type)
  return known && known.role !== 'planner' ? known.fields : undefined
}

export function roleOf(type: string): NodeType['role'] | undefined {
  return types.get(type)?.role
}
