import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { TRIALS, type Trial } from './sample-database.ts'
import { readAudit, type TrialResult } from './trials.ts'

const TIMEOUT_MS = 20_000

/** One allowed and one denied statement in psql, as anybody would type them. */
export async function runPsql(program: string, url: string, auditFile: string): Promise<TrialResult[]> {
  // The last allowed one, since those before it change what the first one finds.
  const allowed = TRIALS.findLast(({ expect }) => 'rows' in expect)
  const denied = TRIALS.findLast(({ expect }) => 'denied' in expect)
  const results: TrialResult[] = []
  for (const trial of [allowed, denied]) if (trial) results.push(await runOne(program, url, trial, auditFile))
  return results
}

async function runOne(program: string, url: string, { sql, expect }: Trial, auditFile: string): Promise<TrialResult> {
  const before = readAudit(auditFile).length
  const args = [
    '--no-psqlrc',
    '--no-password',
    '--tuples-only',
    '--no-align',
    '--set=VERBOSITY=verbose',
    '-c',
    sql,
    url,
  ]
  const { stdout, stderr } = await promisify(execFile)(program, args, { timeout: TIMEOUT_MS }).catch(
    (error: { stdout?: string; stderr?: string; message: string }) => ({
      stdout: error.stdout ?? '',
      stderr: error.stderr || error.message,
    }),
  )
  const [, sqlstate, message = ''] = /ERROR: {2}(\w{5}): (.*)/.exec(stderr) ?? []
  if ('rows' in expect) {
    const rows = stdout.split('\n').filter((line) => line !== '').length
    return rows === expect.rows
      ? { sql, rows }
      : { sql, rows, wrong: stderr.trim() || `${expect.rows} rows were expected` }
  }
  if (sqlstate === undefined) return { sql, rows: 0, wrong: stderr.trim() || 'it was let through' }
  const refusal = { sqlstate, message, why: expect.denied }
  const audit = readAudit(auditFile)
    .slice(before)
    .find(({ event }) => event === 'statement_denied')
  if (sqlstate !== '42501') return { sql, refusal, wrong: `SQLSTATE ${sqlstate}, not 42501` }
  return audit ? { sql, refusal, audit } : { sql, refusal, wrong: 'the audit has no line for it' }
}
