import type { Access, Action, ColumnNeed, Target } from '../base/access.ts'
import type { RuleObject, RuleSet } from './policy.ts'

/** Schemas that `"*"` leaves out: a system catalog is given by `metadata`, by its own name, or by `all`. */
const SYSTEM_SCHEMAS = new Set(['pg_catalog', 'information_schema', 'pg_toast'])

interface ColumnRule {
  /** Undefined: all columns. */
  readonly columns: ReadonlySet<string> | undefined
  readonly by: string
}

interface ActionRules {
  readonly everything: string[]
  readonly schemas: Map<string, string[]>
  readonly objects: Map<string, ColumnRule[]>
}

/** Rules of any number of scopes, laid out for look-up by action and object. */
export class RuleIndex {
  readonly #actions = new Map<Action, ActionRules>()
  readonly #all: string[] = []

  add(rules: RuleSet, by: string): void {
    if (rules.all) this.#all.push(by)
    for (const [action, objects] of rules.objects) {
      for (const object of objects) this.#addObject(action, object, by)
    }
  }

  #addObject(action: Action, object: RuleObject, by: string): void {
    const rules: ActionRules = this.#actions.get(action) ?? { everything: [], schemas: new Map(), objects: new Map() }
    this.#actions.set(action, rules)
    if (object.schema === '*') rules.everything.push(by)
    else if (object.name === '*' && object.schema !== undefined) append(rules.schemas, object.schema, by)
    else {
      const columns = object.columns && new Set(object.columns)
      append(rules.objects, keyOf(object), { columns, by })
    }
  }

  /** Who gives this access on this target; undefined where nobody does. */
  allowedBy(access: Access, target: Target): readonly string[] | undefined {
    const by = [...this.#all]
    const rules = this.#actions.get(access.action)
    if (rules) {
      if (!isSystem(target)) by.push(...rules.everything)
      if (target.schema !== undefined && (!isSystem(target) || access.metadata)) {
        by.push(...(rules.schemas.get(target.schema) ?? []))
      }
      if (target.name !== '*') by.push(...coveringRules(rules.objects.get(keyOf(target)) ?? [], target.columns))
    }
    return by.length > 0 ? [...new Set(by)] : undefined
  }

  /** Whether an unknown name would be given: only to who has the action on everything. */
  allowedUnknown(action: Action): readonly string[] | undefined {
    const by = [...this.#all, ...(this.#actions.get(action)?.everything ?? [])]
    return by.length > 0 ? [...new Set(by)] : undefined
  }

  /** As `never`: whether any rule of that action touches the target or a part of it. */
  touches(action: Action, target: Target): boolean {
    if (this.#all.length > 0) return true
    const rules = this.#actions.get(action)
    if (!rules) return false
    if (target.schema === undefined && target.name === '*') return true
    if (rules.everything.length > 0 && !isSystem(target)) return true
    if (target.schema !== undefined && rules.schemas.has(target.schema)) return true
    if (target.name === '*' || target.name === '') {
      const prefix = `${target.schema}\0`
      return [...rules.objects.keys()].some((key) => key.startsWith(prefix))
    }
    return (rules.objects.get(keyOf(target)) ?? []).some((rule) => meets(rule, target.columns))
  }

  /** Whether a rule speaks of single columns of the target, which others may come to be added to. */
  knowsColumns(action: Action, target: Target): boolean {
    const rules = target.columns === undefined ? undefined : this.#actions.get(action)?.objects.get(keyOf(target))
    return rules?.some(({ columns }) => columns !== undefined) ?? false
  }

  /** As `never`: whether a rule of any action names the target, whatever its columns. */
  touchesAnyhow(target: Target): boolean {
    const whole = { schema: target.schema, name: target.name, columns: 'all' as const }
    return this.#all.length > 0 || [...this.#actions.keys()].some((action) => this.touches(action, whole))
  }

  /** As `never`: whether a rule of that action names an object so called in any schema. */
  touchesName(action: Action, name: string): boolean {
    const rules = this.#actions.get(action)
    if (this.#all.length > 0 || (rules && rules.everything.length > 0)) return true
    return rules !== undefined && [...rules.objects.keys()].some((key) => key.endsWith(`\0${name}`))
  }
}

function coveringRules(rules: readonly ColumnRule[], need: ColumnNeed | undefined): string[] {
  const whole = rules.filter((rule) => rule.columns === undefined).map((rule) => rule.by)
  if (whole.length > 0 || need === undefined || need === 'all') return whole
  if (need.length === 0) return rules.map((rule) => rule.by)
  const given = rules.filter((rule) => need.some((column) => rule.columns?.has(column)))
  const isCovered = need.every((column) => given.some((rule) => rule.columns?.has(column)))
  return isCovered ? given.map((rule) => rule.by) : []
}

function meets(rule: ColumnRule, need: ColumnNeed | undefined): boolean {
  if (rule.columns === undefined || need === 'all') return true
  return need?.some((column) => rule.columns?.has(column)) ?? false
}

function isSystem(target: Target): boolean {
  return target.schema !== undefined && SYSTEM_SCHEMAS.has(target.schema)
}

function keyOf({ schema, name }: { schema: string | undefined; name: string }): string {
  return `${schema ?? ''}\0${name}`
}

function append<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
