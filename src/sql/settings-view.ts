import type { Tree } from './parser.ts'
import type { Scope } from './scope.ts'
import { setNamedSetting } from './settings.ts'
import { literalOf, type Node, nodeOf, stringsOf } from './tree.ts'
import type { Walk } from './walk.ts'

/**
 * Calls whose argument is a name out of pg_settings, as tools write them; true where one was judged here.
 *
 * - `current_setting(s.name)` shows no more than that view does in its next column (psql's `\\dconfig`);
 * - `set_config(name, …)` in a query `FROM pg_settings WHERE name = 'x'` sets `x` where there is such a setting
 *   (pg_dump, pgAdmin).
 */
export function isOfSettingsView(walk: Walk, scope: Scope, names: readonly string[], args: readonly Node[]): boolean {
  const name = names.at(-1)
  if (name !== 'current_setting' && name !== 'set_config') return false
  const isBuiltIn = names.length === 1 ? walk.catalog.functionsNamed(name).length === 0 : names[0] === 'pg_catalog'
  if (!isBuiltIn || !isSettingName(scope, args[0])) return false
  if (name === 'current_setting') return args.length === 1
  if (args.length !== 3 || scope.setting === undefined) return false
  setNamedSetting(walk, scope.setting, literalOf(args[1]))
  return true
}

/** The one setting that a query over pg_settings alone is about: `WHERE name = 'x'`. */
export function settingOfQuery(scope: Scope, body: Tree): string | undefined {
  const where = nodeOf(body.whereClause)
  if (scope.items.length !== 1 || where?.type !== 'A_Expr' || where.body.kind !== 'AEXPR_OP') return undefined
  const operator = stringsOf(where.body.name)
  const value = nodeOf(where.body.rexpr)
  if (operator.length !== 1 || operator[0] !== '=' || value?.type !== 'A_Const') return undefined
  return isSettingName(scope, nodeOf(where.body.lexpr)) ? literalOf(value) : undefined
}

/** `name` or `s.name`, where that surely is the column of pg_settings. */
function isSettingName(scope: Scope, node: Node | undefined): boolean {
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
