import { existsSync, readFileSync } from 'node:fs'
import type { Client, DatabaseError } from 'pg'
import { TRIALS, type Trial } from './sample-database.ts'

/** The fields of an audit line (DESIGN section 10) that the account shows. */
export interface AuditLine {
  readonly event: string
  readonly request_id?: string
  readonly subject?: string
  readonly role?: string
  readonly action?: string
  readonly object?: string
  readonly reason?: string
}

/** What became of one statement; `wrong` says in what it did not behave. */
export interface TrialResult {
  readonly sql: string
  readonly rows?: number
  readonly refusal?: { readonly sqlstate: string; readonly message: string; readonly why: string }
  readonly audit?: AuditLine
  readonly wrong?: string
}

const DENIED = '42501'
const REQUEST_ID = /\b[0-9a-f]{16}\b/

/** Runs the statements of the demonstration, one by one, on a client of the tunnel. */
export async function runTrials(client: Client, auditFile: string): Promise<TrialResult[]> {
  const results: TrialResult[] = []
  for (const trial of TRIALS) results.push(await runTrial(client, trial, auditFile))
  return results
}

/**
 * A denied statement inside a transaction must leave it as any error does: aborted, until ROLLBACK; and nothing of it may
 * have happened.
 */
export async function runTransaction(client: Client): Promise<TrialResult> {
  const sql = 'begin; update …; a denied delete; select 1; rollback'
  await client.query('begin')
  await client.query("update sales.orders set note = 'undone' where id = 2")
  const denied = await refusalOf(client, 'delete from sales.orders')
  const after = await refusalOf(client, 'select 1')
  await client.query('rollback')
  const { rows } = await client.query("select note from sales.orders where id = 2 and note = 'undone'")
  const refusal = { sqlstate: after?.code ?? 'none', message: after?.message ?? '', why: 'the denial aborted it' }
  if (denied?.code !== DENIED) return { sql, refusal, wrong: `the delete gave ${denied?.code ?? 'no error'}` }
  if (after?.code !== '25P02') return { sql, refusal, wrong: `the transaction was not aborted` }
  return rows.length === 0 ? { sql, refusal } : { sql, refusal, wrong: 'ROLLBACK did not undo it' }
}

/** The audit event of a request, or of the latest events where no request is named. */
export function readAudit(file: string): AuditLine[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  // The last one may be half written.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as AuditLine)
}

async function runTrial(client: Client, { sql, expect }: Trial, auditFile: string): Promise<TrialResult> {
  try {
    const { rowCount } = await client.query(sql)
    const rows = rowCount ?? 0
    if ('denied' in expect) return { sql, rows, wrong: 'it was let through' }
    return rows === expect.rows ? { sql, rows } : { sql, rows, wrong: `${expect.rows} rows were expected` }
  } catch (error) {
    const { code = '', message, hint = '' } = error as DatabaseError
    const why = 'denied' in expect ? expect.denied : ''
    const refusal = { sqlstate: code, message, why }
    if ('rows' in expect) return { sql, refusal, wrong: 'it should have been allowed' }
    if (code !== DENIED) return { sql, refusal, wrong: `SQLSTATE ${code}, not ${DENIED}` }
    const [requestId] = REQUEST_ID.exec(hint) ?? []
    const audit = requestId && readAudit(auditFile).find((line) => line.request_id === requestId)
    return audit ? { sql, refusal, audit } : { sql, refusal, wrong: 'the audit has no line for it' }
  }
}

async function refusalOf(client: Client, sql: string): Promise<DatabaseError | undefined> {
  try {
    await client.query(sql)
    return undefined
  } catch (error) {
    return error as DatabaseError
  }
}
