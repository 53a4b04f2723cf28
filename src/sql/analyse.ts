import type { Analysis, StatementAnalysis } from './analysis.ts'
import type { Catalog } from './catalog.ts'
import { isHeavy } from './heaviness.ts'
import { checkNodes } from './node-check.ts'
import { parse, type RawStatement } from './parser.ts'
import { refuseHiddenSettings } from './settings.ts'
import { analyseStatement } from './statement.ts'
import { Walk } from './walk.ts'

export { loadParser } from './parser.ts'

/** Half a pair cannot be written as UTF-8: such text never was a message's bytes. */
const LONE_SURROGATE = /\p{Surrogate}/u

export interface AnalyseOptions {
  /** Where nobody waits (a worker thread, the command line): also parses what is long or nests deeply. */
  readonly allowHeavy?: boolean
}

/**
 * What a text of SQL needs, statement by statement. Pure: the same text and catalog, the same analysis; `loadParser`
 * has to have been awaited once.
 *
 * What the parser does not take is not an analysis but an error, and so is a text that cannot be read as the server
 * would (a NUL, half a surrogate pair) or is too long or too deep to be parsed here.
 */
export function analyse(sql: string, catalog: Catalog, { allowHeavy = false }: AnalyseOptions = {}): Analysis {
  if (sql.includes('\0')) return { ok: false, code: 'SYNTAX', message: 'a NUL cannot stand in a statement' }
  if (LONE_SURROGATE.test(sql))
    return { ok: false, code: 'SYNTAX', message: 'invalid byte sequence for encoding "UTF8"' }
  if (!allowHeavy && isHeavy(sql)) return tooComplex('the statement is to be parsed elsewhere')
  const parsed = parse(sql)
  if (!parsed.ok) return parsed
  try {
    const walk = new Walk(catalog)
    const statements = parsed.statements.map((statement) => analyseOne(walk, statement))
    return { ok: true, statements, ...walk.flags }
  } catch (thrown) {
    // The stack ran out on a tree the parser could still build.
    if (thrown instanceof RangeError) return tooComplex('statement nests too deeply')
    throw thrown
  }
}

/** One statement, with everything in it looked at, or refused. */
export function analyseOne(walk: Walk, { kind, node, start, end }: RawStatement): StatementAnalysis {
  walk.nextStatement()
  checkNodes(walk, kind, node)
  analyseStatement(walk, { type: kind, body: node })
  refuseHiddenSettings(walk)
  const { collector } = walk
  if (!walk.isComplete) collector.refuse('a part of the statement is not understood', kind)
  const { ddl, opaque, readOnly, plain, effects } = collector
  const needs = collector.finish()
  walk.addOwn(effects)
  return { kind, start, end, ...needs, effects, ddl, opaque, readOnly, plain: plain && readOnly }
}

function tooComplex(message: string): Analysis {
  return { ok: false, code: 'STATEMENT_TOO_COMPLEX', message }
}
