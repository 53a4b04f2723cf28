import { parse } from '../sql/parser.ts'

/** A text whose compared literals have become parameters. */
export interface SplitText {
  /** With `$1` … in the literals' places. */
  readonly sql: string
  /** OIDs of the parameters' types; 0 leaves it to the server, which then reads the value as it reads a string literal. */
  readonly types: readonly number[]
  readonly parameters: number
  /**
   * Where in the bytes of another text the values stand, as a start and an end for each, put into `places`; false where
   * that text differs in more than those literals.
   */
  findValues(bytes: Buffer, start: number, end: number, places: number[]): boolean
}

const INT4_OID = 23
/** More digits may be no int4. */
const MAX_DIGITS = 9
const MAX_LITERALS = 20
const OPERATORS: ReadonlySet<string> = new Set(['=', '<>', '<', '>', '<=', '>='])

/**
 * Takes a text apart at literals that are compared with a column, `column = 42`, for a server to plan once and run often;
 * undefined where there are none. There an integer means the same as a parameter of type int4, and a string, whose type
 * the column gives, the same as a parameter of no given type. Literals in any other place stay in the text.
 */
export function splitLiterals(text: string): SplitText | undefined {
  const outcome = parse(text)
  const [statement] = outcome.ok ? outcome.statements : []
  if (!outcome.ok || outcome.statements.length !== 1 || statement === undefined || /\$\d/.test(text)) return undefined
  const literals: Literal[] = []
  collect(statement.node, literals)
  literals.sort((a, b) => a.at - b.at)
  if (literals.length === 0 || literals.length > MAX_LITERALS) return undefined
  // The parser's places are bytes: what is beyond ASCII is not taken apart.
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return undefined

  const bytes = Buffer.from(text, 'latin1')
  const fixed: string[] = []
  let from = 0
  for (const { at, kind, value } of literals) {
    const isString = kind === 'string'
    const end = isString ? stringEnd(bytes, at, bytes.length) : integerEnd(bytes, at, bytes.length)
    const found = end < 0 ? undefined : text.slice(isString ? at + 1 : at, isString ? end - 1 : end)
    if (at < from || found !== value) return undefined
    fixed.push(text.slice(from, at))
    from = end
  }
  fixed.push(text.slice(from))
  const kinds = literals.map(({ kind }) => kind)
  const sql = fixed.reduce((before, part, index) => `${before}$${index}${part}`)
  return {
    sql,
    types: kinds.map((kind) => (kind === 'integer' ? INT4_OID : 0)),
    parameters: kinds.length,
    findValues: finderOf(
      fixed.map((part) => Buffer.from(part, 'latin1')),
      kinds.map((kind) => kind === 'string'),
    ),
  }
}

interface Literal {
  readonly at: number
  readonly kind: 'integer' | 'string'
  readonly value: string
}

function finderOf(fixed: readonly Buffer[], areStrings: readonly boolean[]): SplitText['findValues'] {
  return (bytes, start, end, places) => {
    let at = start
    for (let index = 0; ; index++) {
      const part = fixed[index] as Buffer
      const { length } = part
      if (end - at < length) return false
      for (let inside = 0; inside < length; inside++) if (bytes[at + inside] !== part[inside]) return false
      at += length
      if (index === areStrings.length) return at === end
      const isString = areStrings[index] as boolean
      const from = at
      at = isString ? stringEnd(bytes, at, end) : integerEnd(bytes, at, end)
      if (at < 0) return false
      places[index * 2] = isString ? from + 1 : from
      places[index * 2 + 1] = isString ? at - 1 : at
    }
  }
}

/** Behind a string that is read in one way only, its value as it stands; -1 where none begins. */
function stringEnd(bytes: Buffer, start: number, end: number): number {
  if (start >= end || bytes[start] !== 0x27) return -1
  for (let at = start + 1; at < end; at++) {
    const code = bytes[at] as number
    if (code === 0x27) return at + 1 < end && bytes[at + 1] === 0x27 ? -1 : at + 1
    if (code === 0x5c || code > 0x7f || code < 0x20) return -1
  }
  return -1
}

function integerEnd(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && isDigit(bytes[at] as number)) at++
  return at === start || at - start > MAX_DIGITS ? -1 : at
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** Literals that stand on one side of a comparison whose other side is a column, anywhere below `node`. */
function collect(node: unknown, found: Literal[]): void {
  if (Array.isArray(node)) {
    for (const one of node) collect(one, found)
    return
  }
  if (typeof node !== 'object' || node === null) return
  for (const [type, body] of Object.entries(node)) {
    if (type === 'A_Expr') compared(body as Comparison, found)
    collect(body, found)
  }
}

interface Constant {
  readonly ival?: { readonly ival?: number }
  readonly sval?: { readonly sval?: string }
  readonly location?: number
}

interface Comparison {
  readonly kind?: string
  readonly name?: readonly { readonly String?: { readonly sval?: string } }[]
  readonly lexpr?: { readonly ColumnRef?: unknown; readonly A_Const?: Constant }
  readonly rexpr?: { readonly ColumnRef?: unknown; readonly A_Const?: Constant }
}

function compared({ kind, name = [], lexpr, rexpr }: Comparison, found: Literal[]): void {
  if (kind !== 'AEXPR_OP' || name.length !== 1 || !OPERATORS.has(name[0]?.String?.sval ?? '')) return
  const constant = lexpr?.ColumnRef ? rexpr?.A_Const : rexpr?.ColumnRef ? lexpr?.A_Const : undefined
  if (constant?.location === undefined) return
  const { ival, sval, location: at } = constant
  // A zero is left out of the tree's JSON.
  if (ival !== undefined && (ival.ival ?? 0) >= 0) found.push({ at, kind: 'integer', value: String(ival.ival ?? 0) })
  else if (sval?.sval !== undefined) found.push({ at, kind: 'string', value: sval.sval })
}
