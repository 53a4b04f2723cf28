import { knownType } from './node-fields.ts'
import type { Tree } from './parser.ts'
import type { Walk } from './walk.ts'

/** Settings that nothing may set, as a literal would name them. */
const FORBIDDEN_NAME = /^(role|session_authorization|pgoauth\..*)$/i

/**
 * Checks a statement against the grammar's node types before it is analysed: a type or a field that is not known is
 * refused. Every node that can carry an access is noted; the analysis must look at each (Walk.isComplete), so that
 * one it forgot is refused too and cannot slip through.
 */
export function checkNodes(walk: Walk, type: string, body: Tree, isInert = false): void {
  const known = knownType(type)
  if (!known) {
    walk.refuse('a part of the statement is not understood', type)
    return
  }
  if (!isInert && !known.isInert) walk.expect(body)
  if (type === 'String' && typeof body.sval === 'string' && FORBIDDEN_NAME.test(body.sval)) {
    walk.noteForbiddenName(body.sval.toLowerCase())
  }
  // A type's modifiers are parsed as expressions, but only constants and words mean anything there.
  const inside = isInert || type === 'TypeName'
  for (const name in body) {
    const kind = known.fields.get(name)
    if (kind === 'scalar') continue
    if (kind === undefined) walk.refuse('a part of the statement is not understood', `${type}.${name}`)
    else checkField(walk, kind, body[name], inside)
  }
}

function checkField(walk: Walk, kind: string, value: unknown, isInert: boolean): void {
  if (Array.isArray(value)) {
    for (const one of value) checkField(walk, kind, one, isInert)
    return
  }
  if (typeof value !== 'object' || value === null) {
    walk.refuse('a part of the statement is not understood', kind)
    return
  }
  if (kind !== 'node') {
    checkNodes(walk, kind, value as Tree, isInert)
    return
  }
  for (const type in value) checkNodes(walk, type, ((value as Tree)[type] ?? {}) as Tree, isInert)
}
