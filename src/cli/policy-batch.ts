import { createInterface } from 'node:readline'
import type { CliContext } from './context.ts'
import { writeLineOut } from './line-output.ts'
import { type ExplainedUnder, explainStatement, explanationJson, splitScopes } from './policy-answer.ts'

/** Reads JSON Lines `{"id", "scopes", "sql"}` from stdin and answers a line each, in order, with the `id`. */
export async function explainBatch(context: CliContext, under: ExplainedUnder): Promise<void> {
  for await (const line of createInterface({ input: context.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') await writeLineOut(context.stdout, JSON.stringify(answerLine(line, under)))
  }
}

function answerLine(line: string, under: ExplainedUnder): object {
  const { id, scopes, sql } = readLine(line)
  if (typeof sql === 'string' && Array.isArray(scopes)) {
    return { id, ...explanationJson(explainStatement(sql, scopes.map(String), under)) }
  }
  return { id, decision: 'deny', accesses: [], reason: 'the line is not {"id", "scopes", "sql"}' }
}

/** What the line says, as far as it says it; scopes may also stand in one text. */
function readLine(line: string): { id: unknown; scopes: unknown; sql: unknown } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    value = undefined
  }
  const given = typeof value === 'object' && value !== null ? value : {}
  const { id = null, scopes, sql } = given as { id?: unknown; scopes?: unknown; sql?: unknown }
  return { id, scopes: typeof scopes === 'string' ? splitScopes(scopes) : (scopes ?? []), sql }
}
