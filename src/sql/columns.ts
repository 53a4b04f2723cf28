import type { RelationUse } from './relation-use.ts'

/** A column that something in FROM gives, with the table columns it stands for. */
export interface OutColumn {
  readonly name: string
  readonly reads: readonly (readonly [use: RelationUse, column: string])[]
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
  const shared = first.columns.filter((column) => others.every((one) => one.columns?.includes(column)))
  const isSame = others.every((one) => one.columns?.join('\0') === first.columns?.join('\0'))
  const isOpen = !isSame || candidates.some((one) => one.isOpen)
  const list = shared.map((name): OutColumn => ({ name, reads: [[use, name]] }))
  return { list, open: isOpen ? [use] : [], isOpen }
}

/** Columns that were computed: reading them reads nothing more. */
export function derivedColumns(names: readonly string[], isOpen = false): Columns {
  return { list: names.map((name) => ({ name, reads: [] })), open: [], isOpen }
}

export function concatColumns(all: readonly Columns[]): Columns {
  return {
    list: all.flatMap((one) => one.list),
    open: all.flatMap((one) => one.open),
    isOpen: all.some((one) => one.isOpen),
  }
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
  let isFound = false
  for (const column of columns.list) {
    if (column.name !== name) continue
    readColumn(column)
    isFound = true
  }
  if (isFound) return 'found'
  for (const use of columns.open) use.read(name)
  return columns.isOpen ? 'perhaps' : 'none'
}
