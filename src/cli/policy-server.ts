import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import { connectServer } from '../pool/server-connection.ts'
import { queryServer } from '../pool/server-query.ts'
import type { CatalogSnapshot } from '../sql/catalog.ts'
import type { CliContext } from './context.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** A catalog of tens of thousands of tables takes the server some seconds to gather. */
const QUERY_TIMEOUT_MS = 60_000
const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const

/**
 * Asks a database for its catalog. The URL is libpq's; the password may come from PGPASSWORD. Without `sslmode` the
 * certificate is checked, except on this machine and over a socket, where there is no TLS.
 *
 * @throws USAGE for a URL that is none; SERVER_UNREACHABLE, SERVER_REFUSED.
 */
export async function catalogOfServer(context: CliContext, text: string): Promise<CatalogSnapshot> {
  const url = readUrl(text)
  const host = url.searchParams.get('host') ?? (decodeURIComponent(url.hostname.replace(/^\[|\]$/g, '')) || 'localhost')
  const user = decodeURIComponent(url.username) || context.env.PGUSER || context.env.USER || 'postgres'
  const database = decodeURIComponent(url.pathname.slice(1)) || user
  const password = decodeURIComponent(url.password) || context.env.PGPASSWORD
  const isNear = host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host)
  const mode = MODES.find((one) => one === (url.searchParams.get('sslmode') ?? (isNear ? 'disable' : 'verify-full')))
  if (!mode) fail('USAGE', { detail: `sslmode is one of ${MODES.join(', ')}` })
  const connection = await connectServer({
    server: {
      addresses: [{ host, port: Number(url.port || url.searchParams.get('port') || 5432) }],
      database,
      tls: {
        mode,
        ca: url.searchParams.get('sslrootcert') ?? undefined,
        cert: url.searchParams.get('sslcert') ?? undefined,
        key: url.searchParams.get('sslkey') ?? undefined,
        serverName: undefined,
      },
      targetSessionAttrs: 'any',
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      channelBinding: 'prefer',
      allowMd5: false,
    },
    user,
    password: async () => (password === undefined ? undefined : new Secret(password)),
    parameters: new Map([['client_encoding', 'UTF8']]),
    scramKeys: new Map(),
    clock: context.clock,
    signal: context.interrupted,
  })
  try {
    const run = (sql: string) => queryServer(connection, sql, { clock: context.clock, timeoutMs: QUERY_TIMEOUT_MS })
    return (await loadCatalog(run)).snapshot
  } finally {
    connection.close()
  }
}

function readUrl(text: string): URL {
  try {
    const url = new URL(text)
    if (url.protocol === 'postgresql:' || url.protocol === 'postgres:') return url
  } catch {
    // Told below, with what it should be.
  }
  return fail('USAGE', { detail: '--server takes postgresql://user:password@host:port/database' })
}
