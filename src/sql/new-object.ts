import type { Action, ObjectKind } from '../base/access.ts'
import { quoteName } from '../base/sql-name.ts'
import type { Tree } from './parser.ts'
import { textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** SELECT INTO, CREATE TABLE AS: a relation is made; a temporary one is free. */
export function needNewRelation(walk: Walk, into: Tree): void {
  walk.touch(into)
  makeRelation(walk, treeOf(into.rel) ?? {})
}

/** The right to make a relation; notes a temporary one for the session. True where it is temporary. */
export function makeRelation(walk: Walk, rangeVar: Tree): boolean {
  walk.touch(rangeVar)
  walk.collector.readOnly = false
  walk.collector.plain = false
  walk.collector.ddl = true
  const name = textOf(rangeVar.relname) ?? ''
  if (isTemporary(rangeVar)) {
    const { effects } = walk.collector
    effects.makesTemporary = [...(effects.makesTemporary ?? []), { name }]
    return true
  }
  needNewName(walk, 'create', 'relation', textOf(rangeVar.schemaname), name)
  return false
}

export function isTemporary(rangeVar: Tree): boolean {
  return rangeVar.relpersistence === 't' || rangeVar.schemaname === 'pg_temp'
}

/**
 * Where the path is pinned, a new object goes into the first of its schemas that exists and that the role may use, which
 * is not known here: any of them.
 */
function pinnedPlaces({ catalog, flags }: Walk): readonly string[] {
  if (catalog.searchPath === undefined) return []
  flags.leansOnCatalog = true
  return catalog.searchPath.filter((schema) => catalog.namesOnly || catalog.schemas.includes(schema))
}

/** A new name: where it is unqualified the search path decides its schema, so the right on everything is needed. */
export function needNewName(
  walk: Walk,
  action: Action,
  kind: ObjectKind,
  schema: string | undefined,
  name: string,
): void {
  const places = schema === undefined ? pinnedPlaces(walk) : [schema]
  const targets =
    places.length === 0 ? [{ schema: undefined, name: '*' }] : places.map((one) => ({ schema: one, name }))
  const object = schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`
  walk.need({ action, kind, object, targets })
  if (kind === 'relation') for (const place of places) walk.collector.change({ schema: place, name })
}
