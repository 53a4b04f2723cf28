import { createInterface } from 'node:readline'
import type { CliContext } from './context.ts'
import { writeLineOut } from './line-output.ts'
import { type ExplainedUnder, explainStatement, explanationJson } from './policy-answer.ts'

/** Reads JSON Lines `{"id", "scopes", "sql"}` from stdin and answers a line each, in order, with the `id`. */
export async function explainBatch(context: CliContext, under: ExplainedUnder): Promise<void> {
  for await (const line of createInterface({ input: context.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') await writeLineOut(context.stdout, JSON.stringify(answerLine(line, under)))
  }
}

function answerLine(line: string, under: ExplainedUnder): object {
  const question = parseLine(line)
  if (!question) return { id: null, decision: 'deny', accesses: [], reason: 'the line is not {"id", "scopes", "sql"}' }
  const { id, scopes, sql } = question
  return { id, ...explanationJson(explainStatement(sql, scopes, under)) }
}

function parseLine(line: string): { id: unknown; scopes: readonly string[]; sql: string } | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { id = null, scopes = [], sql } = value as { id?: unknown; scopes?: unknown; sql?: unknown }
  if (typeof sql !== 'string') return undefined
  const list = typeof scopes === 'string' ? scopes.split(/[\s,]+/) : scopes
  return Array.isArray(list) ? { id, scopes: list.map(String), sql } : undefined
}
