import { fail } from '../base/errors.ts'
import type { CatalogSnapshot } from '../sql/catalog.ts'
import { SNAPSHOT_SCRIPT } from './snapshot-query.ts'

/**
 * Sends a text of SQL as one simple Query outside a transaction and gives the rows of all its results, as text.
 * Rejects where the server raised an error.
 */
export type RunSql = (sql: string) => Promise<readonly (readonly (string | null)[])[]>

export interface LoadedCatalog {
  readonly snapshot: CatalogSnapshot
  /** The same as the server sent it: cheap to hand to a worker thread, and what `--dump-catalog` writes. */
  readonly json: string
}

/**
 * The snapshot of the database a connection is in, in one round trip.
 *
 * @throws SERVER_BAD where the answer is not a snapshot.
 */
export async function loadCatalog(run: RunSql): Promise<LoadedCatalog> {
  // A view dropped while its definition is read fails the statement ("could not open relation"): once more, then.
  const rows = await run(SNAPSHOT_SCRIPT).catch(() => run(SNAPSHOT_SCRIPT))
  const json = rows.at(-1)?.[0]
  if (typeof json !== 'string') fail('SERVER_BAD', { detail: 'the catalog query gave no row' })
  return { snapshot: parseCatalog(json), json }
}

/**
 * Reads a snapshot from JSON, as `--dump-catalog` wrote it.
 *
 * @throws CONFIG_INVALID where it is not one.
 */
export function parseCatalog(json: string): CatalogSnapshot {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    fail('CONFIG_INVALID', { detail: 'the catalog is not JSON', fix: DUMP, cause })
  }
  if (!isSnapshot(value)) fail('CONFIG_INVALID', { detail: 'the catalog is not a snapshot of version 1', fix: DUMP })
  return value
}

const DUMP = 'write one with "pgoauth policy explain --server URL --dump-catalog FILE"'

const LISTS = ['schemas', 'relations', 'functions', 'operators', 'casts', 'types', 'dependencies'] as const

function isSnapshot(value: unknown): value is CatalogSnapshot {
  if (typeof value !== 'object' || value === null) return false
  const fields = value as Readonly<Record<string, unknown>>
  return (
    fields.version === 1 && typeof fields.serverVersion === 'number' && LISTS.every((one) => Array.isArray(fields[one]))
  )
}
