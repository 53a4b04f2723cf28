import type { Access, Action, Target } from '../base/access.ts'
import { quoteName } from '../base/sql-name.ts'
import { needEverything } from './action-calls.ts'
import type { Tree } from './parser.ts'
import { type RelationName, resolveNameParts } from './relation-name.ts'
import type { Walk } from './walk.ts'

type Extra = Partial<Pick<Access, 'moves'>>

/** What an existing relation of any kind may be: indexes and composite types count here too. */
export function resolveAnyRelation(walk: Walk, parts: readonly string[]): RelationName {
  const relation = resolveNameParts(walk, parts)
  if (relation.schema !== undefined || relation.candidates.some((one) => one.relation)) return relation
  const others = walk.catalog.relationsNamed(relation.name).filter((one) => one.kind === 'i' || one.kind === 'c')
  if (others.length === 0) return relation
  const candidates = others.map(({ schema, name }) => ({
    schema,
    name,
    columns: undefined,
    isOpen: true,
    system: undefined,
    isTemporary: schema === 'pg_temp',
    relation: undefined,
  }))
  return { ...relation, candidates }
}

/** An action on an existing relation; temporary ones are free. */
export function needRelationAction(walk: Walk, action: Action, rangeVar: Tree, extra: Extra = {}): RelationName {
  walk.touch(rangeVar)
  const parts = [rangeVar.catalogname, rangeVar.schemaname, rangeVar.relname].filter((one) => typeof one === 'string')
  return needRelationNamed(walk, action, parts, extra)
}

export function needRelationNamed(
  walk: Walk,
  action: Action,
  parts: readonly string[],
  extra: Extra = {},
): RelationName {
  const relation = resolveAnyRelation(walk, parts)
  walk.collector.needRelation(action, relation, undefined, { kind: 'object', ...extra })
  if (action !== 'alter' && action !== 'drop') return relation
  for (const { schema, name, isTemporary } of relation.candidates) {
    if (isTemporary) continue
    for (const one of [{ schema, name }, ...walk.catalog.descendantsOf(schema, name)]) {
      walk.collector.change({ schema: one.schema, name: one.name })
    }
  }
  return relation
}

/** An action on an existing function, by name: every overload. */
export function needFunctionNamed(walk: Walk, action: Action, parts: readonly string[], extra: Extra = {}): void {
  const [name = '', schema] = parts.toReversed()
  needCandidates(walk, action, parts, schema === undefined ? walk.catalog.functionsNamed(name) : [], extra)
}

/** An action on an existing type. */
export function needTypeNamed(walk: Walk, action: Action, parts: readonly string[], extra: Extra = {}): void {
  const [name = '', schema] = parts.toReversed()
  needCandidates(walk, action, parts, schema === undefined ? walk.catalog.typesNamed(name) : [], extra)
}

/** An action on an object whose kind the catalog does not list: unqualified, it needs the right on everything. */
export function needObjectNamed(walk: Walk, action: Action, parts: readonly string[], extra: Extra = {}): void {
  needCandidates(walk, action, parts, [], extra)
}

export function needSchema(walk: Walk, action: Action, schema: string, extra: Extra = {}): void {
  const targets = [{ schema, name: '' }]
  walk.need({ action, kind: 'schema', object: quoteName(schema), targets, ...extra })
}

function needCandidates(
  walk: Walk,
  action: Action,
  parts: readonly string[],
  found: readonly { schema: string; name: string }[],
  extra: Extra,
): void {
  const [name = '', schema] = parts.toReversed()
  const object = parts.map(quoteName).join('.')
  if (schema !== undefined) {
    if (schema !== 'pg_temp') walk.need({ action, kind: 'object', object, targets: [{ schema, name }], ...extra })
    return
  }
  walk.flags.leansOnCatalog = true
  const named = new Map(found.map((one): [string, Target] => [one.schema, { schema: one.schema, name }]))
  const targets: Target[] = named.size > 0 ? [...named.values()] : [{ schema: undefined, name: '*' }]
  walk.need({ action, kind: 'object', object, targets, ...extra })
}

/** What DROP … CASCADE takes with it: in other schemas each needs `drop`; nothing of it may be under `never`. */
export function needCascade(walk: Walk, relation: RelationName): void {
  walk.flags.leansOnCatalog = true
  for (const { schema, name, relation: known, isTemporary } of relation.candidates) {
    if (!known && !isTemporary && walk.catalog.namesOnly) needEverything(walk, 'drop', 'any')
    needDependents(walk, schema, name)
  }
}

export function needDependents(walk: Walk, schema: string, name: string): void {
  needFallen(walk, schema, walk.catalog.dependents(schema, name))
}

/** Objects that fall with something in this schema. */
export function needFallen(walk: Walk, schema: string, objects: readonly Target[]): void {
  for (const fallen of objects) {
    const object = `${quoteName(fallen.schema ?? '')}.${quoteName(fallen.name)}`
    const access = { action: 'drop', kind: 'object', object, targets: [fallen] } as const
    walk.need(fallen.schema === schema ? { ...access, onlyNever: true } : { ...access, moves: true })
  }
}
