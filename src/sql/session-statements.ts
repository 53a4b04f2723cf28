import { quoteName } from '../base/sql-name.ts'
import { needEverything } from './action-calls.ts'
import type { StatementAnalysis } from './analysis.ts'
import { castTo, GIVEN } from './casts.ts'
import { visitAll } from './expression.ts'
import { Scope } from './scope.ts'
import { analyseStatement } from './statement.ts'
import { type Node, nodeOf, nodesOf, textOf } from './tree.ts'
import { isBuiltInType } from './value-type.ts'
import type { Walk } from './walk.ts'

/** CURSOR_OPT_HOLD of parsenodes.h. */
const HOLD = 0x0020

/** A statement inside PREPARE or DECLARE: its needs are this one's too, and are kept for when it runs. */
function analyseInside(walk: Walk, field: unknown): StatementAnalysis | undefined {
  const node = nodeOf(field)
  if (!node) return undefined
  const inner = walk.isolate(() => analyseStatement(walk, node))
  const needs = inner.finish()
  walk.collector.absorb(inner, needs)
  const { ddl, opaque, readOnly, plain, effects } = inner
  return { kind: node.type, start: 0, end: 0, ...needs, effects, ddl, opaque, readOnly, plain }
}

export function analysePrepare(walk: Walk, { body }: Node): void {
  walk.touch(body)
  const types = nodesOf(body.argtypes)
  for (const type of types) castTo(walk, type.body, GIVEN)
  walk.hasCustomParameters = types.some((type) => !isBuiltInType(type.body))
  const statement = analyseInside(walk, body.query)
  walk.hasCustomParameters = false
  walk.collector.plain = false
  if (statement) walk.collector.effects.prepare = { name: textOf(body.name) ?? '', statement }
}

export function analyseDeclare(walk: Walk, { body }: Node): void {
  walk.touch(body)
  const statement = analyseInside(walk, body.query)
  walk.collector.plain = false
  const hold = (Number(body.options ?? 0) & HOLD) !== 0
  if (statement) walk.collector.effects.declare = { name: textOf(body.portalname) ?? '', hold, statement }
}

/** EXECUTE runs what this session prepared and what was judged then; its parameters are expressions of now. */
export function analyseExecute(walk: Walk, { body }: Node): void {
  walk.touch(body)
  visitAll(walk, new Scope(), body.params)
  walk.collector.effects.execute = textOf(body.name) ?? ''
  walk.collector.plain = false
  walk.collector.readOnly = false
  walk.collector.opaque = true
}

export function analyseDeallocate(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.effects.deallocate = { name: body.isall ? undefined : textOf(body.name) }
  walk.collector.plain = false
}

export function analyseFetch(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.effects.fetch = textOf(body.portalname) ?? ''
  walk.collector.plain = false
}

export function analyseClose(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.effects.close = { name: textOf(body.portalname) }
  walk.collector.plain = false
}

/** EXPLAIN is judged as what it explains, with ANALYZE or without. */
export function analyseExplain(walk: Walk, { body }: Node): void {
  walk.touch(body)
  const node = nodeOf(body.query)
  if (!node) return
  const inner = walk.isolate(() => analyseStatement(walk, node))
  walk.collector.absorb(inner, inner.finish())
  walk.collector.plain = false
  const { execute, set } = inner.effects
  if (execute !== undefined) walk.collector.effects.execute = execute
  if (set) walk.collector.effects.set = set
}

export function analyseDiscard(walk: Walk, { body }: Node): void {
  walk.touch(body)
  const kinds = {
    DISCARD_ALL: 'all',
    DISCARD_PLANS: 'plans',
    DISCARD_SEQUENCES: 'sequences',
    DISCARD_TEMP: 'temp',
  } as const
  walk.collector.effects.discard = kinds[body.target as keyof typeof kinds] ?? 'all'
  walk.collector.plain = false
}

export function analyseListen(walk: Walk, { body }: Node): void {
  walk.touch(body)
  const name = textOf(body.conditionname) ?? ''
  walk.collector.effects.listen = name
  walk.collector.plain = false
  walk.need({ action: 'listen', kind: 'channel', object: quoteName(name), targets: [{ schema: undefined, name }] })
}

export function analyseNotify(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.flags.exact = true
  walk.collector.readOnly = false
  walk.collector.plain = false
  const name = textOf(body.conditionname) ?? ''
  walk.need({ action: 'notify', kind: 'channel', object: quoteName(name), targets: [{ schema: undefined, name }] })
}

export function analyseUnlisten(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.effects.unlisten = { name: textOf(body.conditionname) }
  walk.collector.plain = false
}

export function analyseCheckpoint(walk: Walk, { body }: Node): void {
  walk.touch(body)
  walk.collector.readOnly = false
  needEverything(walk, 'maintain', 'any')
}
