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
 */
export function commandEnvironment(
  base: NodeJS.ProcessEnv,
  facts: ConnectionFacts,
  password: Secret | undefined,
): NodeJS.ProcessEnv {
  const env = { ...base }
  for (const name of STEERING) delete env[name]
  const { host, port, user, database } = facts
  env.PGHOST = host
  env.PGPORT = String(port)
  if (database !== undefined) env.PGDATABASE = database
  if (user !== undefined) env.PGUSER = user
  if (password !== undefined) env.PGPASSWORD = password.reveal()
  env.PGSSLMODE = 'disable'
  env.PGCLIENTENCODING = 'UTF8'
  env.DATABASE_URL = connectionUrl({
    host,
    port,
    user: user ?? env.PGUSER,
    database: database ?? env.PGDATABASE,
    sslmode: 'disable',
    password: password?.reveal(),
  })
  return env
}
