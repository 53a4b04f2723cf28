import { quoteName } from '../base/sql-name.ts'
import type { CatalogRelation } from './catalog.ts'
import { type CatalogClass, classifyCatalog, systemColumns } from './curation.ts'
import type { Tree } from './parser.ts'
import { textOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** One relation a name may mean. */
export interface Candidate {
  readonly schema: string
  readonly name: string
  /** Undefined: not known. */
  readonly columns: readonly string[] | undefined
  /** More columns may exist than are listed: system catalogs differ between server versions. */
  readonly isOpen: boolean
  readonly system: CatalogClass | undefined
  readonly isTemporary: boolean
  readonly relation: CatalogRelation | undefined
}

export interface RelationName {
  /** As written, in SQL spelling. */
  readonly written: string
  readonly name: string
  readonly schema: string | undefined
  readonly candidates: readonly Candidate[]
}

const SYSTEM_SCHEMAS = ['pg_catalog', 'information_schema'] as const

/** What a RangeVar may mean: one object where it is qualified, else every one of that name. */
export function resolveRangeVar(walk: Walk, rangeVar: Tree): RelationName {
  walk.touch(rangeVar)
  return resolveRelation(
    walk,
    textOf(rangeVar.relname) ?? '',
    textOf(rangeVar.schemaname),
    textOf(rangeVar.catalogname),
  )
}

/** The same for a list of name parts, as DROP and COMMENT give them. */
export function resolveNameParts(walk: Walk, parts: readonly string[]): RelationName {
  const [name = '', schema, database] = parts.toReversed()
  return resolveRelation(walk, name, schema, database)
}

export function resolveRelation(walk: Walk, name: string, schema: string | undefined, database?: string): RelationName {
  const { catalog } = walk
  let written = quoteName(name)
  if (schema !== undefined) written = `${quoteName(schema)}.${written}`
  if (database !== undefined) written = `${quoteName(database)}.${written}`
  if (database !== undefined && catalog.database !== undefined && database !== catalog.database) {
    walk.refuse('another database cannot be reached', written)
  }
  if (schema !== undefined) {
    const known = catalog.relation(schema, name)
    if (!known && !walk.isSystemSchema(schema)) walk.flags.unknownNames = true
    // A view may have become one that counts as its query.
    if (known?.kind === 'v') walk.flags.leansOnCatalog = true
    return { written, name, schema, candidates: [candidateOf(schema, name, known)] }
  }
  walk.flags.leansOnCatalog = true
  const candidates = catalog
    .relationsNamed(name)
    .filter(isUsable)
    .map((one) => candidateOf(one.schema, one.name, one))
  for (const system of SYSTEM_SCHEMAS) {
    const isOnPath = system === 'pg_catalog' || !catalog.searchPath || catalog.searchPath.includes(system)
    const isKnown = systemColumns(system, name) !== undefined && !candidates.some((one) => one.schema === system)
    if (isKnown && (isOnPath || !catalog.namesOnly)) candidates.push(candidateOf(system, name, undefined))
  }
  if (candidates.length === 0 && catalog.namesOnly) {
    const isElsewhere = catalog.searchPath !== undefined && !catalog.searchPath.includes('public')
    candidates.push(candidateOf((isElsewhere && catalog.searchPath?.[0]) || 'public', name, undefined))
  }
  if (candidates.length === 0) walk.flags.unknownNames = true
  return { written, name, schema, candidates }
}

function candidateOf(schema: string, name: string, relation: CatalogRelation | undefined): Candidate {
  const isTemporary = schema === 'pg_temp'
  const isSystem = schema === 'pg_catalog' || schema === 'information_schema' || schema === 'pg_toast'
  const columns = relation ? relation.columns : systemColumns(schema, name)
  const isOpen = columns === undefined || (isSystem && !relation)
  return {
    schema,
    name,
    columns,
    isOpen,
    system: isSystem ? classifyCatalog(schema, name) : undefined,
    isTemporary,
    relation,
  }
}

function isUsable(one: CatalogRelation): boolean {
  return one.kind !== 'i' && one.kind !== 'c'
}
