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

const SYSTEM_SCHEMAS = new Set(['pg_catalog', 'information_schema'])
const NO_COLUMNS: readonly string[] = []
/** They meet the columns that are granted, or the client's own values. */
const READS_NO_MORE: ReadonlySet<Action> = new Set(['select', 'insert', 'delete', 'truncate', 'lock', 'usage'])
const PLAIN_WORD = /^[\p{L}_][\p{L}\p{N}_$]*$/u

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
  #odd: readonly string[] | undefined

  constructor(grants: Grants, catalog: Catalog) {
    this.#grants = grants
    this.#catalog = catalog
  }

  isOf(catalog: Catalog): boolean {
    return this.#catalog === catalog
  }

  /** Something is granted on the relation, or on the one it is a part of and it is not under `never` itself. */
  relation(schema: string, name: string): boolean {
    return this.#lineage(schema, name).some((one) =>
      [...RELATION_ACTIONS, ...OBJECT_ACTIONS].some(
        (action) =>
          this.#allows(action, one, []) && !this.#grants.never.touches(action, { schema, name, columns: NO_COLUMNS }),
      ),
    )
  }

  /** Something in the schema may be told of. */
  schema(schema: string): boolean {
    return SYSTEM_SCHEMAS.has(schema) || this.word(schema)
  }

  /**
   * A text names something that nothing of is granted on and whose name is no plain word: some messages name relations
   * and schemas without quotes.
   */
  oddNamesIn(text: string): boolean {
    return this.#oddNames().some((name) => standsIn(text, name) && !this.word(name))
  }

  /** What this action meets there is the client's own or may be read: no view's query, no policy, no other column. */
  isClear(action: Action, schema: string, name: string): boolean {
    if (SYSTEM_SCHEMAS.has(schema) || action === 'create') return true
    const { kind, rowSecurity } = this.#catalog.relation(schema, name) ?? {}
    if (kind === undefined || kind === 'v' || kind === 'f' || rowSecurity) return false
    return READS_NO_MORE.has(action) || (kind !== 'm' && this.isReadable(schema, name))
  }

  /** The column may be read or written. */
  column(schema: string, name: string, column: string): boolean {
    return this.#lineage(schema, name, [column]).some((one) =>
      (['select', 'insert', 'update', 'references'] as const).some((action) => this.#allows(action, one, [column])),
    )
  }

  /** Every column may be read, so that a row of it is no news. */
  isReadable(schema: string, name: string): boolean {
    const { columns } = this.#catalog.relation(schema, name) ?? {}
    return this.#lineage(schema, name, columns).some((one) => this.#allows('select', one, columns ?? 'all'))
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

  #oddNames(): readonly string[] {
    const { schemas } = this.#catalog
    this.#odd ??= [
      ...schemas,
      ...schemas.flatMap((one) => this.#catalog.relationsIn(one).map(({ name }) => name)),
    ].filter((name) => !PLAIN_WORD.test(name))
    return this.#odd
  }

  /** The relation and those it inherits from that have these columns too: rights on a parent are rights on its parts. */
  #lineage(schema: string, name: string, columns: readonly string[] = NO_COLUMNS): ObjectName[] {
    const found: ObjectName[] = []
    const open: ObjectName[] = [{ schema, name }]
    for (let next = open.pop(); next !== undefined && found.length < 100; next = open.pop()) {
      const known: CatalogRelation | undefined = this.#catalog.relation(next.schema, next.name)
      if (found.length === 0 || columns.every((column) => known?.columns?.includes(column))) found.push(next)
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

/** Whether it stands there by itself, and not as a part of a longer word. */
function standsIn(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const around = [text.slice(0, at).at(-1), text[at + name.length]]
    if (!around.some((one) => one !== undefined && WORD_CHARACTER.test(one))) return true
  }
  return false
}

const WORD_CHARACTER = /[\p{L}\p{N}_$]/u
