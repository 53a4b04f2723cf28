import { fail } from '../base/errors.ts'
import type { MappedIdentity } from '../base/identity.ts'
import { quoteName } from '../base/sql-name.ts'
import type { ServedDatabase } from './served-database.ts'
import { sessionGrants } from './session-grants.ts'

/** Who is behind a session is decided here; what the gate's parser leans on is checked by value when the packet is read. */
const DECIDED_ELSEWHERE = new Set(['application_name', 'client_encoding', 'standard_conforming_strings'])

/**
 * Checks that the policy lets this client set what its startup packet sets: each as if it were a SET of its own.
 *
 * @throws SETTING_REFUSED naming the setting.
 */
export async function checkClientSettings(
  settings: ReadonlyMap<string, string>,
  identity: MappedIdentity,
  database: ServedDatabase,
): Promise<void> {
  const grants = sessionGrants(database, identity)
  const { judge, pool } = database
  const isAsked = [...settings.keys()].some((name) => !DECIDED_ELSEWHERE.has(name))
  // With as_role it is this role that the catalog is first read as.
  if (isAsked && !judge.catalog.isLoaded) await pool.checkRole(identity.role)
  for (const [name, value] of settings) {
    if (DECIDED_ELSEWHERE.has(name)) continue
    const sql = `SELECT pg_catalog.set_config(${quote(name)}, ${quote(value)}, false)`
    const judgement = await judge.judge(sql, { grants, temporary: [] })
    if (judgement.kind !== 'parsed' || !judgement.allowed) {
      fail('SETTING_REFUSED', { detail: `startup setting ${name}: no scope allows it` })
    }
  }
}

/** The pinned path of the policy as a value of search_path; undefined where none is pinned. */
export function pinnedSearchPath({ policy }: ServedDatabase): string | undefined {
  return policy.searchPath?.map(quoteName).join(', ')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
