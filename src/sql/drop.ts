import { quoteName } from '../base/sql-name.ts'
import { needEverything } from './action-calls.ts'
import { needCode, needGrant } from './administration.ts'
import {
  needCascade,
  needDependents,
  needFallen,
  needFunctionNamed,
  needObjectNamed,
  needRelationNamed,
  needSchema,
  needTypeNamed,
} from './named-object.ts'
import { needAll } from './statement.ts'
import { type Node, nodeOf, nodesOf, stringsOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

const RELATIONS = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_SEQUENCE', 'OBJECT_INDEX'])
const FUNCTIONS = new Set(['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE', 'OBJECT_AGGREGATE'])
const TYPES = new Set(['OBJECT_TYPE', 'OBJECT_DOMAIN'])
const OTHERS = new Set([
  'OBJECT_COLLATION',
  'OBJECT_CONVERSION',
  'OBJECT_STATISTIC_EXT',
  'OBJECT_TSCONFIGURATION',
  'OBJECT_TSDICTIONARY',
  'OBJECT_TSPARSER',
  'OBJECT_TSTEMPLATE',
])
const CODE = new Set([
  'OBJECT_CAST',
  'OBJECT_TRANSFORM',
  'OBJECT_OPERATOR',
  'OBJECT_OPCLASS',
  'OBJECT_OPFAMILY',
  'OBJECT_LANGUAGE',
  'OBJECT_EVENT_TRIGGER',
  'OBJECT_EXTENSION',
  'OBJECT_TRIGGER',
  'OBJECT_RULE',
])

/** DROP of every kind. What CASCADE takes in other schemas is dropped too; nothing under `never` may fall. */
export function analyseDrop(walk: Walk, node: Node): void {
  const { body } = node
  const kind = String(body.removeType)
  const isCascade = body.behavior === 'DROP_CASCADE'
  if (CODE.has(kind)) {
    needCode(walk)
    return
  }
  if (kind === 'OBJECT_POLICY') {
    needGrant(walk)
    return
  }
  const isKnown = RELATIONS.has(kind) || FUNCTIONS.has(kind) || TYPES.has(kind) || OTHERS.has(kind)
  if (!isKnown && kind !== 'OBJECT_SCHEMA') {
    needAll(walk)
    return
  }
  walk.touch(body)
  walk.collector.ddl = true
  walk.collector.readOnly = false
  walk.collector.opaque = true
  for (const one of nodesOf(body.objects)) {
    const parts = namePartsOf(one)
    if (RELATIONS.has(kind)) dropRelation(walk, parts, isCascade)
    else if (kind === 'OBJECT_SCHEMA') dropSchema(walk, parts[0] ?? '', isCascade)
    else {
      if (FUNCTIONS.has(kind)) needFunctionNamed(walk, 'drop', parts)
      else if (TYPES.has(kind)) needTypeNamed(walk, 'drop', parts)
      else needObjectNamed(walk, 'drop', parts)
      if (isCascade) dropDependents(walk, parts)
    }
  }
}

/** The parts of a name in any of the forms DROP and COMMENT give it. */
export function namePartsOf({ type, body }: Node): string[] {
  switch (type) {
    case 'List':
      return stringsOf(body.items)
    case 'String':
      return [textOf(body.sval) ?? '']
    case 'ObjectWithArgs':
      return stringsOf(body.objname)
    case 'TypeName':
      return stringsOf(body.names)
    default:
      return ['']
  }
}

function dropRelation(walk: Walk, parts: readonly string[], isCascade: boolean): void {
  const relation = needRelationNamed(walk, 'drop', parts)
  const { effects } = walk.collector
  // Partitions fall with their table, CASCADE or not.
  for (const { schema, name, relation: known } of relation.candidates) {
    if (known?.kind !== 'p') continue
    const access = { action: 'drop', kind: 'object', onlyNever: true } as const
    for (const part of walk.catalog.descendantsOf(schema, name)) {
      walk.need({
        ...access,
        object: `${quoteName(part.schema)}.${quoteName(part.name)}`,
        targets: [{ schema: part.schema, name: part.name }],
      })
    }
  }
  const isOwn = relation.candidates.some((one) => one.isTemporary)
  if (isOwn) effects.dropsTemporary = [...(effects.dropsTemporary ?? []), relation.name]
  if (isCascade) needCascade(walk, relation)
}

/** RESTRICT takes an empty schema; CASCADE all that is in it, and what hangs on that elsewhere. */
function dropSchema(walk: Walk, schema: string, isCascade: boolean): void {
  needSchema(walk, 'drop', schema, isCascade ? { moves: true } : {})
  if (!isCascade) return
  const targets = [{ schema, name: '*' }]
  walk.need({ action: 'drop', kind: 'object', object: `${quoteName(schema)}.*`, targets, moves: true })
  if (walk.catalog.namesOnly) needEverything(walk, 'drop', 'any')
  needFallen(walk, schema, walk.catalog.dependentsOfSchema(schema))
}

function dropDependents(walk: Walk, parts: readonly string[]): void {
  const [name = '', schema] = parts.toReversed()
  if (walk.catalog.namesOnly) needEverything(walk, 'drop', 'any')
  for (const place of schema === undefined ? walk.catalog.schemas : [schema]) needDependents(walk, place, name)
}

/** COMMENT is `alter` on what it is about. */
export function analyseComment(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.ddl = true
  walk.collector.readOnly = false
  const kind = String(body.objtype)
  const object = nodeOf(body.object)
  const parts = object ? namePartsOf(object) : []
  if (kind === 'OBJECT_SCHEMA') needSchema(walk, 'alter', parts[0] ?? '')
  else if (RELATIONS.has(kind)) needRelationNamed(walk, 'alter', parts)
  else if (ON_TABLE.has(kind) && parts.length > 1) needRelationNamed(walk, 'alter', parts.slice(0, -1))
  else if (FUNCTIONS.has(kind)) needFunctionNamed(walk, 'alter', parts)
  else if (TYPES.has(kind)) needTypeNamed(walk, 'alter', parts)
  else if (OTHERS.has(kind)) needObjectNamed(walk, 'alter', parts)
  else needEverything(walk, 'alter', 'any')
  if (object) touchTypes(walk, object)
}

const ON_TABLE = new Set(['OBJECT_COLUMN', 'OBJECT_TABCONSTRAINT', 'OBJECT_TRIGGER', 'OBJECT_RULE', 'OBJECT_POLICY'])

function touchTypes(walk: Walk, { body }: Node): void {
  for (const one of nodesOf(body.objargs)) walk.touch(one.body)
  const type = treeOf(body.typeName)
  if (type) walk.touch(type)
}
