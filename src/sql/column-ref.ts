import { quoteName } from '../base/sql-name.ts'
import { callNamed } from './functions.ts'
import type { Tree } from './parser.ts'
import { type Item, readItemColumn, readWholeItem, type Scope } from './scope.ts'
import { nodesOf, textOf } from './tree.ts'
import type { Walk } from './walk.ts'

/**
 * Reads what a ColumnRef names: `c`, `t.c`, `s.t.c`, `db.s.t.c`, or any of them with `*` at the end.
 *
 * @see PostgreSQL 18, src/backend/parser/parse_expr.c: transformColumnRef
 */
export function readColumnRef(walk: Walk, scope: Scope, body: Tree): void {
  const fields = nodesOf(body.fields)
  const isStar = fields.at(-1)?.type === 'A_Star'
  const names: string[] = []
  for (const field of fields) if (field.type === 'String') names.push(textOf(field.body.sval) ?? '')
  if (names.length + (isStar ? 1 : 0) !== fields.length || fields.length > 4) {
    walk.refuse('a name is not understood', names.map(quoteName).join('.'))
    return
  }
  if (isStar) {
    readStar(walk, scope, names)
    return
  }
  if (names.length === 1) {
    readUnqualified(walk, scope, names[0] ?? '')
    return
  }
  readQualified(walk, scope, names)
}

function readUnqualified(walk: Walk, scope: Scope, name: string): void {
  if (!walk.flags.leansOnCatalog && scope.hasUnknownColumns()) walk.flags.leansOnCatalog = true
  const found = scope.readUnqualified(name)
  if (found === 'found') return
  const whole = scope.named(name)
  for (const item of whole) readWholeItem(item)
  if (found === 'none' && whole.length === 0) readUnresolved(walk, scope, name)
}

function readStar(walk: Walk, scope: Scope, names: readonly string[]): void {
  if (names.length === 0) {
    for (const item of scope.items) if (item.columnsVisible) readWholeItem(item)
    return
  }
  const items = itemsNamed(walk, scope, names)
  for (const item of items) readWholeItem(item)
  if (items.length === 0) for (const item of scope.everything()) readWholeItem(item)
}

/** The last name is a column, or a function of the whole row where there is no such column. */
function readQualified(walk: Walk, scope: Scope, names: readonly string[]): void {
  const column = names.at(-1) ?? ''
  const items = names.length === 2 ? scope.named(names[0] ?? '') : itemsNamed(walk, scope, names.slice(0, -1))
  if (items.length === 0) readUnresolved(walk, scope, column)
  for (const item of items) {
    const found = readItemColumn(item, column)
    if (found === 'found') continue
    const isCall = callNamed(walk, column)
    if (found === 'none' || isCall) readWholeItem(item)
    if (found === 'none') {
      walk.flags.unknownNames = true
      walk.flags.leansOnCatalog = true
    }
  }
}

function itemsNamed(walk: Walk, scope: Scope, names: readonly string[]): readonly Item[] {
  const [table = '', schema, database] = names.toReversed()
  const known = walk.catalog.database
  if (database !== undefined && known !== undefined && database !== known) {
    walk.refuse('another database cannot be reached', names.map(quoteName).join('.'))
  }
  return scope.named(table, schema)
}

/** A name that nothing in sight has: it counts for every relation in sight, since the catalog may be behind. */
function readUnresolved(walk: Walk, scope: Scope, column: string): void {
  walk.flags.leansOnCatalog = true
  walk.flags.unknownNames = true
  for (const item of scope.everything()) item.use?.read(column)
}
