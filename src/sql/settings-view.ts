import type { Scope } from './scope.ts'
import { type Node, stringsOf } from './tree.ts'
import type { Walk } from './walk.ts'

/**
 * `current_setting(s.name)` with a name out of pg_settings, which shows no more than that view does in its next column
 * (psql's `\\dconfig`); true where it is one.
 */
export function isOfSettingsView(walk: Walk, scope: Scope, names: readonly string[], args: readonly Node[]): boolean {
  if (names.at(-1) !== 'current_setting' || args.length !== 1) return false
  const isBuiltIn = names.length === 1 ? isOnlyBuiltIn(walk) : names[0] === 'pg_catalog'
  return isBuiltIn && isSettingName(scope, args[0])
}

function isOnlyBuiltIn({ catalog }: Walk): boolean {
  return catalog.functionsNamed('current_setting').length === 0
}

/** `name` or `s.name`, where that surely is the column of pg_settings. */
export function isSettingName(scope: Scope, node: Node | undefined): boolean {
  if (node?.type !== 'ColumnRef') return false
  const fields = stringsOf(node.body.fields)
  if (fields.at(-1) !== 'name' || fields.length > 2) return false
  const items = fields.length === 1 ? scope.items : scope.named(fields[0] ?? '')
  const [item] = items
  if (items.length !== 1 || item === undefined) return false
  const reads = item.columns.list.filter((one) => one.name === 'name').flatMap((one) => one.reads)
  return (
    reads.length === 1 &&
    reads.every(
      ([{ relation }, column]) =>
        column === 'name' &&
        relation.candidates.length === 1 &&
        relation.candidates.every(({ schema, name }) => schema === 'pg_catalog' && name === 'pg_settings'),
    )
  )
}
