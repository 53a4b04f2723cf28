import { parse } from '../sql/parser.ts'

/** A text whose compared literals have become parameters. */
export interface SplitText {
  /** With `$1` … in the literals' places. */
  readonly sql: string
  /** OIDs of the parameters' types; 0 leaves it to the server, which then reads the value as it reads a string literal. */
  readonly types: readonly number[]
  /** The values of another text that differs in those literals alone; undefined where it differs elsewhere. */
  valuesOf(text: string): readonly string[] | undefined
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

  const fixed: string[] = []
  let from = 0
  for (const { at, kind, value } of literals) {
    const end = literalEnd(text, at, kind)
    const found = end < 0 ? undefined : literalValue(text, at, end, kind)
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
    valuesOf: (other) => valuesOf(other, fixed, kinds),
  }
}

interface Literal {
  readonly at: number
  readonly kind: 'integer' | 'string'
  readonly value: string
}

function valuesOf(text: string, fixed: readonly string[], kinds: readonly Literal['kind'][]): string[] | undefined {
  const values: string[] = []
  let at = 0
  for (let index = 0; index < kinds.length; index++) {
    const part = fixed[index] as string
    if (!text.startsWith(part, at)) return undefined
    at += part.length
    const kind = kinds[index] as Literal['kind']
    const end = literalEnd(text, at, kind)
    if (end < 0) return undefined
    values.push(literalValue(text, at, end, kind))
    at = end
  }
  const last = fixed[kinds.length] as string
  return text.length - at === last.length && text.startsWith(last, at) ? values : undefined
}

/** Behind a literal that is read in one way only; -1 where none begins. */
function literalEnd(text: string, at: number, kind: Literal['kind']): number {
  if (kind === 'string') {
    if (text.charCodeAt(at) !== 0x27) return -1
    for (let end = at + 1; end < text.length; end++) {
      const code = text.charCodeAt(end)
      if (code === 0x27) return text.charCodeAt(end + 1) === 0x27 ? -1 : end + 1
      if (code === 0x5c || code > 0x7f || code < 0x20) return -1
    }
    return -1
  }
  let end = at
  while (isDigit(text.charCodeAt(end))) end++
  return end === at || end - at > MAX_DIGITS ? -1 : end
}

function literalValue(text: string, at: number, end: number, kind: Literal['kind']): string {
  return kind === 'string' ? text.slice(at + 1, end - 1) : text.slice(at, end)
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
