import type { Access, Action, ColumnNeed, Target } from '../base/access.ts'
import { quoteName, splitDottedName } from '../base/sql-name.ts'

/** One access as JSON shows it, in `explain` and in the audit: one object, columns as a list, `*` for all. */
export interface AccessRecord {
  readonly action: Action
  /** `schema.name`, a schema, a parameter, a channel, or `*`. */
  readonly object: string
  readonly columns?: readonly string[]
  /** A harmless catalog or function: `metadata: visible` gives it. */
  readonly metadata?: true
}

/** An access as records: one for each object its name may mean. */
export function recordsOf(access: Access): AccessRecord[] {
  const { action, metadata } = access
  const extra = metadata ? { metadata } : {}
  if (access.targets.length === 0) return [{ action, object: access.object, ...columnsOf(access.columns), ...extra }]
  return access.targets.map((target) => ({
    action,
    object: objectText(target),
    ...columnsOf(target.columns),
    ...extra,
  }))
}

/** The object of a target as rules write it. */
export function objectText({ schema, name }: Target): string {
  if (schema === undefined) return name
  if (name === '') return quoteName(schema)
  return `${quoteName(schema)}.${name === '*' ? '*' : quoteName(name)}`
}

/** The access a record stands for; undefined where it is not one (an older line, another program's). */
export function accessOf({ action, object, columns, metadata }: AccessRecord): Access | undefined {
  const need = columns?.includes('*') ? ('all' as const) : columns
  const shown = need === undefined ? {} : { columns: need }
  const access = (kind: Access['kind'], target: Target): Access => ({
    action,
    kind,
    object,
    targets: [target],
    ...shown,
    ...(metadata ? { metadata } : {}),
  })
  if (action === 'set') return access('parameter', { schema: undefined, name: object })
  if (action === 'listen' || action === 'notify') return access('channel', { schema: undefined, name: object })
  if (object === '*') return access('any', { schema: undefined, name: '*' })
  if (object.endsWith('.*')) {
    const [schema] = splitDottedName(object.slice(0, -2), 1) ?? []
    return schema === undefined ? undefined : access('object', { schema, name: '*', ...shown })
  }
  const [first, second] = splitDottedName(object, 2) ?? []
  if (first === undefined) return undefined
  if (second !== undefined) return access('object', { schema: first, name: second, ...shown })
  return { ...access('object', { schema: first, name: '' }), ...(action === 'select' ? { targets: [] } : {}) }
}

function columnsOf(need: ColumnNeed | undefined): { columns?: readonly string[] } {
  return need === undefined ? {} : { columns: need === 'all' ? ['*'] : need }
}
