import { quoteName } from '../base/sql-name.ts'
import { systemColumns } from './curation.ts'
import { functionsAccess, needFunctions } from './functions.ts'
import type { Tree } from './parser.ts'
import type { Scope } from './scope.ts'
import { type Node, stringsOf } from './tree.ts'
import { mayBeCustomType } from './value-type.ts'
import type { Walk } from './walk.ts'

/** The `reg…` types, and rights, which name roles. */
const TYPES_OF_NAMES = new Set([
  'aclitem',
  'regclass',
  'regcollation',
  'regconfig',
  'regdictionary',
  'regnamespace',
  'regoper',
  'regoperator',
  'regproc',
  'regprocedure',
  'regrole',
  'regtype',
])

/** A value that takes its type through that type's own input, without a cast: a column of a definition. */
export const GIVEN: Node = { type: 'ParamRef', body: {} }
/** A value of some type of pg_catalog. */
export const BUILT_IN: Node = { type: 'A_Const', body: { ival: {} } }

/**
 * A cast to a named type: to a `reg…` type it looks a name up; where a cast to that type (of a domain, to its base) has
 * a function outside pg_catalog, it counts as a call of it, unless the value is surely of a type that this cast is not
 * from. A text literal takes the type as it is, without a cast.
 */
export function castTo(walk: Walk, typeName: Tree | undefined, arg?: Node, scope?: Scope): void {
  if (!typeName) return
  const [name = '', schema] = stringsOf(typeName.names).toReversed()
  const ofNames = walk.isQuiet ? undefined : typeOfNames(walk, schema, name)
  if (ofNames !== undefined) {
    const targets = [{ schema: 'pg_catalog', name: ofNames }]
    walk.need({ action: 'execute', kind: 'function', object: `pg_catalog.${ofNames}`, targets, metadata: true })
  }
  const isArray = typeName.arrayBounds !== undefined
  const casts = walk.catalog.castsTo(schema, name)
  // The cast of an array may be its own, or that of its elements.
  const all = isArray ? [...casts, ...walk.catalog.castsTo(schema, `_${name}`)] : casts
  if (all.length > 0) {
    // A text literal takes a type without a cast, a number does not: one verdict does not hold for both.
    walk.flags.exact = true
    if (arg && isWithoutType(arg)) return
    walk.flags.leansOnCatalog = true
    const isBuiltIn = arg === BUILT_IN || (arg && scope && !mayBeCustomType(walk, scope, arg))
    const written = schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`
    const what = `cast to ${written}`
    if (isBuiltIn && arg?.type === 'ParamRef') {
      const { effects } = walk.collector
      const access = functionsAccess(
        walk,
        what,
        all.map((cast) => cast.function),
      )
      if (access !== undefined) effects.castsParameter = [...(effects.castsParameter ?? []), access]
    }
    const reached = isBuiltIn ? all.filter(({ source }) => !source || source.schema === 'pg_catalog') : all
    if (reached.length === 0) return
    needFunctions(
      walk,
      what,
      reached.map((cast) => cast.function),
    )
  }
}

function isWithoutType(arg: Node): boolean {
  return arg === GIVEN || (arg.type === 'A_Const' && (arg.body.sval !== undefined || arg.body.isnull === true))
}

/** Domains over domains: PostgreSQL allows no circle. */
const MAX_DEPTH = 32

/**
 * The type of pg_catalog whose values are names of objects, where this is one, an array or a domain of one; or the row of
 * a system catalog, which has columns of such types.
 */
function typeOfNames(walk: Walk, schema: string | undefined, name: string, depth = 0): string | undefined {
  const one = name.replace(/^_/, '')
  if (schema === undefined || schema === 'pg_catalog') {
    if (TYPES_OF_NAMES.has(one) || systemColumns('pg_catalog', one) !== undefined) return one
  }
  const domains = walk.catalog.typesNamed(name, schema)
  for (const { base } of depth < MAX_DEPTH ? domains : []) {
    const found = base && typeOfNames(walk, base.schema, base.name, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}
