import type { Secret } from '../base/secret.ts'
import { type ConnectionFacts, connectionUrl } from './connection-facts.ts'

/**
 * What would steer a libpq program elsewhere, or make it refuse the local side: a service or a host address beat
 * PGHOST, a required authentication or channel binding is not what the tunnel's own port offers.
 *
 * @see https://www.postgresql.org/docs/18/libpq-envars.html
 */
const STEERING = [
  'PGSERVICE',
  'PGSERVICEFILE',
  'PGHOSTADDR',
  'PGPASSWORD',
  'PGPASSFILE',
  'PGREQUIREAUTH',
  'PGCHANNELBINDING',
  'PGSSLNEGOTIATION',
  'PGSSLROOTCERT',
  'PGSSLCERT',
  'PGSSLKEY',
  'PGREQUIRESSL',
  'PGREQUIREPEER',
  'PGGSSENCMODE',
  'PGTARGETSESSIONATTRS',
  'PGLOADBALANCEHOSTS',
]

/**
 * The environment of a wrapped command: the tunnel's connection, and nothing that beats it. `base` is not changed.
 * The user is the profile's, else the caller's own PGUSER, else `login`, as libpq would have it: not every driver does.
 */
export function commandEnvironment(
  base: NodeJS.ProcessEnv,
  facts: ConnectionFacts,
  { password, login }: { readonly password: Secret | undefined; readonly login: string },
): NodeJS.ProcessEnv {
  const env = { ...base }
  for (const name of STEERING) delete env[name]
  const { host, port, database } = facts
  const user = facts.user ?? (env.PGUSER || login)
  env.PGHOST = host
  env.PGPORT = String(port)
  if (database !== undefined) env.PGDATABASE = database
  env.PGUSER = user
  if (password !== undefined) env.PGPASSWORD = password.reveal()
  env.PGSSLMODE = 'disable'
  env.PGCLIENTENCODING = 'UTF8'
  env.DATABASE_URL = connectionUrl({
    host,
    port,
    user,
    database: database ?? env.PGDATABASE,
    sslmode: 'disable',
    password: password?.reveal(),
  })
  return env
}
