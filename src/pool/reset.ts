import { freshBytes } from '../base/fresh-bytes.ts'
import type { TransactionStatus } from '../wire/server-messages.ts'
import type { ExchangeReply } from './exchange.ts'

/**
 * What a connection nobody has used looks like: who it speaks as, and that nothing of a session is left in it. Taken
 * once when it is opened, compared after every reset. Names are qualified so that no search path matters.
 */
export const CHECK_SQL = `SELECT CURRENT_USER, SESSION_USER,
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_settings WHERE source OPERATOR(pg_catalog.=) 'session'),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_statement()),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_cursor()),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_listening_channels()),
 pg_catalog.current_setting('search_path'), pg_catalog.current_setting('row_security')`

/** The columns of CHECK_SQL for a connection as it should be. */
export type Baseline = readonly (string | null)[]

/**
 * What cleans a connection: DISCARD ALL (which drops settings, prepared statements, cursors, temporary tables, LISTEN,
 * advisory locks, plans and sequence values), a seed for random() that no client chose, and a look at the outcome. An
 * open transaction is rolled back first.
 */
export function resetStatements(status: TransactionStatus): readonly string[] {
  const clean = ['DISCARD ALL', `SELECT pg_catalog.setseed(${newSeed()})`, CHECK_SQL]
  return status === 'I' ? clean : ['ROLLBACK', ...clean]
}

/**
 * As resetStatements, of a connection outside a transaction on which the pool set `pgoauth.subject`: that it is gone shows
 * that the settings were reset, all in one pass. To look through all of them, as CHECK_SQL does, costs the server five times
 * what the rest of the reset does, and a lease that wrote a row has it done.
 */
export function quickResetStatements(): readonly string[] {
  return ['DISCARD ALL', QUICK_CHECK_SQL.replace('SEED', newSeed())]
}

/** CHECK_SQL's columns but for the third, and the seed. */
const QUICK_CHECK_SQL = `SELECT CURRENT_USER, SESSION_USER,
 COALESCE(pg_catalog.current_setting('pgoauth.subject', true), ''),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_statement()),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_cursor()),
 (SELECT pg_catalog.count(*) FROM pg_catalog.pg_listening_channels()),
 pg_catalog.current_setting('search_path'), pg_catalog.current_setting('row_security'), pg_catalog.setseed(SEED)`

/** What the quick check gives on a connection that should be as this baseline says. */
export function quickBaseline(baseline: Baseline): Baseline {
  return [...baseline.map((value, column) => (column === SETTINGS_COLUMN ? '' : value)), '']
}

const SETTINGS_COLUMN = 2

function newSeed(): string {
  return (freshBytes(6).readUIntBE(0, 6) / 2 ** 48).toFixed(15)
}

/** Why a connection must not be lent again after a reset with these replies; undefined where it may. */
export function resetFlaw(replies: readonly ExchangeReply[], baseline: Baseline): string | undefined {
  for (const { error } of replies) {
    if (error !== undefined) return `the reset failed: ${error.get('C') ?? ''} ${error.get('M') ?? ''}`
  }
  const last = replies.at(-1)
  if (last?.status !== 'I') return `the reset left the transaction status ${last?.status}`
  const row = last.rows[0]
  if (last.rows.length !== 1 || row === undefined) return 'the check gave no row'
  const different = baseline.findIndex((value, column) => row[column] !== value)
  if (different >= 0 || row.length !== baseline.length) {
    return `${CHECKED[different] ?? 'the row'} differs after the reset`
  }
  return undefined
}

/** CHECK_SQL's columns, for the log; their values may name people's objects and stay out of it. */
const CHECKED = [
  'current_user',
  'session_user',
  'what is set',
  'the number of prepared statements',
  'the number of cursors',
  'the number of channels listened to',
  'search_path',
  'row_security',
]

/** The baseline that a check gave, or why the connection cannot be used: it must speak as `role`, with nothing set. */
export function processBaseline(reply: ExchangeReply | undefined, role: string): Baseline | { readonly flaw: string } {
  if (reply?.error) return { flaw: `the check failed: ${reply.error.get('C') ?? ''} ${reply.error.get('M') ?? ''}` }
  const row = reply?.rows[0]
  if (row === undefined) return { flaw: 'the check gave no row' }
  if (row[0] !== role) return { flaw: 'current_user is not the role that the connection was opened for' }
  if (row.slice(2, 6).some((count) => count !== '0')) return { flaw: 'a new connection has state of a session' }
  return row
}
