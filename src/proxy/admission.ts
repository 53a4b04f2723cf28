import type { Role } from '../base/brand.ts'
import { fail } from '../base/errors.ts'
import type { MappedIdentity } from '../base/identity.ts'
import type { Secret } from '../base/secret.ts'
import type { RevocationWatch } from '../oauth/revocation-watch.ts'
import type { Channel } from '../oauth/verify-rules.ts'
import { chooseRole } from '../policy/roles.ts'
import type { Generation } from './generation.ts'
import type { ServedDatabase } from './served-database.ts'
import type { StartupRequest } from './startup-settings.ts'

/** Who a client turned out to be, and where they may go. */
export interface Admitted {
  readonly identity: MappedIdentity
  readonly database: ServedDatabase
}

/**
 * Checks the token and chooses database and role.
 *
 * @throws TOKEN_REFUSED with the precise reason: the client is told the same whatever it is. DATABASE_UNKNOWN, only
 *   once the token is good.
 */
export async function admit(
  token: Secret,
  channel: Channel,
  { user, database: name }: Pick<StartupRequest, 'user' | 'database'>,
  { verifier, databases }: Generation,
  revocations: RevocationWatch,
): Promise<Admitted> {
  const verdict = await verifier.verify(token, channel)
  if (!verdict.ok) fail('TOKEN_REFUSED', { detail: verdict.reason })
  const { identity } = verdict
  const takenBack = revocations.takenBack(identity)
  if (takenBack !== undefined) fail('TOKEN_REFUSED', { detail: `${takenBack}; ${who(identity)}` })
  const database = databases.get(name)
  if (database === undefined)
    fail('DATABASE_UNKNOWN', { detail: `database ${JSON.stringify(name.slice(0, 80))}; ${who(identity)}` })
  const mistake = databaseMistake(database, identity)
  if (mistake !== undefined) fail('TOKEN_REFUSED', { detail: `${mistake}; ${who(identity)}` })
  const role: Role | undefined = chooseRole(database.policy, identity, user)
  if (role === undefined)
    fail('TOKEN_REFUSED', { detail: `no role rule of the policy holds for the token; ${who(identity)}` })
  return { identity: { ...identity, role }, database }
}

/** Why the tokens of this identity do not open this database; undefined: they do. */
export function databaseMistake(
  { config }: ServedDatabase,
  { issuer, scopes }: { issuer: string; scopes: readonly string[] },
): string | undefined {
  if (!config.issuers.includes(issuer)) return `the issuer is not one of database "${config.name}"`
  const missing = config.requiredScopes.find((scope) => !scopes.includes(scope))
  return missing === undefined ? undefined : `scope ${missing}, which database "${config.name}" requires, is missing`
}

/** Whose token it was, for the log and the audit. */
export function who({ issuer, subject }: { issuer: string; subject: string }): string {
  return `subject ${JSON.stringify(subject)} of ${issuer}`
}
