import { type Columns, readAll, readNamed } from './columns.ts'
import type { RelationUse } from './relation-use.ts'

const SYSTEM_COLUMNS = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'])

/** One thing in FROM, as names see it. */
export interface Item {
  /** Alias, or the relation's own name; undefined where it has none (a join, a subquery without alias). */
  readonly name: string | undefined
  /** The relation it is, where it is one: for system columns and `schema.table.column`. */
  readonly use: RelationUse | undefined
  readonly hasAlias: boolean
  readonly columns: Columns
  /** Unqualified names find its columns. */
  readonly columnsVisible: boolean
  /** Qualified names find it. */
  readonly nameVisible: boolean
  /** The relations FOR UPDATE reaches through it. */
  readonly locks: readonly RelationUse[]
}

/** A WITH query as later names see it. */
export interface CommonTable {
  columns: Columns | undefined
}

export type Found = 'found' | 'perhaps' | 'none'

/**
 * One level of names: PostgreSQL's ParseState with its p_namespace and p_ctenamespace. Unqualified columns are looked
 * for level by level, innermost first, and the first level that has the name ends the search.
 *
 * @see PostgreSQL 18, src/backend/parser/parse_relation.c: colNameToVar, refnameNamespaceItem, scanNameSpaceForCTE
 */
export class Scope {
  readonly parent: Scope | undefined
  items: readonly Item[]
  /** The one setting that a query over pg_settings is about. */
  setting: string | undefined
  #commonTables: Map<string, CommonTable> | undefined

  constructor(parent?: Scope, items: readonly Item[] = []) {
    this.parent = parent
    this.items = items
  }

  commonTable(name: string): CommonTable | undefined {
    for (let level: Scope | undefined = this; level; level = level.parent) {
      const found = level.#commonTables?.get(name)
      if (found) return found
    }
    return undefined
  }

  addCommonTable(name: string, table: CommonTable): void {
    this.#commonTables ??= new Map()
    this.#commonTables.set(name, table)
  }

  /** Reads an unqualified column. Levels that may have it count, up to the first that surely has it. */
  readUnqualified(name: string): Found {
    let answer: Found = 'none'
    for (let level: Scope | undefined = this; level; level = level.parent) {
      const found = level.readHere(name)
      if (found === 'found') return 'found'
      if (found === 'perhaps') answer = 'perhaps'
    }
    return answer
  }

  /** The same at this level alone, as GROUP BY looks. */
  readHere(name: string): Found {
    let answer: Found = 'none'
    for (const item of this.items) {
      if (!item.columnsVisible) continue
      const found = readItemColumn(item, name)
      if (found === 'found') answer = 'found'
      else if (found === 'perhaps' && answer === 'none') answer = 'perhaps'
    }
    return answer
  }

  /** The items a qualifying name means, at the innermost level that has one. */
  named(name: string, schema?: string): readonly Item[] {
    for (let level: Scope | undefined = this; level; level = level.parent) {
      let items: Item[] | undefined
      for (const item of level.items) {
        if (!item.nameVisible || item.name !== name || !isInSchema(item, schema)) continue
        if (items) items.push(item)
        else items = [item]
      }
      if (items) return items
    }
    return []
  }

  /** Whether the columns of anything a name could reach are not all known. */
  hasUnknownColumns(): boolean {
    for (let level: Scope | undefined = this; level; level = level.parent) {
      for (const item of level.items) if (item.columns.open.length > 0) return true
    }
    return false
  }

  /** Everything a name could reach, at any level: for what cannot be resolved. */
  everything(): readonly Item[] {
    return [...this.items, ...(this.parent?.everything() ?? [])]
  }
}

export function readItemColumn(item: Item, name: string): Found {
  if (item.use && item.nameVisible && SYSTEM_COLUMNS.has(name)) {
    item.use.read(name)
    return 'found'
  }
  return readNamed(item.columns, name)
}

export function readWholeItem(item: Item): void {
  readAll(item.columns)
}

function isInSchema(item: Item, schema: string | undefined): boolean {
  if (schema === undefined) return true
  if (!item.use || item.hasAlias) return false
  return item.use.relation.candidates.some((one) => one.schema === schema)
}
