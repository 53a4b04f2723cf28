import type { Access, Target } from '../base/access.ts'
import { quoteName } from '../base/sql-name.ts'
import { needActionFunction } from './action-calls.ts'
import { castTo } from './casts.ts'
import type { CatalogFunction, ObjectName } from './catalog.ts'
import { classifyFunction, isHarmlessExtensionFunction } from './curation.ts'
import { BUILT_IN_TYPES } from './data/types.ts'
import { UNCURATED_FUNCTIONS } from './data/uncurated-functions.ts'
import { visitAll, visitTyped } from './expression.ts'
import type { Tree } from './parser.ts'
import type { Scope } from './scope.ts'
import { isOfSettingsView } from './settings-view.ts'
import { type Node, nodesOf, stringsOf } from './tree.ts'
import type { Walk } from './walk.ts'

interface CallOptions {
  readonly args?: readonly Node[]
  /** TABLESAMPLE names a method, not a function with arguments. */
  readonly isSampling?: boolean
  /** The server takes for a call what the grammar takes for syntax: built-in functions do not count. */
  readonly isOlderServer?: boolean
}

/** A FuncCall: its arguments, order, filter and window are expressions, and the function is called. */
export function visitFunctionCall(walk: Walk, scope: Scope, body: Tree): void {
  const names = functionName(body)
  const args = nodesOf(body.args)
  walk.touchSetting(body)
  const takesName = isActionOnName(names)
  if (takesName) walk.quietly(() => visitAll(walk, scope, body.args))
  else visitAll(walk, scope, body.args)
  visitAll(walk, scope, body.agg_order)
  visitAll(walk, scope, body.agg_filter)
  visitTyped(walk, scope, 'WindowDef', body.over)
  if (isProjection(walk, scope, names, args) || isOfSettingsView(walk, scope, names, args)) return
  callFunction(walk, names, { args: body.func_variadic ? [] : args })
}

export function functionName(body: Tree): string[] {
  return stringsOf(body.funcname)
}

/** `(expr).f` and `t.f` where `f` may be a function: true where something of that name that is not free was counted. */
export function callNamed(walk: Walk, name: string): boolean {
  const known = walk.catalog.functionsNamed(name)
  const curated = classifyFunction(name)
  if (known.length === 0 && curated === undefined && !UNCURATED_FUNCTIONS.has(name)) return false
  callFunction(walk, [name])
  return curated !== 'free' || known.length > 0
}

/**
 * What a call by that name needs. Unqualified, every function of the name in any schema counts; those of pg_catalog
 * as the curated lists say, all others by `execute`.
 */
export function callFunction(walk: Walk, names: readonly string[], options: CallOptions = {}): void {
  const [name = '', schema, database] = names.toReversed()
  const written = names.map(quoteName).join('.')
  const { catalog } = walk
  if (database !== undefined && catalog.database !== undefined && database !== catalog.database) {
    walk.refuse('another database cannot be reached', written)
  }
  if (schema === undefined) walk.flags.leansOnCatalog = true
  const own = schema === undefined ? catalog.functionsNamed(name) : catalog.functionsIn(schema, name)
  const targets: Target[] = targetsOf(own)
  const isSystem = schema === undefined || schema === 'pg_catalog'
  const isBuiltIn = isSystem && !options.isOlderServer && callBuiltIn(walk, name, written, targets, options)
  if (isBuiltIn && targets.length === 0) return
  if (!isBuiltIn && own.length === 0) {
    if (callAsCast(walk, name, schema, options)) return
    if (schema === 'information_schema') targets.push({ schema, name })
    else if (schema !== undefined) targets.push({ schema, name })
    walk.flags.unknownNames = true
  }
  if (own.length > 0 && targets.length === 0) return
  walk.collector.opaque = true
  walk.collector.readOnly = false
  walk.collector.plain = false
  const metadata = schema === 'information_schema' && name.startsWith('_pg_') ? { metadata: true as const } : {}
  walk.need({ action: 'execute', kind: 'function', object: written, targets, ...metadata })
}

