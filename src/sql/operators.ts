import { quoteName } from '../base/sql-name.ts'
import { BUILT_IN_OPERATORS } from './data/operators.ts'
import { needFunctions } from './functions.ts'
import type { Walk } from './walk.ts'

/**
 * An operator that pg_catalog has is free where no other schema is named. Any other counts as its function: that of
 * every operator of the name, or of the one in the schema named.
 */
export function needOperator(walk: Walk, names: readonly string[]): void {
  const name = names.at(-1) ?? ''
  const schema = names.at(-2)
  const isBuiltIn = BUILT_IN_OPERATORS.has(name)
  if (isBuiltIn && (schema === undefined || schema === 'pg_catalog')) return
  walk.flags.leansOnCatalog = true
  const operators = walk.catalog.operatorsNamed(name).filter((one) => schema === undefined || one.schema === schema)
  const written = schema === undefined ? name : `${quoteName(schema)}.${name}`
  if (operators.length === 0) walk.flags.unknownNames = true
  needFunctions(
    walk,
    `operator ${written}`,
    operators.map((one) => one.function),
  )
}
