import { quoteName } from '../base/sql-name.ts'
import { needFunctions } from './functions.ts'
import type { Tree } from './parser.ts'
import type { Scope } from './scope.ts'
import { type Node, stringsOf } from './tree.ts'
import { mayBeCustomType } from './value-type.ts'
import type { Walk } from './walk.ts'

const NAMES_TO_OIDS = new Set([
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
  if (NAMES_TO_OIDS.has(name.replace(/^_/, '')) && (schema === undefined || schema === 'pg_catalog')) {
    const target = { schema: 'pg_catalog', name: name.replace(/^_/, '') }
    if (!walk.isQuiet) {
      walk.need({
        action: 'execute',
        kind: 'function',
        object: `pg_catalog.${target.name}`,
        targets: [target],
        metadata: true,
      })
    }
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
    const reached = isBuiltIn ? all.filter(({ source }) => !source || source.schema === 'pg_catalog') : all
    if (reached.length === 0) return
    const written = schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`
    needFunctions(
      walk,
      `cast to ${written}`,
      reached.map((cast) => cast.function),
    )
  }
}

function isWithoutType(arg: Node): boolean {
  return arg === GIVEN || (arg.type === 'A_Const' && (arg.body.sval !== undefined || arg.body.isnull === true))
}
