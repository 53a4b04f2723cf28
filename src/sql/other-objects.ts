import { analyseFunctionUse, needCode } from './administration.ts'
import { analyseElement, definitionScope } from './definitions.ts'
import { visitAll } from './expression.ts'
import { needObjectNamed, needRelationAction, needRelationNamed, needTypeNamed } from './named-object.ts'
import { makeRelation, needNewName } from './new-object.ts'
import type { Tree } from './parser.ts'
import { type Node, nodeOf, nodesOf, stringsOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

export function analyseCreateSequence(walk: Walk, { body }: Node): void {
  change(walk, body)
  const sequence = treeOf(body.sequence) ?? {}
  makeRelation(walk, sequence)
  readSequenceOptions(walk, body.options)
}

export function analyseAlterSequence(walk: Walk, { body }: Node): void {
  change(walk, body)
  needRelationAction(walk, 'alter', treeOf(body.sequence) ?? {})
  readSequenceOptions(walk, body.options)
}

/** OWNED BY ties the sequence to a table's column, which changes that table. */
function readSequenceOptions(walk: Walk, options: unknown): void {
  for (const { body } of nodesOf(options)) {
    if (body.defname !== 'owned_by') continue
    const parts = stringsOf(nodeOf(body.arg)?.body.items)
    if (parts.length > 1) needRelationNamed(walk, 'alter', parts.slice(0, -1))
  }
}

const PLAIN_DEFINITIONS = new Set(['OBJECT_COLLATION', 'OBJECT_TSDICTIONARY', 'OBJECT_TSCONFIGURATION'])

/** CREATE COLLATION and text search objects; aggregates, operators, base types and parsers are code. */
export function analyseDefine(walk: Walk, { body }: Node): void {
  if (!PLAIN_DEFINITIONS.has(String(body.kind))) {
    analyseFunctionUse(walk, { type: 'DefineStmt', body })
    return
  }
  change(walk, body)
  visitAll(walk, definitionScope(), body.definition)
  needNew(walk, stringsOf(body.defnames))
}

export function analyseCompositeType(walk: Walk, { body }: Node): void {
  change(walk, body)
  const name = treeOf(body.typevar) ?? {}
  for (const column of nodesOf(body.coldeflist)) analyseElement(walk, definitionScope(), column)
  walk.touch(name)
  needNew(
    walk,
    [name.schemaname, name.relname].filter((one) => typeof one === 'string'),
  )
}

export function analyseEnum(walk: Walk, { body }: Node): void {
  change(walk, body)
  needNew(walk, stringsOf(body.typeName))
}

/** A range type names functions of its own: that is code; without them it is a type like others. */
export function analyseRange(walk: Walk, { body }: Node): void {
  const params = nodesOf(body.params)
  const hasFunctions = params.some((one) => FUNCTION_PARAMETERS.has(String(one.body.defname)))
  if (hasFunctions) {
    needCode(walk)
    return
  }
  change(walk, body)
  needNew(walk, stringsOf(body.typeName))
}

const FUNCTION_PARAMETERS = new Set(['canonical', 'subtype_diff', 'subtype_opclass'])

export function analyseCreateDomain(walk: Walk, { body }: Node): void {
  change(walk, body)
  for (const constraint of nodesOf(body.constraints)) analyseElement(walk, definitionScope(), constraint)
  needNew(walk, stringsOf(body.domainname))
}

export function analyseAlterDomain(walk: Walk, { body }: Node): void {
  change(walk, body)
  const definition = nodeOf(body.def)
  if (definition?.type === 'Constraint') analyseElement(walk, definitionScope(), definition)
  else visitAll(walk, definitionScope(), body.def)
  needTypeNamed(walk, 'alter', stringsOf(body.typeName))
}

export function analyseAlterEnum(walk: Walk, { body }: Node): void {
  change(walk, body)
  needTypeNamed(walk, 'alter', stringsOf(body.typeName))
}

/** Statements that change one object named by a list field, of a kind the catalog does not list. */
export function alterNamed(field: string): (walk: Walk, node: Node) => void {
  return (walk, { body }) => {
    change(walk, body)
    visitAll(walk, definitionScope(), body.options)
    needObjectNamed(walk, 'alter', stringsOf(body[field]))
  }
}

/** CREATE STATISTICS makes an object and watches tables, which changes them. */
export function analyseCreateStatistics(walk: Walk, { body }: Node): void {
  change(walk, body)
  const names = stringsOf(body.defnames)
  visitAll(walk, definitionScope(), body.exprs)
  for (const { body: rangeVar } of nodesOf(body.relations)) {
    const relation = needRelationAction(walk, 'alter', rangeVar)
    for (const { schema, name, isTemporary: isFree } of relation.candidates) {
      if (names.length === 0 && !isFree) needNewName(walk, 'create', 'object', schema, name)
    }
  }
  if (names.length > 0) needNew(walk, names)
}

function needNew(walk: Walk, parts: readonly string[]): void {
  const [name = '', schema] = parts.toReversed()
  if (schema !== 'pg_temp') needNewName(walk, 'create', 'object', schema, name)
}

function change(walk: Walk, body: Tree): void {
  walk.touch(body)
  walk.collector.ddl = true
  walk.collector.readOnly = false
  walk.collector.opaque = true
}
