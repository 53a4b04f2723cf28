import type { Client } from 'pg'
import { loadCatalog } from '../../../src/catalog/load-catalog.ts'
import { decide } from '../../../src/policy/decide.ts'
import { grantsFor } from '../../../src/policy/grants.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import { analyse } from '../../../src/sql/analyse.ts'
import type { Catalog } from '../../../src/sql/catalog.ts'
import { indexCatalog } from '../../../src/sql/catalog-index.ts'
import type { Case } from './corpus.ts'

export interface Verdict {
  readonly said: 'allow' | 'deny'
  readonly detail: string
  /** What came back: rows, or an error's texts. */
  readonly text?: string
}

/** The catalog of the database behind a connection, as the proxy loads it. */
export async function catalogOf(client: Client): Promise<Catalog> {
  const run = async (sql: string): Promise<(string | null)[][]> => {
    const result = await client.query({ text: sql, rowMode: 'array' })
    return (Array.isArray(result) ? result : [result]).flatMap((one) => one.rows)
  }
  return indexCatalog((await loadCatalog(run)).snapshot)
}

/** The policy's verdict on a statement, offline. */
export function policyVerdict({ scopes, sql }: Case, policy: Policy, catalog: Catalog): Verdict {
  const analysis = analyse(sql, catalog)
  if (!analysis.ok) return { said: 'deny', detail: `${analysis.code} ${analysis.message}` }
  const grants = grantsFor(policy, scopes)
  const decisions = analysis.statements.map((statement) => decide(statement, grants))
  const denied = decisions.find((one) => !one.allowed)
  const needs = analysis.statements.flatMap((one) =>
    one.accesses.map((access) => `${access.action} ${access.object}(${access.columns})`),
  )
  return { said: denied ? 'deny' : 'allow', detail: `${denied?.reason ?? ''} [${needs.join(', ')}]` }
}

/**
 * PostgreSQL's verdict on a statement that this role runs; nothing of it stays. 42501 is a denial; any other error comes
 * after the rights were found to be enough.
 */
export async function roleVerdict(judge: Client, role: string, sql: string, path?: string): Promise<Verdict> {
  await judge.query(`begin; set local role ${role}${path === undefined ? '' : `; set local search_path = ${path}`}`)
  try {
    const values = /\$1/.test(sql) && !/prepare|\$\$/i.test(sql) ? { values: ['1'] } : {}
    const result = await judge.query({ text: sql, rowMode: 'array', ...values })
    const rows = (Array.isArray(result) ? result : [result]).map((one) => one.rows)
    return { said: 'allow', detail: 'ran', text: JSON.stringify(rows) }
  } catch (error) {
    const { code, message, detail, hint, where } = error as Record<string, string | undefined>
    const text = [message, detail, hint, where].join('\n')
    return { said: code === '42501' ? 'deny' : 'allow', detail: `${code} ${message}`, text }
  } finally {
    await judge.query('rollback; deallocate all')
  }
}
