import type { MappedIdentity } from '../base/identity.ts'
import { type Grants, grantsFor } from '../policy/grants.ts'
import { loginFor } from '../pool/server-login.ts'
import type { ServedDatabase } from './served-database.ts'

/** What a session of this identity may do in this database: its scopes, and what the way it is logged in allows. */
export function sessionGrants({ policy, config }: ServedDatabase, { scopes, role }: MappedIdentity): Grants {
  const { asRole } = loginFor(config, role)
  return grantsFor(policy, scopes, { asRole, isShared: config.pool.mode === 'transaction' })
}
