import type { Clock } from '../base/clock.ts'
import { asPgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type LoadedCatalog, loadCatalog } from '../catalog/load-catalog.ts'
import type { CatalogSource } from '../enforce/catalog-source.ts'
import type { ServerPool } from '../pool/server-lease.ts'
import type { Catalog } from '../sql/catalog.ts'
import { indexCatalog, namesOnlyCatalog } from '../sql/catalog-index.ts'

export interface LiveCatalogOptions {
  readonly pool: ServerPool
  readonly searchPath: readonly string[] | undefined
  /** `catalog_max_age` */
  readonly maxAgeMs: number
  readonly clock: Clock
  readonly log: Log
}

/** The catalog of one database, as the server has it: loaded when it is asked for and old, one load at a time. */
export class LiveCatalog implements CatalogSource {
  readonly #options: LiveCatalogOptions
  #current: Catalog
  #loaded: LoadedCatalog | undefined
  #loadedAtMs = Number.NEGATIVE_INFINITY
  #isMarked = false
  #loading: Promise<Catalog> | undefined
  #next: Promise<Catalog> | undefined

  constructor(options: LiveCatalogOptions) {
    this.#options = options
    this.#current = namesOnlyCatalog(options.searchPath)
  }

  get current(): Catalog {
    return this.#current
  }

  get isLoaded(): boolean {
    return this.#loaded !== undefined
  }

  get json(): string | undefined {
    return this.#loaded?.json
  }

  get asOfMs(): number {
    return this.#isMarked ? Number.NEGATIVE_INFINITY : this.#loadedAtMs
  }

  get stale(): boolean {
    return this.#isMarked || this.#options.clock.nowMs() - this.#loadedAtMs >= this.#options.maxAgeMs
  }

  markStale(): void {
    this.#isMarked = true
  }

  refresh(): Promise<Catalog> {
    // A load that began before the mark may have read what was there before it.
    if (this.#loading !== undefined && this.#isMarked) {
      this.#next ??= this.#loading.then(
        () => this.#begin(),
        () => this.#begin(),
      )
      return this.#next
    }
    return this.#loading ?? this.#begin()
  }

  #begin(): Promise<Catalog> {
    this.#next = undefined
    this.#loading = this.#load().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #load(): Promise<Catalog> {
    const { pool, searchPath, clock, log } = this.#options
    this.#isMarked = false
    const startedAtMs = clock.nowMs()
    try {
      const before = this.#loaded
      const loaded = await loadCatalog((sql) => pool.ask(sql), before)
      if (before && loaded.json === before.json) this.#loaded = { ...before, state: loaded.state }
      else {
        this.#current = indexCatalog(loaded.snapshot, searchPath)
        this.#loaded = loaded
      }
      this.#loadedAtMs = startedAtMs
      return this.#current
    } catch (error) {
      this.#isMarked = true
      log.warn({ reason: asPgoauthError(error).message }, 'the catalog could not be loaded')
      throw error
    }
  }
}
