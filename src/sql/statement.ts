import { needEverything } from './action-calls.ts'
import {
  analyseAlterSystem,
  analyseDo,
  analyseFunctionDefinition,
  analyseFunctionUse,
  analyseStoredSetting,
  needCode,
  needGrant,
} from './administration.ts'
import { analyseAlterTable } from './alter-table.ts'
import { analyseCopy } from './copy.ts'
import {
  analyseCreateIndex,
  analyseCreateSchema,
  analyseCreateTable,
  analyseCreateTableAs,
  analyseCreateView,
} from './definitions.ts'
import { analyseComment, analyseDrop } from './drop.ts'
import { visitTyped } from './expression.ts'
import {
  analyseCluster,
  analyseLock,
  analyseRefresh,
  analyseReindex,
  analyseTruncate,
  analyseVacuum,
} from './maintenance.ts'
import {
  alterNamed,
  analyseAlterDomain,
  analyseAlterEnum,
  analyseAlterSequence,
  analyseCompositeType,
  analyseCreateDomain,
  analyseCreateSequence,
  analyseCreateStatistics,
  analyseDefine,
  analyseEnum,
  analyseRange,
} from './other-objects.ts'
import { analyseQuery } from './query.ts'
import { analyseRename, analyseSetSchema } from './rename.ts'
import { Scope } from './scope.ts'
import {
  analyseCheckpoint,
  analyseClose,
  analyseDeallocate,
  analyseDeclare,
  analyseDiscard,
  analyseExecute,
  analyseExplain,
  analyseFetch,
  analyseListen,
  analyseNotify,
  analysePrepare,
  analyseUnlisten,
} from './session-statements.ts'
import { analyseSet, analyseShow } from './settings.ts'
import { analyseTransaction } from './transaction.ts'
import type { Node } from './tree.ts'
import type { Walk } from './walk.ts'

type Handler = (walk: Walk, node: Node) => void

const query: Handler = (walk, node) => {
  analyseQuery(walk, new Scope(), node)
}

const call: Handler = (walk, { body }) => {
  walk.touch(body)
  walk.collector.opaque = true
  walk.collector.readOnly = false
  visitTyped(walk, new Scope(), 'FuncCall', body.funccall)
}

/** What has no effect beyond the transaction's own order of checks. */
const free: Handler = (walk) => walk.touchEverything()

const all: Handler = (walk) => needAll(walk)

