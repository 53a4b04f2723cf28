import type { Tree } from './parser.ts'

/** A node that stands under its type's name, taken apart: `{ "ColumnRef": { … } }`. */
export interface Node {
  readonly type: string
  readonly body: Tree
}

const EMPTY: Tree = {}

export function nodeOf(wrapped: unknown): Node | undefined {
  if (typeof wrapped !== 'object' || wrapped === null) return undefined
  for (const type in wrapped) return { type, body: ((wrapped as Tree)[type] ?? EMPTY) as Tree }
  return undefined
}

/** The nodes of a list field, of a List node, or of a field that holds one node. */
export function nodesOf(field: unknown): Node[] {
  if (field === undefined || field === null) return []
  const items = Array.isArray(field) ? field : [field]
  const nodes: Node[] = []
  for (const item of items) {
    const node = nodeOf(item)
    if (node) nodes.push(node)
  }
  return nodes
}

export function treeOf(field: unknown): Tree | undefined {
  return typeof field === 'object' && field !== null && !Array.isArray(field) ? (field as Tree) : undefined
}

export function textOf(field: unknown): string | undefined {
  return typeof field === 'string' ? field : undefined
}

/** The texts of a list of String nodes; anything else in it counts as the empty text. */
export function stringsOf(field: unknown): string[] {
  return nodesOf(field).map((node) => (node.type === 'String' ? (textOf(node.body.sval) ?? '') : ''))
}

/** The text of a literal: a string constant, also under casts that keep it as it is. */
export function literalOf(node: Node | undefined): string | undefined {
  if (!node) return undefined
  if (node.type === 'A_Const') return textOf(treeOf(node.body.sval)?.sval ?? (node.body.sval ? '' : undefined))
  return node.type === 'TypeCast' && keepsText(treeOf(node.body.typeName))
    ? literalOf(nodeOf(node.body.arg))
    : undefined
}

/** `varchar(4)` and `name` cut, `bpchar` loses blanks at the end, and another schema's type may do anything. */
function keepsText(typeName: Tree | undefined): boolean {
  if (typeName === undefined || typeName.typmods !== undefined || typeName.arrayBounds !== undefined) return false
  const [name = '', schema] = stringsOf(typeName.names).toReversed()
  return KEEPING_TEXT.has(name) && (schema === undefined || schema === 'pg_catalog')
}

const KEEPING_TEXT = new Set(['text', 'varchar', 'cstring', 'regclass', 'unknown'])

/** A literal as a setting's value is given: texts, numbers and words alike. */
export function constantOf(node: Node | undefined): string | undefined {
  const text = literalOf(node)
  if (text !== undefined || node?.type !== 'A_Const') return text
  const { ival, fval, boolval } = node.body
  if (ival !== undefined) return String(treeOf(ival)?.ival ?? 0)
  if (fval !== undefined) return String(treeOf(fval)?.fval ?? '0')
  if (boolval !== undefined) return treeOf(boolval)?.boolval ? 'true' : 'false'
  return undefined
}
