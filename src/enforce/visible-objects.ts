import type { Action } from '../base/access.ts'
import { decide } from '../policy/decide.ts'
import type { Grants } from '../policy/grants.ts'
import type { Catalog, CatalogRelation, ObjectName } from '../sql/catalog.ts'

/** Any of these on an object, and a session may hear of it. */
const RELATION_ACTIONS: readonly Action[] = ['select', 'insert', 'update', 'delete', 'references', 'truncate', 'usage']
const OBJECT_ACTIONS: readonly Action[] = ['alter', 'drop', 'lock', 'maintain', 'create']

/** Words remembered per set of grants: messages name the same things again and again. */
const MAX_WORDS = 1000
/** Of a schema with more relations than this only these are looked at before its name is withheld. */
const MAX_RELATIONS = 500

const made = new WeakMap<Grants, VisibleObjects>()

/** What these grants see of this catalog; the same object while both are the same. */
export function visibleObjects(grants: Grants, catalog: Catalog): VisibleObjects {
  const known = made.get(grants)
  if (known?.isOf(catalog)) return known
  const visible = new VisibleObjects(grants, catalog)
  made.set(grants, visible)
  return visible
}

/** What of a database's names a session may be told of. */
export class VisibleObjects {
  readonly #words = new Map<string, boolean>()
  readonly #grants: Grants
  readonly #catalog: Catalog

  constructor(grants: Grants, catalog: Catalog) {
    this.#grants = grants
    this.#catalog = catalog
  }

  isOf(catalog: Catalog): boolean {
    return this.#catalog === catalog
  }

  /** Something is granted on the relation, or on the one it is a part of. */
  relation(schema: string, name: string): boolean {
    return this.#lineage(schema, name).some((one) =>
      [...RELATION_ACTIONS, ...OBJECT_ACTIONS].some((action) => this.#allows(action, one, [])),
    )
  }

  /** The column may be read or written. */
  column(schema: string, name: string, column: string): boolean {
    return this.#lineage(schema, name).some((one) =>
      (['select', 'insert', 'update', 'references'] as const).some((action) => this.#allows(action, one, [column])),
    )
  }

  /** Every column may be read, so that a row of it is no news. */
  isReadable(schema: string, name: string): boolean {
    const { columns } = this.#catalog.relation(schema, name) ?? {}
    return this.#lineage(schema, name).some((one) => this.#allows('select', one, columns ?? 'all'))
  }

  /**
   * A word of a message: false where it is the name of something in the database and nothing of that name is granted.
   * Words that name nothing may be told.
   */
  word(word: string): boolean {
    const known = this.#words.get(word)
    if (known !== undefined) return known
    const mayBeTold = this.#mayBeTold(word)
    if (this.#words.size < MAX_WORDS) this.#words.set(word, mayBeTold)
    return mayBeTold
  }

  #mayBeTold(word: string): boolean {
    const relations = this.#catalog.relationsNamed(word)
    const functions = this.#catalog.functionsNamed(word)
    const isSchema = this.#catalog.schemas.includes(word)
    if (relations.length === 0 && functions.length === 0 && !isSchema) return true
    return (
      (isSchema &&
        this.#catalog
          .relationsIn(word)
          .slice(0, MAX_RELATIONS)
          .some((one) => this.relation(one.schema, one.name))) ||
      relations.some((one) => this.relation(one.schema, one.name)) ||
      functions.some((one) => this.#allows('execute', one, undefined))
    )
  }

  /** The relation and those it inherits from: rights on a parent are rights on its parts. */
  #lineage(schema: string, name: string): ObjectName[] {
    const found: ObjectName[] = []
    const open: ObjectName[] = [{ schema, name }]
    for (let next = open.pop(); next !== undefined && found.length < 100; next = open.pop()) {
      found.push(next)
      const known: CatalogRelation | undefined = this.#catalog.relation(next.schema, next.name)
      open.push(...(known?.parents ?? []), ...(known?.of ? [known.of] : []))
    }
    return found
  }

  #allows(action: Action, { schema, name }: ObjectName, columns: readonly string[] | 'all' | undefined): boolean {
    const need = columns === undefined ? {} : { columns }
    const target = { schema, name, ...need }
    const access = { action, kind: 'object', object: name, targets: [target], ...need } as const
    return decide({ accesses: [access] }, this.#grants).allowed
  }
}
