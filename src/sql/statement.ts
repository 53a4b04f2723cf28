import { needEverything } from './action-calls.ts'
import { analyseQuery } from './query.ts'
import { Scope } from './scope.ts'
import { analyseSet, analyseShow } from './settings.ts'
import { analyseTransaction } from './transaction.ts'
import type { Node } from './tree.ts'
import type { Walk } from './walk.ts'

type Handler = (walk: Walk, node: Node) => void

const query: Handler = (walk, node) => {
  analyseQuery(walk, new Scope(), node)
}

/** One row per statement the grammar has. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  SelectStmt: query,
  InsertStmt: query,
  UpdateStmt: query,
  DeleteStmt: query,
  MergeStmt: query,
  TransactionStmt: (walk, { body }) => analyseTransaction(walk, body),
  VariableSetStmt: (walk, { body }) => analyseSet(walk, body),
  VariableShowStmt: (walk, { body }) => analyseShow(walk, body),
}

/** Counts what a statement needs into the walk's collector. */
export function analyseStatement(walk: Walk, node: Node): void {
  const handler = Object.hasOwn(HANDLERS, node.type) ? HANDLERS[node.type] : undefined
  if (handler) handler(walk, node)
  else needAll(walk)
}

/** What has no row of its own: only `all` allows it, whatever is in it. */
export function needAll(walk: Walk): void {
  walk.touchEverything()
  walk.collector.readOnly = false
  walk.collector.opaque = true
  walk.collector.ddl = true
  needEverything(walk, 'all', 'any')
}
