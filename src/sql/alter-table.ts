import { needEverything } from './action-calls.ts'
import { analyseElement, definitionScope } from './definitions.ts'
import { visitAll } from './expression.ts'
import { tablesOfIndex } from './maintenance.ts'
import { needCascade, needRelationAction, needRelationNamed } from './named-object.ts'
import type { RelationName } from './relation-name.ts'
import { needAll } from './statement.ts'
import { type Node, nodeOf, nodesOf, treeOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** What each ALTER TABLE command needs beside `alter` on the table itself. */
type Needs = 'nothing' | 'element' | 'expression' | 'other-table' | 'partition' | 'code' | 'grant' | 'all'

const COMMANDS: Readonly<Record<string, Needs>> = {
  AT_AddColumn: 'element',
  AT_ColumnDefault: 'expression',
  AT_DropNotNull: 'nothing',
  AT_SetNotNull: 'nothing',
  AT_SetExpression: 'expression',
  AT_DropExpression: 'nothing',
  AT_SetStatistics: 'nothing',
  AT_SetOptions: 'nothing',
  AT_ResetOptions: 'nothing',
  AT_SetStorage: 'nothing',
  AT_SetCompression: 'nothing',
  AT_DropColumn: 'nothing',
  AT_AddConstraint: 'element',
  AT_AlterConstraint: 'nothing',
  AT_ValidateConstraint: 'nothing',
  AT_DropConstraint: 'nothing',
  AT_AlterColumnType: 'element',
  AT_AlterColumnGenericOptions: 'all',
  AT_ChangeOwner: 'grant',
  AT_ClusterOn: 'nothing',
  AT_DropCluster: 'nothing',
  AT_SetLogged: 'nothing',
  AT_SetUnLogged: 'nothing',
  AT_DropOids: 'nothing',
  AT_SetAccessMethod: 'nothing',
  AT_SetTableSpace: 'nothing',
  AT_SetRelOptions: 'nothing',
  AT_ResetRelOptions: 'nothing',
  AT_ReplaceRelOptions: 'nothing',
  AT_EnableTrig: 'code',
  AT_EnableAlwaysTrig: 'code',
  AT_EnableReplicaTrig: 'code',
  AT_DisableTrig: 'code',
  AT_EnableTrigAll: 'code',
  AT_DisableTrigAll: 'code',
  AT_EnableTrigUser: 'code',
  AT_DisableTrigUser: 'code',
  AT_EnableRule: 'code',
  AT_EnableAlwaysRule: 'code',
  AT_EnableReplicaRule: 'code',
  AT_DisableRule: 'code',
  AT_AddInherit: 'other-table',
  AT_DropInherit: 'other-table',
  AT_AddOf: 'nothing',
  AT_DropOf: 'nothing',
  AT_ReplicaIdentity: 'nothing',
  AT_EnableRowSecurity: 'grant',
  AT_DisableRowSecurity: 'grant',
  AT_ForceRowSecurity: 'grant',
  AT_NoForceRowSecurity: 'grant',
  AT_GenericOptions: 'all',
  AT_AttachPartition: 'partition',
  AT_DetachPartition: 'partition',
  AT_DetachPartitionFinalize: 'partition',
  AT_AddIdentity: 'element',
  AT_SetIdentity: 'nothing',
  AT_DropIdentity: 'nothing',
}

/** ALTER TABLE, VIEW, INDEX, SEQUENCE, TYPE …: `alter` on what is named, and what each command needs beside. */
export function analyseAlterTable(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.ddl = true
  walk.collector.readOnly = false
  walk.collector.opaque = true
  if (body.objtype === 'OBJECT_FOREIGN_TABLE') {
    needAll(walk)
    return
  }
  const rangeVar = treeOf(body.relation) ?? {}
  const relation = needRelationAction(walk, 'alter', rangeVar)
  if (body.objtype === 'OBJECT_INDEX') {
    for (const { schema, name } of tablesOfIndex(walk, rangeVar)) needRelationNamed(walk, 'alter', [schema, name])
  }
  for (const command of nodesOf(body.cmds)) analyseCommand(walk, relation, command)
}

function analyseCommand(walk: Walk, relation: RelationName, { body }: Node): void {
  walk.touch(body)
  const needs = COMMANDS[String(body.subtype)] ?? 'all'
  const definition = nodeOf(body.def)
  if (body.behavior === 'DROP_CASCADE') needCascade(walk, relation)
  switch (needs) {
    case 'element':
      if (!definition) return
      if (definition.type === 'ColumnDef') walk.touch(definition.body)
      analyseElement(walk, definitionScope(), definition)
      return
    case 'other-table':
      if (definition) needRelationAction(walk, 'alter', definition.body)
      return
    case 'partition': {
      const name = treeOf(definition?.body.name)
      if (definition) walk.touch(definition.body)
      if (name) needRelationAction(walk, 'alter', name)
      const bound = treeOf(definition?.body.bound)
      if (bound) visitAll(walk, definitionScope(), { PartitionBoundSpec: bound })
      return
    }
    case 'code':
    case 'grant':
      needEverything(walk, needs, 'any')
      return
    case 'all':
      walk.touchEverything()
      needEverything(walk, 'all', 'any')
      return
    default:
      visitAll(walk, definitionScope(), body.def)
  }
}