/** One row per statement of PostgreSQL 18's grammar; a test compares with the grammar's list. */
export const STATEMENTS: Readonly<Record<string, Handler>> = {
  SelectStmt: query,
  InsertStmt: query,
  UpdateStmt: query,
  DeleteStmt: query,
  MergeStmt: query,
  CallStmt: call,
  CopyStmt: analyseCopy,
  DoStmt: analyseDo,
  ExplainStmt: analyseExplain,
  PrepareStmt: analysePrepare,
  ExecuteStmt: analyseExecute,
  DeallocateStmt: analyseDeallocate,
  DeclareCursorStmt: analyseDeclare,
  FetchStmt: analyseFetch,
  ClosePortalStmt: analyseClose,

  TransactionStmt: (walk, { body }) => analyseTransaction(walk, body),
  ConstraintsSetStmt: free,
  VariableSetStmt: (walk, { body }) => analyseSet(walk, body),
  VariableShowStmt: (walk, { body }) => analyseShow(walk, body),
  DiscardStmt: analyseDiscard,
  ListenStmt: analyseListen,
  NotifyStmt: analyseNotify,
  UnlistenStmt: analyseUnlisten,

  TruncateStmt: analyseTruncate,
  LockStmt: analyseLock,
  VacuumStmt: analyseVacuum,
  ClusterStmt: analyseCluster,
  ReindexStmt: analyseReindex,
  RefreshMatViewStmt: analyseRefresh,
  CheckPointStmt: analyseCheckpoint,

  CreateStmt: analyseCreateTable,
  CreateTableAsStmt: analyseCreateTableAs,
  ViewStmt: analyseCreateView,
  IndexStmt: analyseCreateIndex,
  CreateSchemaStmt: analyseCreateSchema,
  CreateSeqStmt: analyseCreateSequence,
  CreateStatsStmt: analyseCreateStatistics,
  CompositeTypeStmt: analyseCompositeType,
  CreateEnumStmt: analyseEnum,
  CreateRangeStmt: analyseRange,
  CreateDomainStmt: analyseCreateDomain,
  DefineStmt: analyseDefine,

  AlterTableStmt: analyseAlterTable,
  AlterSeqStmt: analyseAlterSequence,
  AlterDomainStmt: analyseAlterDomain,
  AlterEnumStmt: analyseAlterEnum,
  AlterCollationStmt: alterNamed('collname'),
  AlterStatsStmt: alterNamed('defnames'),
  AlterTSDictionaryStmt: alterNamed('dictname'),
  AlterTSConfigurationStmt: alterNamed('cfgname'),
  RenameStmt: analyseRename,
  AlterObjectSchemaStmt: analyseSetSchema,
  CommentStmt: analyseComment,
  DropStmt: analyseDrop,

  CreateFunctionStmt: analyseFunctionDefinition,
  AlterFunctionStmt: analyseFunctionDefinition,
  AlterObjectDependsStmt: needCode,
  AlterTypeStmt: needCode,
  AlterOperatorStmt: needCode,
  AlterOpFamilyStmt: needCode,
  CreateOpClassStmt: needCode,
  CreateOpFamilyStmt: needCode,
  CreateCastStmt: analyseFunctionUse,
  CreateTransformStmt: needCode,
  CreateConversionStmt: needCode,
  CreateTrigStmt: needCode,
  CreateEventTrigStmt: needCode,
  AlterEventTrigStmt: needCode,
  RuleStmt: needCode,
  CreatePLangStmt: needCode,
  CreateExtensionStmt: needCode,
  AlterExtensionStmt: needCode,
  AlterExtensionContentsStmt: needCode,

  GrantStmt: needGrant,
  GrantRoleStmt: needGrant,
  AlterDefaultPrivilegesStmt: needGrant,
  CreateRoleStmt: needGrant,
  AlterRoleStmt: needGrant,
  DropRoleStmt: needGrant,
  AlterRoleSetStmt: analyseStoredSetting,
  AlterDatabaseSetStmt: analyseStoredSetting,
  AlterOwnerStmt: needGrant,
  DropOwnedStmt: needGrant,
  ReassignOwnedStmt: needGrant,
  CreatePolicyStmt: needGrant,
  AlterPolicyStmt: needGrant,

  AlterDatabaseRefreshCollStmt: all,
  AlterDatabaseStmt: all,
  AlterFdwStmt: all,
  AlterForeignServerStmt: all,
  AlterPublicationStmt: all,
  AlterSubscriptionStmt: all,
  AlterSystemStmt: analyseAlterSystem,
  AlterTableMoveAllStmt: all,
  AlterTableSpaceOptionsStmt: all,
  AlterUserMappingStmt: all,
  CreateAmStmt: all,
  CreateFdwStmt: all,
  CreateForeignServerStmt: all,
  CreateForeignTableStmt: all,
  CreatePublicationStmt: all,
  CreateSubscriptionStmt: all,
  CreateTableSpaceStmt: all,
  CreateUserMappingStmt: all,
  CreatedbStmt: all,
  DropSubscriptionStmt: all,
  DropTableSpaceStmt: all,
  DropUserMappingStmt: all,
  DropdbStmt: all,
  ImportForeignSchemaStmt: all,
  LoadStmt: all,
  SecLabelStmt: all,
}

/** Counts what a statement needs into the walk's collector. */
export function analyseStatement(walk: Walk, node: Node): void {
  const handler = Object.hasOwn(STATEMENTS, node.type) ? STATEMENTS[node.type] : undefined
  if (handler) handler(walk, node)
  else walk.refuse('this statement is not understood', node.type)
}

/** What has no row of its own: only `all` allows it, whatever is in it. */
export function needAll(walk: Walk): void {
  walk.touchEverything()
  walk.collector.readOnly = false
  walk.collector.opaque = true
  walk.collector.ddl = true
  needEverything(walk, 'all', 'any')
}
