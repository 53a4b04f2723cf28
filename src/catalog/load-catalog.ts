import { setImmediate as turn } from 'node:timers/promises'
import { fail } from '../base/errors.ts'
import type { CatalogSnapshot } from '../sql/catalog.ts'
import { snapshotScript, stateScript } from './snapshot-query.ts'

/**
 * Sends a text of SQL as one simple Query outside a transaction and gives the rows of all its results, as text.
 * Rejects where the server raised an error.
 */
export type RunSql = (sql: string) => Promise<readonly (readonly (string | null)[])[]>

export interface LoadedCatalog {
  readonly snapshot: CatalogSnapshot
  /** The same as JSON: cheap to hand to a worker thread, and what `--dump-catalog` writes. */
  readonly json: string
  /** By what the server's catalogs are known to be still the same. */
  readonly state: CatalogState
}

export interface CatalogState {
  readonly moment: string
  readonly fingerprint: string
}

/**
 * The snapshot of the database a connection is in, in one round trip. Where one is given that was loaded before, and
 * nothing changed since, it is given back with the same `snapshot` and `json`, after a much smaller question.
 *
 * However large, it is read in small pieces between which others get their turn.
 *
 * @throws SERVER_BAD where the answer is not a snapshot.
 */
export async function loadCatalog(run: RunSql, before?: LoadedCatalog): Promise<LoadedCatalog> {
  const state = before && (await stateNow(run, before.state.moment))
  if (before && state && (state.fingerprint ?? before.state.fingerprint) === before.state.fingerprint) {
    return { ...before, state: { moment: state.moment, fingerprint: before.state.fingerprint } }
  }
  const script = snapshotScript(state?.fingerprint)
  // A view dropped while its definition is read fails the statement ("could not open relation"): once more, then.
  return readPieces(await run(script).catch(() => run(script)))
}

/** The state of now; without a fingerprint where it is still that moment. */
async function stateNow(run: RunSql, known: string): Promise<{ moment: string; fingerprint: string | undefined }> {
  const [moment, fingerprint] = (await run(stateScript(known))).at(-1) ?? []
  if (typeof moment !== 'string') fail('SERVER_BAD', { detail: 'the question for the catalog gave no row' })
  return { moment, fingerprint: fingerprint ?? undefined }
}

interface Facts extends CatalogState {
  readonly serverVersion: number
  readonly database: string
}

async function readPieces(rows: Awaited<ReturnType<RunSql>>): Promise<LoadedCatalog> {
  let facts: Facts | undefined
  const lists = new Map<string, unknown[]>(LISTS.map((list) => [list, []]))
  const texts = new Map<string, string[]>(LISTS.map((list) => [list, []]))
  for (const [list, piece] of rows) {
    if (typeof piece !== 'string') continue
    if (list === 'facts') facts = JSON.parse(piece) as Facts
    else {
      const items = lists.get(list ?? '')
      for (const item of JSON.parse(piece) as unknown[]) items?.push(item)
      texts.get(list ?? '')?.push(piece.slice(1, -1))
      await turn()
    }
  }
  if (!facts) fail('SERVER_BAD', { detail: 'the catalog query gave no facts' })
  const { serverVersion, database, moment, fingerprint } = facts
  const head = { version: 1, serverVersion, database } as const
  const json = LISTS.map((list) => `,"${list}":[${texts.get(list)?.join()}]`).join('')
  return {
    snapshot: { ...head, ...Object.fromEntries(lists) } as unknown as CatalogSnapshot,
    json: `${JSON.stringify(head).slice(0, -1)}${json}}`,
    state: { moment, fingerprint },
  }
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
