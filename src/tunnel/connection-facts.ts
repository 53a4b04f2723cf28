import type { Profile } from '../config/profiles.ts'

/** What a tool needs to connect to the local side, in the forms that tools take. No secret is in any of them. */
export interface ConnectionFacts {
  readonly profile: string
  readonly pid: number
  /** An address, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string | undefined
  readonly user: string | undefined
  readonly url: string
  readonly psql: string
  /** Undefined for a Unix socket, which JDBC cannot reach. */
  readonly jdbc: string | undefined
  readonly localAuth: 'same-user' | 'password' | 'none'
}

export interface LocalEndpoint {
  readonly host: string
  readonly port: number
  readonly sslmode: 'disable' | 'require'
  readonly localAuth: ConnectionFacts['localAuth']
}

export function connectionFacts(
  profile: Pick<Profile, 'name' | 'user' | 'database'>,
  { host, port, sslmode, localAuth }: LocalEndpoint,
  pid: number,
): ConnectionFacts {
  const { name, user, database } = profile
  return {
    profile: name,
    pid,
    host,
    port,
    database,
    user,
    url: connectionUrl({ host, port, user, database, sslmode }),
    psql: psqlLine({ host, port, user, database, sslmode }),
    jdbc: host.startsWith('/') ? undefined : jdbcUrl({ host, port, user, database, sslmode }),
    localAuth,
  }
}

interface Target {
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  readonly database: string | undefined
  readonly sslmode: string
  readonly password?: string | undefined
}

/** @see https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
export function connectionUrl({ host, port, user, database, sslmode, password }: Target): string {
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  const who = user !== undefined ? `${encodeURIComponent(user)}${secret}@` : secret ? `${secret}@` : ''
  const path = `/${encodeURIComponent(database ?? '')}`
  if (host.startsWith('/')) {
    return `postgres://${who}${path}?host=${encodeURIComponent(host)}&port=${port}&sslmode=${sslmode}`
  }
  return `postgres://${who}${bracketed(host)}:${port}${path}?sslmode=${sslmode}`
}

function psqlLine({ host, port, user, database, sslmode }: Target): string {
  const pairs: [string, string | number | undefined][] = [
    ['host', host],
    ['port', port],
    ['dbname', database],
    ['user', user],
    ['sslmode', sslmode],
  ]
  const words = pairs.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${conninfoValue(String(value))}`]))
  return `psql ${shellWord(words.join(' '))}`
}

function jdbcUrl({ host, port, user, database, sslmode }: Target): string {
  const query = [...(user === undefined ? [] : [`user=${encodeURIComponent(user)}`]), `sslmode=${sslmode}`]
  return `jdbc:postgresql://${bracketed(host)}:${port}/${encodeURIComponent(database ?? '')}?${query.join('&')}`
}

function conninfoValue(value: string): string {
  return /^[\w.@:/+-]+$/.test(value) ? value : `'${value.replace(/[\\']/g, '\\$&')}'`
}

function shellWord(text: string): string {
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
