import { quoteName } from '../base/sql-name.ts'
import { needEverything } from './action-calls.ts'
import { needOnBases } from './invoker-view.ts'
import { needRelationAction, needRelationNamed } from './named-object.ts'
import type { Tree } from './parser.ts'
import { resolveRangeVar } from './relation-name.ts'
import { type Node, nodesOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** VACUUM and ANALYZE: `maintain` on each table, on everything where none is named. */
export function analyseVacuum(walk: Walk, { body }: Node): void {
  walk.touch(body)
  const relations = nodesOf(body.rels)
  for (const { body: one } of relations) {
    walk.touch(one)
    const rangeVar = treeOf(one.relation)
    if (rangeVar) needRelationAction(walk, 'maintain', rangeVar)
    else needEverything(walk, 'maintain', 'any')
  }
  if (relations.length === 0) needEverything(walk, 'maintain', 'any')
  walk.collector.readOnly = false
}

export function analyseCluster(walk: Walk, { body }: Node): void {
  walk.touch(body)
  maintainOne(walk, treeOf(body.relation))
}

export function analyseRefresh(walk: Walk, { body }: Node): void {
  walk.touch(body)
  maintainOne(walk, treeOf(body.relation))
}

/** REINDEX INDEX is `maintain` on the index's table. */
export function analyseReindex(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.readOnly = false
  const rangeVar = treeOf(body.relation)
  if (body.kind === 'REINDEX_OBJECT_SCHEMA') {
    const schema = textOf(body.name) ?? ''
    const targets = [{ schema, name: '*' }]
    walk.need({ action: 'maintain', kind: 'relation', object: `${quoteName(schema)}.*`, targets })
  } else if (body.kind === 'REINDEX_OBJECT_INDEX' && rangeVar) {
    const tables = tablesOfIndex(walk, rangeVar)
    const { catalogname, schemaname, relname } = rangeVar
    const parts = [catalogname, schemaname, relname].filter((one) => typeof one === 'string')
    walk.collector.through({ action: 'maintain', object: parts.map(quoteName).join('.') }, () => {
      for (const { schema, name } of tables) needRelationNamed(walk, 'maintain', [schema, name])
    })
    if (tables.length === 0) needRelationAction(walk, 'maintain', rangeVar)
  } else maintainOne(walk, rangeVar)
}

/** The tables an index of that name may belong to. */
export function tablesOfIndex(walk: Walk, rangeVar: Tree): { schema: string; name: string }[] {
  walk.touch(rangeVar)
  const name = textOf(rangeVar.relname) ?? ''
  const schema = textOf(rangeVar.schemaname)
  const found = schema === undefined ? walk.catalog.relationsNamed(name) : [walk.catalog.relation(schema, name)]
  return found.flatMap((one) => (one?.kind === 'i' && one.of ? [one.of] : []))
}

export function analyseLock(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.readOnly = false
  for (const { body: rangeVar } of nodesOf(body.relations)) {
    const relation = resolveRangeVar(walk, rangeVar)
    walk.collector.needRelation('lock', relation)
    needOnBases(walk, 'lock', relation)
  }
}

/** TRUNCATE: each table named; CASCADE reaches those whose foreign keys point there; RESTART IDENTITY their sequences. */
export function analyseTruncate(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.readOnly = false
  walk.collector.opaque = true
  const isCascade = body.behavior === 'DROP_CASCADE'
  const seen = new Set<string>()
  const truncate = (parts: readonly string[], isOnly = false) => {
    const relation = needRelationNamed(walk, 'truncate', parts)
    for (const { schema, name, relation: known, isTemporary } of relation.candidates) {
      if (seen.has(`${schema}.${name}`)) continue
      seen.add(`${schema}.${name}`)
      if (isTemporary) continue
      if (!known && walk.catalog.namesOnly && isCascade) needEverything(walk, 'truncate', 'any')
      if (!known && walk.catalog.namesOnly && body.restart_seqs) needEverything(walk, 'usage', 'sequence')
      // The children are emptied with it, by its own name; what hangs on them is reached as what hangs on it.
      for (const one of [{ schema, name }, ...(isOnly ? [] : walk.catalog.descendantsOf(schema, name))]) {
        if (body.restart_seqs) needOwnedSequences(walk, one.schema, one.name)
        const { referencedBy = [] } = (isCascade && walk.catalog.relation(one.schema, one.name)) || {}
        for (const other of referencedBy) truncate([other.schema, other.name])
      }
    }
  }
  for (const { body: rangeVar } of nodesOf(body.relations)) {
    walk.touch(rangeVar)
    const parts = [rangeVar.catalogname, rangeVar.schemaname, rangeVar.relname]
    truncate(
      parts.filter((one) => typeof one === 'string'),
      rangeVar.inh !== true,
    )
  }
}

function needOwnedSequences(walk: Walk, schema: string, name: string): void {
  walk.flags.leansOnCatalog = true
  for (const one of walk.catalog.sequencesOf(schema, name)) {
    const object = `${quoteName(one.schema)}.${quoteName(one.name)}`
    const targets = [{ schema: one.schema, name: one.name }]
    walk.need({ action: 'usage', kind: 'sequence', object, targets })
  }
}

function maintainOne(walk: Walk, rangeVar: Tree | undefined): void {
  walk.collector.readOnly = false
  walk.collector.opaque = true
  if (rangeVar) needRelationAction(walk, 'maintain', rangeVar)
  else needEverything(walk, 'maintain', 'any')
}
