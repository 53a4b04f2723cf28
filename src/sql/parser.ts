import { isAscii } from 'node:buffer'
import createModule, { type PgQueryModule } from 'libpg-query/wasm/libpg-query.js'

/** A node of the parse tree, or of its JSON: fields by name. */
export type Tree = Readonly<Record<string, unknown>>

export interface RawStatement {
  readonly kind: string
  readonly node: Tree
  /** Bytes of UTF-8 in the text. */
  readonly start: number
  readonly end: number
}

export type ParseOutcome =
  | { readonly ok: true; readonly statements: readonly RawStatement[] }
  | {
      readonly ok: false
      readonly code: 'SYNTAX' | 'STATEMENT_TOO_COMPLEX'
      readonly message: string
      /** Characters from 1. */
      readonly position?: number
    }

/** A parse of much text grows the module's memory, which never shrinks: then it is replaced. */
const MAX_HEAP_BYTES = 512 * 1024 * 1024

let current: PgQueryModule | undefined
let spare: PgQueryModule | undefined
let refilling: Promise<void> | undefined

/** Loads PostgreSQL's parser (WebAssembly, some 50 ms) and a spare of it; `parse` works from then on. */
export async function loadParser(): Promise<void> {
  current ??= await createModule()
  refilling ??= refill()
  await refilling
}

/**
 * Parses with PostgreSQL's own grammar.
 *
 * Recursion in the grammar's code can exhaust the stack; the module is then in an unknown state, so it is thrown away,
 * the spare takes over and another is loaded. Where there is none yet, everything is too complex.
 */
export function parse(sql: string): ParseOutcome {
  const module = current
  if (!module) return { ok: false, code: 'STATEMENT_TOO_COMPLEX', message: 'the parser is not ready' }
  try {
    const outcome = parseWith(module, sql)
    if (module.HEAPU8.length > MAX_HEAP_BYTES) replace()
    return outcome
  } catch {
    replace()
    return { ok: false, code: 'STATEMENT_TOO_COMPLEX', message: 'statement nests too deeply' }
  }
}

function replace(): void {
  current = spare
  spare = undefined
  refilling = (refilling ?? Promise.resolve()).then(refill, refill)
}

async function refill(): Promise<void> {
  const fresh = await createModule()
  if (current) spare = fresh
  else {
    current = fresh
    spare = await createModule()
  }
}

/** Layouts are PgQueryParseResult (tree, stderr, error) and PgQueryError (message, function, file, line, cursor). */
function parseWith(module: PgQueryModule, sql: string): ParseOutcome {
  const bytes = Buffer.byteLength(sql) + 1
  const text = module._malloc(bytes)
  if (text === 0) throw new Error('out of memory')
  const memory = memoryOf(module)
  memory[text + memory.write(sql, text)] = 0
  const result = module._wasm_parse_query_raw(text)
  if (result === 0) throw new Error('out of memory')
  const tree = module.getValue(result, 'i32')
  const error = module.getValue(result + 8, 'i32')
  let outcome: ParseOutcome
  if (error !== 0) {
    const message = textAt(memoryOf(module), module.getValue(error, 'i32'))
    const cursor = module.getValue(error + 16, 'i32')
    const code = /^(memory exhausted|stack depth limit|out of memory)/.test(message)
      ? 'STATEMENT_TOO_COMPLEX'
      : 'SYNTAX'
    outcome = { ok: false, code, message, ...(cursor > 0 ? { position: cursor } : {}) }
  } else {
    outcome = { ok: true, statements: statementsOf(textAt(memoryOf(module), tree), bytes - 1) }
  }
  module._wasm_free_parse_result(result)
  module._free(text)
  return outcome
}

/** The module's memory as it is now: what it allocates may replace it by a larger one. */
function memoryOf({ HEAPU8 }: PgQueryModule): Buffer {
  return Buffer.from(HEAPU8.buffer, HEAPU8.byteOffset, HEAPU8.length)
}

/** The text of UTF-8 that begins there and ends at the next NUL. */
function textAt(memory: Buffer, start: number): string {
  const bytes = memory.subarray(start, memory.indexOf(0, start))
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8')
}

interface RawJson {
  readonly stmts?: readonly { readonly stmt?: Tree; readonly stmt_location?: number; readonly stmt_len?: number }[]
}

function statementsOf(json: string, bytes: number): RawStatement[] {
  const { stmts = [] } = JSON.parse(json) as RawJson
  return stmts.map(({ stmt = {}, stmt_location: start = 0, stmt_len: length }) => {
    const [kind = '', node] = Object.entries(stmt)[0] ?? []
    return { kind, node: (node ?? {}) as Tree, start, end: length === undefined ? bytes : start + length }
  })
}
