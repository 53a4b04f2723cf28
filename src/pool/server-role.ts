import { fail } from '../base/errors.ts'
import { quoteLiteral, type Row } from './server-query.ts'

/** What bears on a session as this role, as the server's catalogs have it. */
export interface RoleFacts {
  /** `ALTER ROLE … SET` and `… IN DATABASE … SET`, as the role's own login would have them; lower-case names. */
  readonly settings: ReadonlyMap<string, string>
  /** Those that only a superuser may set: a service login cannot. */
  readonly leftOut: readonly string[]
  readonly isSuperuser: boolean
}

/** The statement that asks for a role, to be run as the login that will open its sessions. */
export function roleQuery(role: string): string {
  return `SELECT r.rolsuper, coalesce(r.rolvaliduntil <= pg_catalog.now(), false),
  pg_catalog.has_database_privilege(r.oid, d.oid, 'CONNECT'),
  pg_catalog.pg_has_role(session_user, r.oid,
    CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END),
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(c.setting, g.context) ORDER BY s.setdatabase, c.place)
   FROM pg_catalog.pg_db_role_setting s,
     LATERAL pg_catalog.unnest(s.setconfig) WITH ORDINALITY c (setting, place)
     LEFT JOIN pg_catalog.pg_settings g ON pg_catalog.lower(g.name) = pg_catalog.lower(pg_catalog.split_part(c.setting, '=', 1))
   WHERE s.setrole = r.oid AND s.setdatabase IN (0, d.oid))
FROM pg_catalog.pg_roles r, pg_catalog.pg_database d
WHERE r.rolname = ${quoteLiteral(role)} AND d.datname = pg_catalog.current_database()`
}

/** Settings that a session's role, or the proxy itself, decides. */
const NOT_PASSED_ON = new Set(['role', 'session_authorization', 'client_encoding', 'standard_conforming_strings'])

/**
 * Reads what `roleQuery` gave.
 *
 * @throws ROLE_REFUSED with the precise reason where no session as this role may be opened.
 */
export function readRole(role: string, rows: readonly Row[], allowSuperuser: boolean): RoleFacts {
  const [row] = rows
  if (row === undefined) fail('ROLE_REFUSED', { detail: `role "${role}" does not exist in the database` })
  const [isSuperuser, isExpired, mayConnect, isMember, settings] = row
  if (isSuperuser === 't' && !allowSuperuser) {
    fail('ROLE_REFUSED', {
      detail: `role "${role}" is a superuser, and the database does not say allow_superuser: true`,
    })
  }
  if (isExpired === 't') fail('ROLE_REFUSED', { detail: `role "${role}" is past its VALID UNTIL` })
  if (mayConnect !== 't') fail('ROLE_REFUSED', { detail: `role "${role}" lacks CONNECT on the database` })
  if (isMember !== 't') {
    fail('ROLE_REFUSED', {
      detail: `the service login is not a member of role "${role}" (GRANT "${role}" TO the login)`,
    })
  }
  return { ...readSettings(settings ?? null), isSuperuser: isSuperuser === 't' }
}

function readSettings(json: string | null): Pick<RoleFacts, 'settings' | 'leftOut'> {
  const settings = new Map<string, string>()
  const leftOut: string[] = []
  for (const [setting, context] of JSON.parse(json ?? '[]') as [string, string | null][]) {
    const equals = setting.indexOf('=')
    const name = setting.slice(0, equals).toLowerCase()
    if (NOT_PASSED_ON.has(name) || name.startsWith('pgoauth.')) continue
    const maySet = context === 'user' || context === 'backend' || (context === null && name.includes('.'))
    if (maySet) settings.set(name, setting.slice(equals + 1))
    else leftOut.push(name)
  }
  return { settings, leftOut }
}

/** The statement that asks what the login itself may do, and how many roles it can become. */
export const LOGIN_QUERY = `SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole,
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_roles o WHERE o.oid <> r.oid AND pg_catalog.pg_has_role(r.oid, o.oid, 'MEMBER'))
FROM pg_catalog.pg_roles r WHERE r.rolname = session_user`

/**
 * @param codeScope a scope of the policy that lets its holder run code of their own, which could SET ROLE to every role
 *   of the login; undefined where there is none, or it was accepted.
 * @throws SERVER_UNFIT where the service login has rights that would lift every limit of its sessions.
 */
export function checkLogin(user: string, rows: readonly Row[], codeScope: string | undefined): void {
  const [row] = rows
  if (row === undefined) fail('SERVER_UNFIT', { detail: `the rights of service login "${user}" cannot be read` })
  const held = ['SUPERUSER', 'BYPASSRLS', 'CREATEROLE'].filter((_, at) => row[at] === 't')
  if (held.length > 0) {
    fail('SERVER_UNFIT', { detail: `service login "${user}" is ${held.join(', ')}; it must be none of these` })
  }
  if (codeScope !== undefined && Number(row[3]) > 1) {
    fail('SERVER_UNFIT', {
      detail: `scope "${codeScope}" lets its holder run code, and service login "${user}" is a member of ${row[3]} roles, to each of which that code could SET ROLE`,
      fix: 'use login.as_role, or one login for each role in logins, or accept it with allow_shared_code: true',
    })
  }
}
