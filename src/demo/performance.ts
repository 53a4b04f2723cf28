import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { auditText, type Dress, invitation, trialLines } from './account.ts'
import { type Demo, openClient } from './demo.ts'
import { runPsql } from './psql.ts'
import { TRIALS } from './sample-database.ts'
import { readAudit, runTransaction, runTrials, type TrialResult } from './trials.ts'

export interface Stage {
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly dress: Dress
  readonly interrupted: AbortSignal
  /** A line of the account. */
  say(line: string): void
}

const POLL_MS = 500

/**
 * Runs allowed and denied statements through the tunnel with the `pg` driver, and psql where there is one, looks at the server
 * from behind, and says what became of each. True when every one behaved.
 */
export async function performOnce(demo: Demo, { env, dress, say }: Stage): Promise<boolean> {
  const client = await openClient(demo.url)
  const results = await runTrials(client, demo.files.audit)
  const transaction = await runTransaction(client)
  await client.end()
  say(`\n${dress.bold('Through the tunnel, as ada, with the driver pg')}`)
  for (const result of [...results, transaction]) for (const line of trialLines(dress, result)) say(line)

  const psql = findPsql(env)
  const others: TrialResult[] = psql === undefined ? [] : await runPsql(psql, demo.url, demo.files.audit)
  say(`\n${dress.bold(psql === undefined ? 'psql is not installed: left out' : 'The same with psql')}`)
  for (const result of others) for (const line of trialLines(dress, result)) say(line)

  const untouched = await lookFromBehind(demo)
  say(`\n${dress.bold('Straight at the server')}`)
  for (const line of trialLines(dress, untouched)) say(line)

  const all = [...results, transaction, ...others, untouched]
  const wrong = all.filter((result) => result.wrong !== undefined).length
  say('')
  say(wrong === 0 ? dress.green(`All ${all.length} behaved.`) : dress.red(`${wrong} of ${all.length} did not behave.`))
  return wrong === 0
}

/** Says how to go on, then tells of denials as they happen, until it is interrupted. */
export async function performForPeople(demo: Demo, { env, dress, say, clock, interrupted }: Stage): Promise<void> {
  const { policyYaml, profileYaml, audit } = demo.files
  const at = { url: demo.url, policy: policyYaml, profiles: profileYaml, audit, trials: TRIALS }
  say(invitation(dress, { ...at, psql: findPsql(env) !== undefined }))
  let told = readAudit(audit).length
  for (;;) {
    await clock.sleep(POLL_MS, interrupted)
    const lines = readAudit(audit)
    for (const line of lines.slice(told)) {
      if (line.event === 'statement_denied') say(`  ${dress.red('denied')}  ${dress.dim(auditText(line))}`)
    }
    told = lines.length
  }
}

/** What was denied must not have happened: the superuser sees all rows, with their totals. */
async function lookFromBehind(demo: Demo): Promise<TrialResult> {
  const client = await openClient(demo.postgres.url({ database: 'demo' }))
  const sql = 'select status, total from sales.orders order by id'
  const { rows } = await client.query<{ status: string; total: string }>(sql)
  await client.end()
  const found = rows.map(({ status, total }) => `${status} ${total}`).join(', ')
  const expected = 'paid 120.00, paid 75.50, open 310.20'
  return { sql, rows: rows.length, ...(found !== expected && { wrong: `found ${found}` }) }
}

function findPsql(env: NodeJS.ProcessEnv): string | undefined {
  const name = process.platform === 'win32' ? 'psql.exe' : 'psql'
  const candidates = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  return candidates.find((path) => existsSync(path))
}