/** Functions known by name, as those behind operators and casts; the harmless ones are free. */
export function needFunctions(walk: Walk, written: string, functions: readonly ObjectName[]): void {
  const access = functionsAccess(walk, written, functions)
  if (access === undefined) return
  walk.collector.opaque = true
  walk.collector.readOnly = false
  walk.collector.plain = false
  walk.need(access)
}

/** What calling them needs; undefined where all are harmless. */
export function functionsAccess(walk: Walk, written: string, functions: readonly ObjectName[]): Access | undefined {
  const known = functions.flatMap(({ schema, name }): CatalogFunction[] => {
    const found = walk.catalog.functionsIn(schema, name)
    return found.length > 0 ? [...found] : [{ schema, name, kind: 'f', volatility: 'v' }]
  })
  const targets = targetsOf(known.filter((one) => one.schema !== 'pg_catalog' || classifyFunction(one.name) !== 'free'))
  if (functions.length > 0 && targets.length === 0) return undefined
  return { action: 'execute', kind: 'function', object: written, targets }
}

/** Whether pg_catalog has the function; what it needs is counted, or added to the targets where it is not curated. */
function callBuiltIn(walk: Walk, name: string, written: string, targets: Target[], options: CallOptions): boolean {
  const curated = classifyFunction(name)
  if (options.isSampling) return name === 'bernoulli' || name === 'system'
  if (name === 'setseed') {
    // What random() gives from here on is no reply's to show, nor a reset's to take back.
    walk.collector.opaque = true
    walk.collector.plain = false
  }
  if (curated === 'free') {
    walk.collector.callFree(name)
    return true
  }
  const target = { schema: 'pg_catalog', name }
  if (curated === 'metadata' || curated === 'session') {
    const session = curated === 'session' ? { ofSession: true as const } : {}
    const access = { action: 'execute', kind: 'function', object: written, targets: [target] } as const
    walk.need({ ...access, metadata: true, ...session })
    return true
  }
  if (curated) {
    needActionFunction(walk, name, curated, options.args ?? [])
    return true
  }
  if (!UNCURATED_FUNCTIONS.has(name)) return false
  targets.push(target)
  return true
}

/** `typename(expr)` is a cast where no function has that name. */
function callAsCast(walk: Walk, name: string, schema: string | undefined, { args }: CallOptions): boolean {
  if (args?.length !== 1) return false
  const isType = (schema === undefined || schema === 'pg_catalog') && BUILT_IN_TYPES.has(name)
  if (!isType && walk.catalog.castsTo(schema, name).length === 0) return false
  const names = [schema, name].filter((part) => part !== undefined).map((sval) => ({ String: { sval } }))
  castTo(walk, { names }, args[0])
  return true
}

/** `f(t)` where no function is called `f` and `t` is in FROM: it is column `f` of the row, which counts as read whole. */
function isProjection(walk: Walk, scope: Scope, names: readonly string[], args: readonly Node[]): boolean {
  const [arg] = args
  const [name = ''] = names
  if (names.length !== 1 || args.length !== 1 || arg?.type !== 'ColumnRef' || walk.catalog.namesOnly) return false
  const isFunction =
    walk.catalog.functionsNamed(name).length > 0 ||
    classifyFunction(name) !== undefined ||
    UNCURATED_FUNCTIONS.has(name)
  const fields = stringsOf(arg.body.fields)
  return (
    !isFunction &&
    fields.length === 1 &&
    scope.named(fields[0] ?? '').some((item) => item.columns.list.some((column) => column.name === name))
  )
}

function isActionOnName(names: readonly string[]): boolean {
  const curated = classifyFunction(names.at(-1) ?? '')
  return typeof curated === 'object' && (curated.object === 'sequence' || curated.object === 'relation')
}

function targetsOf(functions: readonly CatalogFunction[]): Target[] {
  const targets = new Map<string, Target>()
  for (const { schema, name, extension } of functions) {
    if (!isHarmlessExtensionFunction(extension, name)) targets.set(`${schema}.${name}`, { schema, name })
  }
  return [...targets.values()]
}
