import type { Access, Action, Asked, ColumnNeed, Needs, Refusal, Target } from '../base/access.ts'
import type { SessionEffects } from './analysis.ts'
import type { ObjectName } from './catalog.ts'
import { areMetadata } from './curation.ts'
import type { Candidate, RelationName } from './relation-name.ts'
import { RelationUse } from './relation-use.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Gathers what one statement needs. */
export class Collector {
  readonly effects: Mutable<SessionEffects> = {}
  ddl = false
  opaque = false
  readOnly = true
  plain = true
  /** Functions of pg_catalog that are free for everyone: called all the same, which `never` may forbid. */
  #freeCalls: Set<string> | undefined
  #refusal: Refusal | undefined
  #asked: Asked | undefined
  readonly #uses: RelationUse[] = []
  readonly #accesses: Access[] = []

  refuse(reason: string, object: string): void {
    this.#refusal ??= { reason, object }
  }

  need(access: Access): void {
    this.#accesses.push(this.#asked ? { ...access, asked: this.#asked } : access)
  }

  /** What is needed by this is reached through what the client asked for, and is not for it to hear of. */
  through<T>(asked: Asked, action: () => T): T {
    const before = this.#asked
    this.#asked ??= asked
    const result = action()
    this.#asked = before
    return result
  }

  callFree(name: string): void {
    this.#freeCalls ??= new Set()
    this.#freeCalls.add(name)
  }

  /** A relation, with all that is under it, is another once this statement ran. */
  change(relation: ObjectName): void {
    this.effects.changes = [...(this.effects.changes ?? []), relation]
  }

  /** A mention of a relation whose reads are counted until the statement's end. */
  use(relation: RelationName, isSource: boolean): RelationUse {
    const use = new RelationUse(relation, isSource, this.#asked)
    this.#uses.push(use)
    for (const { relation: known, system } of relation.candidates) {
      if (!known || system || known.rowSecurity || known.kind === 'v' || known.kind === 'f') this.plain = false
    }
    if (relation.candidates.length === 0) this.plain = false
    return use
  }

  /** An action on whatever the name may mean. Temporary relations of the session are free. */
  needRelation(action: Action, relation: RelationName, columns?: ColumnNeed, extra: Partial<Access> = {}): void {
    if (action !== 'select') this.readOnly = false
    const { written, candidates } = relation
    const kind = 'relation'
    if (candidates.length === 0) {
      this.need({ action, kind, object: written, targets: [], ...(columns ? { columns } : {}), ...extra })
      return
    }
    const [first] = candidates
    if (first && candidates.length === 1 && !first.system && !first.isTemporary && !first.relation?.needs) {
      const target = targetOf(first, columns)
      this.need({ action, kind, object: written, ...shownColumns([target]), targets: [target], ...extra })
      return
    }
    const groups = new Map<string, Candidate[]>()
    for (const one of candidates) {
      for (const need of one.relation?.needs ?? []) this.need(need)
      if (one.isTemporary) continue
      const group = one.system ?? 'user'
      groups.set(group, [...(groups.get(group) ?? []), one])
    }
    for (const [group, members] of groups) {
      const targets = members.map((one) => targetOf(one, columns))
      const shown = shownColumns(targets)
      const isHarmless = members.every((one) => areMetadata(one, columns))
      const metadata = action === 'select' && isHarmless ? { metadata: true as const } : {}
      const session = group === 'session' ? { ofSession: true as const } : {}
      this.need({ action, kind, object: written, ...shown, targets, ...metadata, ...session, ...extra })
    }
  }

  /** Takes over what a statement inside this one needs. */
  absorb(inner: Collector, needs: Needs): void {
    for (const access of needs.accesses) this.need(access)
    if (needs.refusal) this.refuse(needs.refusal.reason, needs.refusal.object)
    this.ddl ||= inner.ddl
    this.opaque ||= inner.opaque
    this.readOnly &&= inner.readOnly
    this.plain &&= inner.plain
    const { castsParameter = [] } = inner.effects
    if (castsParameter.length > 0) {
      this.effects.castsParameter = [...(this.effects.castsParameter ?? []), ...castsParameter]
    }
  }

  finish(): Needs {
    for (const use of this.#uses) {
      if (!use.isRead) continue
      const extra = use.asked ? { asked: use.asked } : {}
      this.needRelation('select', use.relation, use.isWhole ? 'all' : [...use.columns], extra)
    }
    this.#uses.length = 0
    if (this.#freeCalls !== undefined) this.need(freeCalls(this.#freeCalls))
    const accesses = merge(this.#accesses)
    return this.#refusal ? { accesses, refusal: this.#refusal } : { accesses }
  }
}

function freeCalls(names: ReadonlySet<string>): Access {
  const targets = [...names].map((name) => ({ schema: 'pg_catalog', name }))
  return { action: 'execute', kind: 'function', object: [...names].join(', '), targets, free: true }
}

function targetOf({ schema, name, columns, isOpen }: Candidate, need: ColumnNeed | undefined): Target {
  if (need === undefined) return { schema, name }
  return { schema, name, columns: need === 'all' && columns !== undefined && !isOpen ? columns : need }
}

function shownColumns(targets: readonly Target[]): { columns?: ColumnNeed } {
  const [first] = targets
  return first?.columns === undefined ? {} : { columns: first.columns }
}

/** Accesses to the same thing become one, with the columns of all. */
function merge(accesses: readonly Access[]): readonly Access[] {
  if (accesses.length < 2) return accesses
  const merged = new Map<string, Access>()
  for (const access of accesses) {
    const key = keyOf(access)
    const other = merged.get(key)
    if (!other) merged.set(key, access)
    else {
      const joined = other.targets.map((target, index) => joinTarget(target, access.targets[index]))
      merged.set(key, { ...other, targets: joined, ...shownColumns(joined) })
    }
  }
  return [...merged.values()]
}

type Flag = Exclude<keyof Access, 'action' | 'kind' | 'object' | 'columns' | 'targets' | 'asked'>

/** Every flag an access can have, so that a new one cannot be forgotten here. */
const FLAGS = Object.keys({
  free: true,
  metadata: true,
  moves: true,
  ofSession: true,
  unlessPinned: true,
  onlyNever: true,
  onlyAsRole: true,
} satisfies Record<Flag, true>) as readonly Flag[]

/** The same for accesses that differ in columns alone. Names cannot hold a NUL. */
function keyOf(access: Access): string {
  let key = `${access.action}\0${access.kind}\0${access.object}`
  for (const { schema, name } of access.targets) key += schema === undefined ? `\0n${name}` : `\0s${schema}\0n${name}`
  for (const flag of FLAGS) if (access[flag]) key += `\0f${flag}`
  return key
}

function joinTarget(a: Target, b: Target | undefined): Target {
  if (a.columns === undefined || b?.columns === undefined) return a.columns === undefined ? a : { ...a, ...b }
  if (a.columns === 'all' || b.columns === 'all') return { ...a, columns: 'all' }
  return { ...a, columns: [...new Set([...a.columns, ...b.columns])] }
}
