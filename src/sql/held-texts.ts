import type { Scope } from './scope.ts'
import { isSettingName } from './settings-view.ts'
import { literalOf, type Node, nodeOf, nodesOf, stringsOf, textOf } from './tree.ts'

/**
 * Columns that can only have one text where they stand, by how they are written: `name` and `o.name` may be columns of
 * two levels, and are one only where they are spelled alike.
 */
export type HeldTexts = ReadonlyMap<string, string>

export const NOTHING_HELD: HeldTexts = new Map()

/**
 * `name` of pg_settings as a query's condition holds it to one text, for its target list: that is only
 * computed for rows the condition let pass. So `SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'y'`,
 * which pg_dump sends, names its setting.
 */
export function heldTexts(scope: Scope, condition: unknown): HeldTexts {
  if (scope.items.length !== 1) return NOTHING_HELD
  const held = new Map<string, string>()
  for (const part of conjuncts(nodeOf(condition))) {
    const { kind, name, lexpr, rexpr } = part.body
    const isEqual = part.type === 'A_Expr' && kind === 'AEXPR_OP' && stringsOf(name).join('.') === '='
    const column = nodeOf(lexpr)
    const text = isEqual && isSettingName(scope, column) ? literalOf(nodeOf(rexpr)) : undefined
    if (text !== undefined) held.set(spellingOf(column?.body.fields), text)
  }
  return held
}

/** The text that a column is held to, where it is written as the condition writes it. */
export function heldText(held: HeldTexts, { body }: Node): string | undefined {
  return held.get(spellingOf(body.fields))
}

function spellingOf(fields: unknown): string {
  return stringsOf(fields).join('\0')
}

function conjuncts(node: Node | undefined): readonly Node[] {
  if (node === undefined) return []
  const isAnd = node.type === 'BoolExpr' && textOf(node.body.boolop) === 'AND_EXPR'
  return isAnd ? nodesOf(node.body.args).flatMap(conjuncts) : [node]
}
