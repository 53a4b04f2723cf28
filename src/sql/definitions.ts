import { quoteName } from '../base/sql-name.ts'
import type { SessionRelation } from './analysis.ts'
import { castTo, GIVEN } from './casts.ts'
import { UNKNOWN_COLUMNS } from './columns.ts'
import { visitAll, visitFields, visitTyped } from './expression.ts'
import { needRelationAction } from './named-object.ts'
import { isTemporary, makeRelation, needNewName, needNewRelation } from './new-object.ts'
import { needOperator } from './operators.ts'
import type { Tree } from './parser.ts'
import { analyseQuery } from './query.ts'
import { resolveRangeVar } from './relation-name.ts'
import { type Item, Scope } from './scope.ts'
import { analyseStatement } from './statement.ts'
import { type Node, nodeOf, nodesOf, stringsOf, textOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** The scope of expressions in a table's definition: its own columns, which read nothing. */
export function definitionScope(): Scope {
  const item: Item = {
    name: undefined,
    use: undefined,
    hasAlias: false,
    columns: UNKNOWN_COLUMNS,
    columnsVisible: true,
    nameVisible: false,
    locks: [],
  }
  return new Scope(undefined, [item])
}

/** CREATE TABLE. INHERITS and PARTITION OF need `alter` on both; LIKE reads the definition of its source. */
export function analyseCreateTable(walk: Walk, { body }: Node): void {
  walk.touch(body)
  const relation = treeOf(body.relation) ?? {}
  const elements = nodesOf(body.tableElts)
  const parents = nodesOf(body.inhRelations)
  makeRelation(walk, relation)
  for (const parent of parents) {
    needRelationAction(walk, 'alter', parent.body)
    if (!isTemporary(relation)) {
      needNewName(walk, 'alter', 'relation', textOf(relation.schemaname), textOf(relation.relname) ?? '')
    }
  }
  castTo(walk, treeOf(body.ofTypename), GIVEN)
  const scope = definitionScope()
  for (const element of [...elements, ...nodesOf(body.constraints), ...nodesOf(body.nnconstraints)]) {
    analyseElement(walk, scope, element)
  }
  visitTyped(walk, scope, 'PartitionBoundSpec', body.partbound)
  visitTyped(walk, scope, 'PartitionSpec', body.partspec)
  visitAll(walk, scope, body.options)
}

/** One element of a table: a column, a constraint, LIKE. */
export function analyseElement(walk: Walk, scope: Scope, { type, body }: Node): void {
  walk.touch(body)
  if (type === 'TableLikeClause') {
    const source = treeOf(body.relation) ?? {}
    walk.collector.needRelation('select', resolveRangeVar(walk, source), 'all')
    return
  }
  if (type === 'Constraint') {
    analyseConstraint(walk, scope, body)
    return
  }
  if (type !== 'ColumnDef') {
    walk.refuse('a part of the statement is not understood', type)
    return
  }
  const { constraints, ...rest } = body
  castTo(walk, treeOf(body.typeName), GIVEN)
  visitFields(walk, scope, type, rest)
  for (const constraint of nodesOf(constraints)) analyseElement(walk, scope, constraint)
}

/** A foreign key needs `references` on the columns it points to: those of the primary key where none are named. */
function analyseConstraint(walk: Walk, scope: Scope, body: Tree): void {
  const { pktable, exclusions, ...rest } = body
  visitFields(walk, scope, 'Constraint', rest)
  for (const pair of nodesOf(exclusions)) {
    const [element, operator] = Array.isArray(pair.body.items) ? pair.body.items : []
    visitAll(walk, scope, element)
    needOperator(walk, stringsOf(nodeOf(operator)?.body.items))
  }
  const target = treeOf(pktable)
  if (!target) return
  const relation = resolveRangeVar(walk, target)
  const listed = stringsOf(body.pk_attrs)
  const key = relation.candidates.length === 1 ? relation.candidates[0]?.relation?.primaryKey : undefined
  walk.collector.needRelation('references', relation, listed.length > 0 ? listed : (key ?? 'all'))
}

/** CREATE TABLE AS and CREATE MATERIALIZED VIEW; the query may be an EXECUTE. */
export function analyseCreateTableAs(walk: Walk, { body }: Node): void {
  walk.touch(body)
  const into = treeOf(body.into) ?? {}
  const query = nodeOf(body.query)
  if (query?.type === 'ExecuteStmt') {
    analyseStatement(walk, query)
  } else if (query) analyseQuery(walk, new Scope(), query)
  needNewRelation(walk, into)
}

/** CREATE VIEW: its query is judged now; a temporary view's again at each use. OR REPLACE changes the one there is. */
export function analyseCreateView(walk: Walk, { body }: Node): void {
  walk.touch(body)
  const view = treeOf(body.view) ?? {}
  const query = nodeOf(body.query)
  visitAll(walk, new Scope(), body.options)
  const inner = walk.isolate(() => {
    if (query) analyseQuery(walk, new Scope(), query)
  })
  const needs = inner.finish()
  walk.collector.absorb(inner, needs)
  const { schemaname, relname } = view
  const name = textOf(relname) ?? ''
  if (isTemporary(view)) {
    walk.touch(view)
    const made: SessionRelation = { name, needs: needs.accesses }
    walk.collector.effects.makesTemporary = [made]
    walk.collector.ddl = true
    walk.collector.readOnly = false
    return
  }
  makeRelation(walk, view)
  const schema = textOf(schemaname)
  const exists =
    schema === undefined ? walk.catalog.relationsNamed(name).length > 0 : walk.catalog.relation(schema, name)
  if (body.replace && (exists || walk.catalog.namesOnly)) needNewName(walk, 'alter', 'relation', schema, name)
}

/** CREATE INDEX makes an index beside its table, which it changes. */
export function analyseCreateIndex(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.ddl = true
  const table = treeOf(body.relation) ?? {}
  const relation = needRelationAction(walk, 'alter', table)
  const scope = definitionScope()
  visitAll(walk, scope, body.indexParams)
  visitAll(walk, scope, body.indexIncludingParams)
  visitAll(walk, scope, body.whereClause)
  visitAll(walk, scope, body.options)
  const name = textOf(body.idxname) ?? relation.name
  for (const { schema, isTemporary: isFree } of relation.candidates) {
    if (!isFree) needNewName(walk, 'create', 'relation', schema, name)
  }
}

/** CREATE SCHEMA, with what is made in it at once; AUTHORIZATION gives it to another role. */
export function analyseCreateSchema(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.ddl = true
  walk.collector.readOnly = false
  const owner = treeOf(body.authrole)
  const schema = textOf(body.schemaname) ?? textOf(owner?.rolename) ?? ''
  walk.need({ action: 'create', kind: 'schema', object: quoteName(schema), targets: [{ schema, name: '' }] })
  if (owner) walk.need({ action: 'grant', kind: 'any', object: '*', targets: [{ schema: undefined, name: '*' }] })
  for (const element of nodesOf(body.schemaElts)) {
    walk.touch(element.body)
    const placed = { ...element.body }
    for (const field of ['relation', 'view', 'sequence']) {
      const rangeVar = treeOf(placed[field])
      if (!rangeVar) continue
      walk.touch(rangeVar)
      placed[field] = { ...rangeVar, schemaname: rangeVar.schemaname ?? schema }
    }
    analyseStatement(walk, { type: element.type, body: placed })
  }
}
