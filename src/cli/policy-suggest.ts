import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { ACTIONS, type Action } from '../base/access.ts'
import { asPgoauthError } from '../base/errors.ts'
import { quoteName } from '../base/sql-name.ts'
import type { AccessRecord } from '../policy/access-record.ts'
import { suggestScopes } from '../policy/suggestion.ts'
import type { CliContext } from './context.ts'
import { writeLine, writeLineOut } from './line-output.ts'
import { readPolicy } from './policy-explain.ts'

/** Events that say what a statement needed: let through by rules, or by observing. Denials did nothing. */
const DONE = new Set(['statement_allowed', 'statement_observed'])

/** `pgoauth policy suggest`: scopes on stdout, one a line; rules to write for what no scope gives. */
export async function suggestFromAudit(
  context: CliContext,
  file: string,
  flags: { readonly policy: string; readonly subject?: string; readonly json?: boolean },
): Promise<void> {
  const policy = readPolicy(flags.policy)
  const done = await readDone(file, flags.subject)
  const { scopes, uncovered, forbidden } = suggestScopes(policy, done)
  if (flags.json) {
    await writeLineOut(context.stdout, JSON.stringify({ scopes, rules: uncovered, forbidden }))
    return
  }
  for (const scope of scopes) await writeLineOut(context.stdout, scope)
  for (const [action, objects] of rulesOf(forbidden)) {
    for (const object of objects) writeLine(context.stderr, `note: never forbids ${action} on ${object}`)
  }
  if (scopes.length + uncovered.length + forbidden.length === 0)
    writeLine(context.stderr, 'nothing was done that needs a scope')
  if (uncovered.length === 0) return
  await writeLineOut(context.stdout, '# no scope gives what follows; as rules:')
  await writeLineOut(context.stdout, 'scopes:\n  new:scope:')
  for (const [action, objects] of rulesOf(uncovered)) {
    await writeLineOut(context.stdout, `    ${action}:`)
    for (const object of objects) await writeLineOut(context.stdout, `      - ${JSON.stringify(object)}`)
  }
}

/** Rules by action; the columns of one object come together. */
function rulesOf(records: readonly AccessRecord[]): Map<Action, string[]> {
  const columns = new Map<string, Set<string>>()
  const place = ({ action, object }: AccessRecord) => `${action} ${object}`
  for (const record of records) {
    const known = columns.get(place(record)) ?? new Set()
    for (const column of record.columns ?? ['*']) known.add(column)
    columns.set(place(record), known)
  }
  const rules = new Map<Action, string[]>()
  for (const record of records) {
    const list = [...(columns.get(place(record)) ?? [])]
    const isWhole = list.length === 0 || list.includes('*')
    const text = isWhole ? record.object : `${record.object} (${list.map(quoteName).join(', ')})`
    const known = rules.get(record.action) ?? []
    if (!known.includes(text)) rules.set(record.action, [...known, text])
  }
  return rules
}

async function readDone(file: string, subject: string | undefined): Promise<AccessRecord[]> {
  const done: AccessRecord[] = []
  try {
    for await (const line of createInterface({ input: createReadStream(file) })) done.push(...recordsIn(line, subject))
  } catch (thrown) {
    throw asPgoauthError(thrown, 'USAGE')
  }
  return done
}

/** What an audit line says was done; a line that is no event says nothing. */
function recordsIn(line: string, subject: string | undefined): AccessRecord[] {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return []
  }
  if (typeof value !== 'object' || value === null) return []
  const event = value as Readonly<Record<string, unknown>>
  if (!DONE.has(String(event.event)) || (subject !== undefined && event.subject !== subject)) return []
  const listed = Array.isArray(event.accesses) ? event.accesses : [{ action: event.action, object: event.object }]
  return listed.flatMap((one: Readonly<Record<string, unknown>>): AccessRecord[] => {
    const action = ACTIONS.find((known) => known === one.action)
    if (!action || typeof one.object !== 'string') return []
    const columns = Array.isArray(one.columns) ? { columns: one.columns.map(String) } : {}
    return [{ action, object: one.object, ...columns, ...(one.metadata === true ? { metadata: true as const } : {}) }]
  })
}
