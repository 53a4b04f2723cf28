import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/demo/port.ts'
import { unprivilegedUser } from '../../src/demo/unprivileged-user.ts'
import { inApp, type Proxied, startProxied } from '../support/proxied.ts'
import type { Address } from './pgbench.ts'
import { processesNaming } from './processes.ts'
import type { Programs } from './programs.ts'

export const SCALE = 5
/** Server connections that either pooler may use in transaction pooling; in session pooling as many as clients. */
const POOL_SIZE = 20

export type PartyName = 'direct' | 'PgBouncer' | 'pgoauth'
/** `batched` is pgoauth's alone: PgBouncer is beside it in transaction pooling. */
export type Pooling = 'session' | 'transaction' | 'batched'

/** One of the three ways to the same server. */
export interface Party {
  readonly name: PartyName
  readonly pids: () => readonly number[]
  /** Without TLS pgoauth wants OAUTHBEARER, and the server of `direct` is reached without it in any case. */
  address(pooling: Pooling, tls: boolean): Address
}

export interface Rig {
  readonly parties: readonly Party[]
  readonly proxied: Proxied
  end(): Promise<void>
}

/** PostgreSQL with pgbench's table, PgBouncer and pgoauth before it, all on loopback, each a process. */
export async function startRig(programs: Programs, options: { program?: string } = {}): Promise<Rig> {
  const proxied = await startProxied({
    ...options,
    databases: {
      bench_session: '{ mode: session, size: 120, servers_per_identity: 120 }',
      bench_batched: `{ mode: transaction, size: ${POOL_SIZE}, servers_per_identity: ${POOL_SIZE}, batch: on }`,
      bench_transaction: `{ mode: transaction, size: ${POOL_SIZE}, servers_per_identity: ${POOL_SIZE} }`,
    },
    policy: POLICY,
    prepare: PREPARE,
    settings: { shared_buffers: '256MB', max_connections: '400' },
  })
  try {
    const { postgres, keeper } = proxied
    await inApp(postgres, 'VACUUM public.pgbench_accounts')
    const bouncer = await startPgbouncer(programs.pgbouncer, proxied)
    const token = await proxied.token('bench', { group: 'bench', scope: 'bench:read' })
    const host = { PGHOST: '127.0.0.1' }
    const tlsMode = (tls: boolean) => ({ PGSSLMODE: tls ? 'require' : 'disable' })
    return {
      proxied,
      parties: [
        {
          name: 'direct',
          pids: () => [],
          address: (_, tls) => ({
            ...host,
            ...tlsMode(tls && false),
            PGPORT: `${postgres.port}`,
            PGDATABASE: 'app',
            PGUSER: 'bench',
            PGPASSWORD: 'bench',
          }),
        },
        {
          name: 'PgBouncer',
          pids: () => processesNaming(bouncer.config),
          address: (pooling, tls) => ({
            ...host,
            ...tlsMode(tls),
            PGPORT: `${bouncer.port}`,
            PGDATABASE: pooling === 'session' ? 'bench_session' : 'bench_transaction',
            PGUSER: 'bench',
            PGPASSWORD: 'bench',
          }),
        },
        {
          name: 'pgoauth',
          pids: () => processesNaming(proxied.configFile),
          address: (pooling, tls) => ({
            ...host,
            ...tlsMode(tls),
            PGPORT: `${tls ? proxied.passwordPort : proxied.port}`,
            PGDATABASE: `bench_${pooling}`,
            PGUSER: 'bench',
            PGPASSWORD: token,
          }),
        },
      ],
      end: () => keeper.end(),
    }
  } catch (error) {
    await proxied.end()
    throw error
  }
}

const POLICY = `version: 1
roles:
  - role: bench
    when: { group: bench }
scopes:
  bench:read:
    select: [public.pgbench_accounts, public.bulk]
`

/** As \`pgbench -i -s ${SCALE}\` lays it, and half a gigabyte's worth of COPY a few times over. */
const PREPARE = `
CREATE ROLE bench LOGIN PASSWORD 'bench'; GRANT bench TO pgoauth_proxy;
CREATE TABLE public.pgbench_accounts (aid int NOT NULL, bid int, abalance int, filler char(84)) WITH (fillfactor = 100);
INSERT INTO public.pgbench_accounts SELECT n, (n - 1) / 100000 + 1, 0, '' FROM generate_series(1, ${SCALE * 100_000}) AS n;
ALTER TABLE public.pgbench_accounts ADD PRIMARY KEY (aid);
CREATE TABLE public.bulk AS SELECT n, repeat('0123456789', 20) AS text FROM generate_series(1, 250000) AS n;
GRANT SELECT ON public.pgbench_accounts, public.bulk TO bench;
ANALYZE public.pgbench_accounts; ANALYZE public.bulk;`

async function startPgbouncer(
  program: string,
  { keeper, postgres, certificate }: Proxied,
): Promise<{ port: number; config: string }> {
  const port = await freePort()
  const folder = join(keeper.directory, 'pgbouncer')
  mkdirSync(folder)
  const readable = (name: string, text: string) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    chmodSync(file, 0o644)
    return file
  }
  chmodSync(folder, 0o755)
  const { readFileSync } = await import('node:fs')
  const server = `host=127.0.0.1 port=${postgres.port} dbname=app user=bench password=bench`
  const config = readable(
    'pgbouncer.ini',
    `[databases]
bench_session = ${server} pool_mode=session pool_size=120
bench_transaction = ${server} pool_mode=transaction pool_size=${POOL_SIZE}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${readable('users.txt', '"bench" "bench"\n')}
max_client_conn = 12000
client_tls_sslmode = allow
client_tls_cert_file = ${readable('server.crt', readFileSync(certificate.cert, 'utf8'))}
client_tls_key_file = ${readable('server.key', readFileSync(certificate.key, 'utf8'))}
server_tls_sslmode = disable
log_connections = 0
log_disconnections = 0
`,
  )
  const user = unprivilegedUser()
  const said: string[] = []
  const running = keeper.run({ command: program, args: [config], ...(user && { user }) }, (line) => said.push(line))
  let ended = false
  void running.ended.then(() => {
    ended = true
  })
  for (let attempt = 0; attempt < 200 && !ended; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (isOpen) return { port, config }
    await sleep(50)
  }
  throw new Error(`PgBouncer did not start: ${said.slice(-10).join('\n')}`)
}

/** How many server connections exist now. */
export async function serverConnections({ proxied }: Rig): Promise<number> {
  const [row] = await inApp(
    proxied.postgres,
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend'",
  )
  return Number(row?.n)
}
