import { quoteName } from '../base/sql-name.ts'
import { needCode, needGrant } from './administration.ts'
import { namePartsOf } from './drop.ts'
import { needObjectNamed, needRelationAction, needSchema, needTypeNamed } from './named-object.ts'
import { needNewName } from './new-object.ts'
import type { RelationName } from './relation-name.ts'
import { needAll } from './statement.ts'
import { type Node, nodeOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

const RELATIONS = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_SEQUENCE', 'OBJECT_INDEX'])
/** Parts of a relation: the relation keeps its own name. */
const PARTS = new Set(['OBJECT_COLUMN', 'OBJECT_TABCONSTRAINT', 'OBJECT_ATTRIBUTE'])
const TYPES = new Set(['OBJECT_TYPE', 'OBJECT_DOMAIN', 'OBJECT_DOMCONSTRAINT'])
const OTHERS = new Set([
  'OBJECT_COLLATION',
  'OBJECT_CONVERSION',
  'OBJECT_STATISTIC_EXT',
  'OBJECT_TSCONFIGURATION',
  'OBJECT_TSDICTIONARY',
])
const CODE = new Set([
  'OBJECT_FUNCTION',
  'OBJECT_PROCEDURE',
  'OBJECT_ROUTINE',
  'OBJECT_AGGREGATE',
  'OBJECT_TRIGGER',
  'OBJECT_RULE',
  'OBJECT_OPERATOR',
  'OBJECT_OPCLASS',
  'OBJECT_OPFAMILY',
  'OBJECT_LANGUAGE',
  'OBJECT_EVENT_TRIGGER',
  'OBJECT_EXTENSION',
  'OBJECT_TSPARSER',
  'OBJECT_TSTEMPLATE',
])
const FUNCTIONS = new Set(['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE', 'OBJECT_AGGREGATE'])
const GRANT = new Set(['OBJECT_POLICY', 'OBJECT_ROLE'])

/** RENAME: `alter` on the object, `create` on its new name; refused for what is under any `never`. */
export function analyseRename(walk: Walk, { body }: Node): void {
  const kind = String(body.renameType)
  const newName = textOf(body.newname) ?? ''
  if (escalate(walk, kind, nodeOf(body.object))) return
  change(walk, body)
  const rangeVar = treeOf(body.relation)
  const object = nodeOf(body.object)
  const parts = object ? namePartsOf(object) : []
  if (kind === 'OBJECT_SCHEMA') {
    needSchema(walk, 'alter', textOf(body.subname) ?? '', { moves: true })
    walk.need({ action: 'create', kind: 'schema', object: newName, targets: [{ schema: newName, name: '' }] })
  } else if (PARTS.has(kind) && rangeVar) needRelationAction(walk, 'alter', rangeVar, { moves: true })
  else if (RELATIONS.has(kind) && rangeVar) {
    needNewNames(walk, needRelationAction(walk, 'alter', rangeVar, { moves: true }), undefined, newName)
  } else if (TYPES.has(kind)) {
    needTypeNamed(walk, 'alter', parts, { moves: true })
    if (kind !== 'OBJECT_DOMCONSTRAINT') needNewName(walk, 'create', 'object', parts.at(-2), newName)
  } else if (OTHERS.has(kind)) {
    needObjectNamed(walk, 'alter', parts, { moves: true })
    needNewName(walk, 'create', 'object', parts.at(-2), newName)
  } else needAll(walk)
}

/** SET SCHEMA: `alter` on the object, `create` in the schema it goes to. */
export function analyseSetSchema(walk: Walk, { body }: Node): void {
  const kind = String(body.objectType)
  const schema = textOf(body.newschema) ?? ''
  if (escalate(walk, kind, nodeOf(body.object))) return
  change(walk, body)
  const rangeVar = treeOf(body.relation)
  const object = nodeOf(body.object)
  const parts = object ? namePartsOf(object) : []
  if (RELATIONS.has(kind) && rangeVar) {
    needNewNames(walk, needRelationAction(walk, 'alter', rangeVar, { moves: true }), schema)
  } else if (TYPES.has(kind) || OTHERS.has(kind)) {
    if (TYPES.has(kind)) needTypeNamed(walk, 'alter', parts, { moves: true })
    else needObjectNamed(walk, 'alter', parts, { moves: true })
    needNewName(walk, 'create', 'object', schema, parts.at(-1) ?? '')
  } else needAll(walk)
}

/** A relation keeps its schema or its name; with several candidates each would have the new one. */
function needNewNames(walk: Walk, relation: RelationName, schema: string | undefined, name?: string): void {
  for (const one of relation.candidates) {
    if (!one.isTemporary) needNewName(walk, 'create', 'relation', schema ?? one.schema, name ?? one.name)
  }
}

/** Code and rights are granted as a whole; a function under any `never` keeps its name all the same. */
function escalate(walk: Walk, kind: string, object: Node | undefined): boolean {
  if (CODE.has(kind)) {
    needCode(walk)
    if (FUNCTIONS.has(kind) && object) needUnforbidden(walk, namePartsOf(object))
  } else if (GRANT.has(kind)) needGrant(walk)
  else return false
  return true
}

function needUnforbidden(walk: Walk, parts: readonly string[]): void {
  const [name = '', schema] = parts.toReversed()
  const found = schema === undefined ? walk.catalog.functionsNamed(name) : [{ schema, name }]
  const targets = found.map((one) => ({ schema: one.schema, name: one.name }))
  const object = parts.map(quoteName).join('.')
  walk.need({ action: 'alter', kind: 'function', object, targets, onlyNever: true })
}

function change(walk: Walk, body: Readonly<Record<string, unknown>>): void {
  walk.touch(body)
  walk.collector.ddl = true
  walk.collector.readOnly = false
  walk.collector.opaque = true
}
