import type { SessionRelation } from './analysis.ts'
import type {
  Catalog,
  CatalogCast,
  CatalogDependency,
  CatalogRelation,
  CatalogSnapshot,
  ObjectName,
} from './catalog.ts'

/** Domains over domains over …: PostgreSQL allows no circle. */
const MAX_DOMAIN_DEPTH = 32

/**
 * A snapshot made searchable. `searchPath` is the policy's pin: an unqualified name then means one on it
 * (pg_catalog is always searched first, as the server does).
 *
 * What every statement asks for is made here, all else when something first asks: a large catalog must not hold
 * everybody up.
 */
export function indexCatalog(snapshot: CatalogSnapshot, searchPath?: readonly string[]): Catalog {
  const relations = groupBy(snapshot.relations, (one) => one.name)
  const functions = groupBy(snapshot.functions, (one) => one.name)
  const operators = groupBy(snapshot.operators, (one) => one.name)
  const types = groupBy(snapshot.types, (one) => one.name)
  const casts = groupBy(snapshot.casts, (one) => one.target.name)
  const dependencies = later(() => groupBy(snapshot.dependencies, (one) => key(one.when)))
  const qualified = later(() => new Map(snapshot.relations.map((one) => [key(one), one])))
  const inSchema = later(() => groupBy(snapshot.relations, (one) => one.schema))
  const children = later(() => {
    const map = new Map<string, CatalogRelation[]>()
    for (const one of snapshot.relations) for (const parent of one.parents ?? []) push(map, key(parent), one)
    return map
  })
  const owned = later(() => {
    const map = new Map<string, CatalogRelation[]>()
    for (const one of snapshot.relations) if (one.kind === 'S' && one.of) push(map, key(one.of), one)
    return map
  })
  const isIn = (schema: string | undefined) => (one: ObjectName) => schema === undefined || one.schema === schema
  const castsTo = (schema: string | undefined, name: string, depth = 0): readonly CatalogCast[] => {
    const own = (casts.get(name) ?? []).filter((one) => isIn(schema)(one.target))
    const bases = (types.get(name) ?? []).filter(isIn(schema)).flatMap(({ base }) => (base ? [base] : []))
    if (bases.length === 0 || depth > MAX_DOMAIN_DEPTH) return own
    return [...own, ...bases.flatMap((base) => castsTo(base.schema, base.name, depth + 1))]
  }
  const onPath = (one: { schema: string }) => searchPath === undefined || searchPath.includes(one.schema)

  return {
    namesOnly: false,
    serverVersion: snapshot.serverVersion,
    database: snapshot.database,
    searchPath,
    schemas: snapshot.schemas,
    relationsNamed: (name) => (relations.get(name) ?? []).filter(onPath),
    relation: (schema, name) => {
      const named = relations.get(name)
      return named && named.length > FEW
        ? qualified().get(key({ schema, name }))
        : named?.find((one) => one.schema === schema)
    },
    relationsIn: (schema) => inSchema().get(schema) ?? [],
    functionsNamed: (name) => (functions.get(name) ?? []).filter((one) => onPath(one) || one.schema === 'pg_catalog'),
    functionsIn: (schema, name) => (functions.get(name) ?? []).filter((one) => one.schema === schema),
    functionByOid: (oid) => snapshot.functions.find((one) => one.oids?.includes(oid)),
    typesNamed: (name, schema) => (types.get(name) ?? []).filter(schema === undefined ? onPath : isIn(schema)),
    operatorsNamed: (name) => operators.get(name) ?? [],
    castsTo,
    dependents: (schema, name) => closure(dependencies(), [{ schema, name }]),
    dependentsOfSchema: (schema) => {
      const inside = snapshot.dependencies.map((one) => one.when).filter((one) => one.schema === schema)
      return closure(dependencies(), inside)
    },
    sequencesOf: (schema, name) => owned().get(key({ schema, name })) ?? [],
    descendantsOf: (schema, name) => descendants(children(), { schema, name }),
  }
}

/** So many relations of one name are looked through one by one; where each customer has a schema there are thousands. */
const FEW = 8

function later<V>(make: () => V): () => V {
  let made: V | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Nothing known: a relation is what its name says, unqualified means `public`, columns are unknown. */
export function namesOnlyCatalog(searchPath?: readonly string[]): Catalog {
  const none: readonly never[] = []
  return {
    namesOnly: true,
    serverVersion: 180000,
    database: undefined,
    searchPath,
    schemas: none,
    relationsNamed: () => none,
    relation: () => undefined,
    relationsIn: () => none,
    functionsNamed: () => none,
    functionsIn: () => none,
    functionByOid: () => undefined,
    typesNamed: () => none,
    operatorsNamed: () => none,
    castsTo: () => none,
    dependents: () => none,
    dependentsOfSchema: () => none,
    sequencesOf: () => none,
    descendantsOf: () => none,
  }
}

/**
 * The catalog as one session sees it: its temporary relations, and those its transaction made, count beside the others
 * of their names; of those it changed the columns are not known.
 */
export function withTemporary(catalog: Catalog, own: readonly SessionRelation[]): Catalog {
  if (own.length === 0) return catalog
  const known = groupBy(
    own.map((one) => sessionRelation(catalog, one)),
    (one) => one.name,
  )
  const onPath = ({ schema }: ObjectName) =>
    schema === 'pg_temp' || catalog.searchPath === undefined || catalog.searchPath.includes(schema)
  return {
    ...catalog,
    relationsNamed: (name) => {
      const first = (known.get(name) ?? []).filter(onPath)
      const others = catalog.relationsNamed(name)
      return [...first, ...others.filter((one) => !first.some(({ schema }) => schema === one.schema))]
    },
    relation: (schema, name) => known.get(name)?.find((one) => one.schema === schema) ?? catalog.relation(schema, name),
  }
}

function sessionRelation(catalog: Catalog, { schema, name, needs }: SessionRelation): CatalogRelation {
  const before = schema === undefined ? undefined : catalog.relation(schema, name)
  const { columns: _, arbiters: __, primaryKey: ___, ...rest } = before ?? { kind: 'r' as const }
  return { ...rest, schema: schema ?? 'pg_temp', name, columns: undefined, ...(needs ? { needs } : {}) }
}

function descendants(children: Map<string, CatalogRelation[]>, of: ObjectName): ObjectName[] {
  const seen = new Map<string, ObjectName>()
  const open = [...(children.get(key(of)) ?? [])]
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(key(next))) continue
    seen.set(key(next), next)
    open.push(...(children.get(key(next)) ?? []))
  }
  return [...seen.values()]
}

/** What falls with an object; where only a part of another falls (a constraint, a default), that one stays. */
function closure(edges: Map<string, CatalogDependency[]>, from: readonly ObjectName[]): ObjectName[] {
  const seen = new Map<string, ObjectName>()
  const open = [...from]
  for (let next = open.pop(); next; next = open.pop()) {
    for (const { object, isPart } of edges.get(key(next)) ?? []) {
      const isNew = !seen.has(key(object))
      seen.set(key(object), object)
      if (isNew && !isPart) open.push(object)
    }
  }
  return [...seen.values()]
}

function key({ schema, name }: ObjectName): string {
  return `${schema}\0${name}`
}

function push<V>(map: Map<string, V[]>, at: string, value: V): void {
  const list = map.get(at)
  if (list) list.push(value)
  else map.set(at, [value])
}

function groupBy<V>(values: readonly V[], name: (value: V) => string): Map<string, V[]> {
  const map = new Map<string, V[]>()
  for (const value of values) push(map, name(value), value)
  return map
}
