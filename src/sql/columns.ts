import type { RelationUse } from './relation-use.ts'

/** A column that something in FROM gives, with the table columns it stands for. */
export interface OutColumn {
  readonly name: string
  readonly reads: readonly (readonly [use: RelationUse, column: string])[]
  /** Of one that was computed: whether its type is surely one of pg_catalog. */
  readonly isBuiltIn?: () => boolean
}

/**
 * The columns something in FROM gives. Where they are not all known (`isOpen`), a name that is not listed may be one
 * of them, and counts as a column of each relation in `open`.
 */
export interface Columns {
  readonly list: readonly OutColumn[]
  readonly open: readonly RelationUse[]
  readonly isOpen: boolean
}

export const NO_COLUMNS: Columns = { list: [], open: [], isOpen: false }
export const UNKNOWN_COLUMNS: Columns = { list: [], open: [], isOpen: true }

/** What a mentioned relation gives; with several candidates, what all of them have is certain and the rest is not. */
export function columnsOfUse(use: RelationUse): Columns {
  const { candidates } = use.relation
  const [first, ...others] = candidates
  if (!first?.columns) return { list: [], open: [use], isOpen: true }
  if (others.length === 0) return new TableColumns(use, first.columns, first.isOpen)
  const shared = first.columns.filter((column) => others.every((one) => one.columns?.includes(column)))
  const isSame = others.every((one) => one.columns?.join('\0') === first.columns?.join('\0'))
  return new TableColumns(use, shared, !isSame || candidates.some((one) => one.isOpen))
}

const NONE: readonly never[] = []

/** The columns of a table, by their names alone until something asks for more: most of them nobody does. */
class TableColumns implements Columns {
  readonly open: readonly RelationUse[]
  readonly isOpen: boolean
  readonly #use: RelationUse
  readonly #names: readonly string[]
  #list: readonly OutColumn[] | undefined

  constructor(use: RelationUse, names: readonly string[], isOpen: boolean) {
    this.#use = use
    this.#names = names
    this.open = isOpen ? [use] : NONE
    this.isOpen = isOpen
  }

  get list(): readonly OutColumn[] {
    this.#list ??= this.#names.map((name): OutColumn => ({ name, reads: [[this.#use, name]] }))
    return this.#list
  }

  read(name: string): boolean {
    if (!this.#names.includes(name)) return false
    this.#use.read(name)
    return true
  }
}

/** The columns of several things side by side, put together only when something asks for them as one list. */
export class JoinedColumns implements Columns {
  readonly #sides: readonly Columns[]
  #list: readonly OutColumn[] | undefined
  #open: readonly RelationUse[] | undefined
  #isOpen: boolean | undefined

  constructor(sides: readonly Columns[]) {
    this.#sides = sides
  }

  get list(): readonly OutColumn[] {
    this.#list ??= this.#sides.flatMap((one) => one.list)
    return this.#list
  }

  get open(): readonly RelationUse[] {
    this.#open ??= this.#sides.flatMap((one) => one.open)
    return this.#open
  }

  get isOpen(): boolean {
    this.#isOpen ??= this.#sides.some((one) => one.isOpen)
    return this.#isOpen
  }

  read(name: string): boolean {
    let isFound = false
    for (const side of this.#sides) if (readListed(side, name)) isFound = true
    return isFound
  }
}

/** Columns that are worked out only when something asks for them. */
export class LateColumns implements Columns {
  readonly #make: () => Columns
  #made: Columns | undefined

  constructor(make: () => Columns) {
    this.#make = make
  }

  get list(): readonly OutColumn[] {
    return this.#columns().list
  }

  get open(): readonly RelationUse[] {
    return this.#columns().open
  }

  get isOpen(): boolean {
    return this.#columns().isOpen
  }

  #columns(): Columns {
    this.#made ??= this.#make()
    return this.#made
  }
}

/** Columns that were computed: reading them reads nothing more. */
export function derivedColumns(names: readonly string[], isOpen = false): Columns {
  return { list: names.map((name) => ({ name, reads: [] })), open: [], isOpen }
}

export function concatColumns(all: readonly Columns[]): Columns {
  const [first] = all
  if (first && all.length === 1) return first
  const list: OutColumn[] = []
  const open: RelationUse[] = []
  let isOpen = false
  for (const one of all) {
    for (const column of one.list) list.push(column)
    for (const use of one.open) open.push(use)
    isOpen ||= one.isOpen
  }
  return { list, open, isOpen }
}

/**
 * Columns under an alias list. Where they are not all known their places are not known either, so any new name may
 * be any of them: then everything counts as read.
 */
export function renameColumns(columns: Columns, names: readonly string[]): Columns {
  if (names.length === 0) return columns
  if (columns.isOpen && (columns.open.length > 0 || columns.list.some((one) => one.reads.length > 0))) {
    readAll(columns)
    return derivedColumns(names, true)
  }
  const list = columns.list.map((one, index) => ({ ...one, name: names[index] ?? one.name }))
  const more = names.slice(columns.list.length).map((name): OutColumn => ({ name, reads: [] }))
  return { list: [...list, ...more], open: columns.open, isOpen: columns.isOpen }
}

export function readAll(columns: Columns): void {
  for (const column of columns.list) readColumn(column)
  for (const use of columns.open) use.readWhole()
}

export function readColumn(column: OutColumn): void {
  for (const [use, name] of column.reads) use.read(name)
}

/** Reads a column by name: found for certain, perhaps one of the unknown ones, or not there. */
export function readNamed(columns: Columns, name: string): 'found' | 'perhaps' | 'none' {
  if (readListed(columns, name)) return 'found'
  if (!columns.isOpen && columns.open.length === 0) return 'none'
  for (const use of columns.open) use.read(name)
  return columns.isOpen ? 'perhaps' : 'none'
}

function readListed(columns: Columns, name: string): boolean {
  if (columns instanceof TableColumns || columns instanceof JoinedColumns) return columns.read(name)
  let isFound = false
  for (const column of columns.list) {
    if (column.name !== name) continue
    readColumn(column)
    isFound = true
  }
  return isFound
}
