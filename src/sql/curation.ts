import { ACTION_FUNCTIONS, type ActionFunction } from './data/action-functions.ts'
import { type CuratedGroup, FREE_FUNCTIONS } from './data/free-functions.ts'
import { FREE_SETTINGS } from './data/free-settings.ts'
import {
  COLUMNS_WITH_DATA,
  HARMLESS_CATALOGS,
  HARMLESS_COLUMNS,
  SESSION_CATALOGS,
  SESSION_FUNCTIONS,
  UNLISTED_INFORMATION_SCHEMA,
} from './data/harmless-catalogs.ts'
import { HARMLESS_EXTENSIONS } from './data/harmless-extensions.ts'
import { METADATA_FUNCTIONS } from './data/metadata-functions.ts'
import { BUILT_IN_PARAMETERS } from './data/parameters.ts'
import { SYSTEM_RELATIONS } from './data/system-relations.ts'

export type FunctionClass = 'free' | 'metadata' | 'session' | ActionFunction

const free = namesIn(FREE_FUNCTIONS)
const metadata = namesIn(METADATA_FUNCTIONS)
const harmlessCatalogs = namesIn(HARMLESS_CATALOGS)
const harmlessColumns = new Map(
  Object.entries(HARMLESS_COLUMNS).map(([name, columns]) => [name, new Set(columns.split(' '))]),
)
const freeSettings = namesIn(FREE_SETTINGS)
const parameters = new Set(BUILT_IN_PARAMETERS.toLowerCase().trim().split(/\s+/))
const extensions = new Map(Object.entries(HARMLESS_EXTENSIONS).map(([name, group]) => [name, namesIn([group])]))
const systemRelations = new Map(
  Object.entries(SYSTEM_RELATIONS).map(([schema, relations]) => [
    schema,
    new Map(Object.entries(relations).map(([name, columns]) => [name, columns.split(' ')])),
  ]),
)

/** What pg_catalog's function of that name is; undefined: not curated, so it needs `execute`. */
export function classifyFunction(name: string): FunctionClass | undefined {
  const action = ACTION_FUNCTIONS.get(name)
  if (action) return action
  if (free.has(name)) return 'free'
  if (metadata.has(name)) return 'metadata'
  return SESSION_FUNCTIONS.has(name) ? 'session' : undefined
}

/** Whether an extension's function is on the list of harmless ones. */
export function isHarmlessExtensionFunction(extension: string | undefined, name: string): boolean {
  return extension !== undefined && (extensions.get(extension)?.has(name) ?? false)
}

/** The columns of a system table or view, or undefined where there is none of that name. */
export function systemColumns(schema: string, name: string): readonly string[] | undefined {
  return systemRelations.get(schema)?.get(name)
}

export type CatalogClass = 'metadata' | 'session' | 'secret'

export function classifyCatalog(schema: string, name: string): CatalogClass {
  if (schema === 'information_schema') {
    return systemColumns(schema, name) && !UNLISTED_INFORMATION_SCHEMA.has(name) ? 'metadata' : 'secret'
  }
  if (SESSION_CATALOGS.has(name)) return 'session'
  return harmlessCatalogs.has(name) ? 'metadata' : 'secret'
}

/** Whether these columns of a catalog hold nothing but metadata. */
export function areMetadata(
  {
    schema,
    name,
    system,
  }: { readonly schema: string; readonly name: string; readonly system: CatalogClass | undefined },
  columns: readonly string[] | 'all' | undefined,
): boolean {
  if (system === undefined) return false
  if (system === 'secret') {
    const harmless = schema === 'pg_catalog' ? harmlessColumns.get(name) : undefined
    return harmless !== undefined && Array.isArray(columns) && columns.every((column) => harmless.has(column))
  }
  const data = Object.hasOwn(COLUMNS_WITH_DATA, name) ? COLUMNS_WITH_DATA[name] : undefined
  return data === undefined || (Array.isArray(columns) && !columns.includes(data))
}

/** Whether everyone may set it; names are compared as PostgreSQL does, without case. */
export function isFreeSetting(name: string): boolean {
  return freeSettings.has(name)
}

/** Whether SHOW tells no more of it than pg_settings does. */
export function isHarmlessToShow(name: string): boolean {
  return parameters.has(name) || SHOWN_BESIDES.has(name)
}

/** Not in pg_settings, and harmless: the transaction's own, the session's own. */
const SHOWN_BESIDES = new Set([
  'all',
  'session_authorization',
  'role',
  'is_superuser',
  // Parameters until PostgreSQL 15.
  'lc_collate',
  'lc_ctype',
  'server_version',
  'pgoauth.subject',
])

function namesIn(groups: readonly CuratedGroup[]): ReadonlySet<string> {
  return new Set(groups.flatMap(({ names }) => names.trim().split(/\s+/)))
}
