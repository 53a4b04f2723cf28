import type { TemporaryRelation } from './analysis.ts'
import type { Catalog, CatalogDependency, CatalogRelation, CatalogSnapshot, ObjectName } from './catalog.ts'

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
    typesNamed: (name) => (types.get(name) ?? []).filter(onPath),
    operatorsNamed: (name) => operators.get(name) ?? [],
    castsTo: (schema, name) =>
      (casts.get(name) ?? [])
        .filter((one) => schema === undefined || one.target.schema === schema)
        .map((one) => one.function),
    dependents: (schema, name) => closure(dependencies(), [{ schema, name }]),
    dependentsOfSchema: (schema) => {
      const inside = snapshot.dependencies.map((one) => one.when).filter((one) => one.schema === schema)
      return closure(dependencies(), inside)
    },
    sequencesOf: (schema, name) => owned().get(key({ schema, name })) ?? [],
    childrenOf: (schema, name) => children().get(key({ schema, name })) ?? [],
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
    childrenOf: () => none,
  }
}

/** The catalog as one session sees it: its temporary relations count beside the others of their names. */
export function withTemporary(catalog: Catalog, temporary: readonly TemporaryRelation[]): Catalog {
  if (temporary.length === 0) return catalog
  const own = groupBy(temporary.map(temporaryRelation), (one) => one.name)
  return {
    ...catalog,
    relationsNamed: (name) => [...(own.get(name) ?? []), ...catalog.relationsNamed(name)],
    relation: (schema, name) => (schema === 'pg_temp' ? own.get(name)?.[0] : catalog.relation(schema, name)),
  }
}

function temporaryRelation({ name, columns, needs }: TemporaryRelation): CatalogRelation {
  return { schema: 'pg_temp', name, kind: 'r', columns, ...(needs ? { needs } : {}) }
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
