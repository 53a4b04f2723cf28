import { quoteName } from '../base/sql-name.ts'
import { needFunctions } from './functions.ts'
import type { Tree } from './parser.ts'
import type { Scope } from './scope.ts'
import { type Node, stringsOf } from './tree.ts'
import { mayBeCustomType } from './value-type.ts'
import type { Walk } from './walk.ts'

const NAMES_TO_OIDS = new Set([
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

/**
 * A cast to a named type: to a `reg…` type it looks a name up; where a cast to that type has a function outside
 * pg_catalog, it counts as a call of it, unless the value is surely of a type that this cast is not from. A literal or a parameter takes the type as it is, without a cast.
 */
export function castTo(walk: Walk, typeName: Tree | undefined, arg?: Node, scope?: Scope): void {
  if (!typeName) return
  const [name = '', schema] = stringsOf(typeName.names).toReversed()
  if (NAMES_TO_OIDS.has(name) && (schema === undefined || schema === 'pg_catalog')) {
    const target = { schema: 'pg_catalog', name }
    if (!walk.isQuiet) {
      walk.need({
        action: 'execute',
        kind: 'function',
        object: `pg_catalog.${name}`,
        targets: [target],
        metadata: true,
      })
    }
  }
  const isArray = typeName.arrayBounds !== undefined
  const functions = walk.catalog.castsTo(schema, name)
  // The cast of an array may be its own, or that of its elements.
  const all = isArray ? [...functions, ...walk.catalog.castsTo(schema, `_${name}`)] : functions
  if (all.length > 0) {
    // A text literal takes a type without a cast, a number does not: one verdict does not hold for both.
    walk.flags.exact = true
    if (arg && (isWithoutType(arg) || (scope && !mayBeCustomType(walk, scope, arg)))) return
    walk.flags.leansOnCatalog = true
    const written = schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`
    needFunctions(walk, `cast to ${written}`, all)
  }
}

function isWithoutType(arg: Node): boolean {
  return (
    arg.type === 'ParamRef' || (arg.type === 'A_Const' && (arg.body.sval !== undefined || arg.body.isnull === true))
  )
}
