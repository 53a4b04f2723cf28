import type { Catalog } from '../sql/catalog.ts'
import { namesOnlyCatalog } from '../sql/catalog-index.ts'

/** Where the judge gets the catalog of one database, for all its sessions. */
export interface CatalogSource {
  /** The newest snapshot; the same object until a refresh found a difference. */
  readonly current: Catalog
  /** False: nothing was loaded yet, and `current` must not be judged by. */
  readonly isLoaded: boolean
  /** What `current` was made of, for a worker; undefined where nothing is known of the database. */
  readonly json: string | undefined
  /** When the load of `current` began; minus infinity once marked stale. */
  readonly asOfMs: number
  /** Whether `current` is older than `catalog_max_age` or was marked stale. */
  readonly stale: boolean
  /** A snapshot whose load began now or later than it was marked stale. One load runs at a time. */
  refresh(): Promise<Catalog>
  /** After DDL: the next decision that leans on the catalog waits for a refresh. */
  markStale(): void
}

/** Nothing is known of the database: names mean what they say (`explain` without a catalog, tests). */
export function namesOnlySource(searchPath?: readonly string[]): CatalogSource {
  const current = namesOnlyCatalog(searchPath)
  return {
    current,
    isLoaded: true,
    json: undefined,
    asOfMs: Number.POSITIVE_INFINITY,
    stale: false,
    refresh: async () => current,
    markStale() {},
  }
}
