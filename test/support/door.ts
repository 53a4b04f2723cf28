import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import type { AuditEvent } from '../../src/audit/audit-event.ts'
import { silentAudit } from '../../src/audit/audit-log.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { Log } from '../../src/base/log.ts'
import { readProxyFiles } from '../../src/cli/proxy-files.ts'
import { type RunningProxy, startProxy } from '../../src/proxy/proxy.ts'
import { testCertificates } from './certificates.ts'
import { startTestIssuer, type TestIssuer } from './issuer.ts'
import { type EmbeddedPostgres, startTestPostgres } from './postgres.ts'
import { RawClient, type RawOptions } from './raw-client.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface Door {
  readonly issuer: TestIssuer
  readonly postgres: EmbeddedPostgres
  readonly proxy: RunningProxy
  readonly directory: string
  readonly certificates: ReturnType<typeof testCertificates>
  /** Port of the OAUTHBEARER listener, and of the one that takes the token as password. */
  readonly port: number
  readonly passwordPort: number
  readonly logs: Record<string, unknown>[]
  readonly audit: AuditEvent[]
  /** Reads the files anew, as a change of them does. */
  reload(): void
  connect(options?: RawOptions): Promise<RawClient>
  /** A client that is logged in with the token, or a fresh good one. */
  session(options?: { token?: string; parameters?: Record<string, string>; raw?: RawOptions }): Promise<RawClient>
  /** The SQLSTATE of a login, or `ok`. */
  outcome(options?: {
    token?: string | undefined
    parameters?: Record<string, string>
    raw?: RawOptions
    port?: number
  }): Promise<string>
  /** Reasons in the log for clients that were refused, newest last. */
  reasons(): string[]
}

export interface DoorOptions {
  /** Changes the configuration before it is written. */
  readonly proxyYaml?: (text: string) => string
  readonly policyYaml?: string
  /** SQL run as the superuser first. */
  readonly sql?: string
  readonly postgres?: EmbeddedPostgres
  readonly issuer?: TestIssuer
  readonly clock?: Clock
}

export const DOOR_SQL = `
create role pgoauth_proxy login password 'proxy-password' noinherit;
create role analyst nologin; create role auditor nologin; create role stranger nologin;
grant analyst, auditor to pgoauth_proxy;
create table public.orders (id int primary key, note text);
insert into public.orders values (1, 'one'), (2, 'two');
grant all on public.orders to analyst, auditor;
`

export const DOOR_POLICY = `version: 1
roles:
  - role: auditor
    when: { groups: auditors }
  - role: analyst
    when: { sub: [ada, grace] }
  - role: stranger
    when: { sub: stranger }
  - role: nowhere
    when: { sub: nowhere }
  - role: postgres
    when: { sub: superuser }
scopes:
  orders:read: { select: [public.orders] }
  db:admin: all
`

/** The proxy in this process, between a real issuer and a real PostgreSQL. Gone after the file's last test. */
export async function startDoor(options: DoorOptions = {}): Promise<Door> {
  const issuer =
    options.issuer ??
    (await startTestIssuer({ settings: { defaultResource: 'postgres://test', scopes: ['orders:read', 'db:admin'] } }))
  const postgres = options.postgres ?? (await startTestPostgres({ prepare: DOOR_SQL }))
  if (options.sql !== undefined) await runSql(postgres, options.sql)
  const directory = temporaryDirectory()
  const certificates = testCertificates()
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text, { mode: 0o600 })
  write('server.crt', certificates.server.cert)
  write('server.key', certificates.server.key)
  write('ca.pem', certificates.ca)
  write('password', 'proxy-password\n')
  write('admin-token', 'open sesame admin token\n'.replaceAll(' ', '-'))
  write('policy.yaml', options.policyYaml ?? DOOR_POLICY)
  const yaml = doorYaml(issuer.url, postgres.port)
  write('proxy.yaml', options.proxyYaml ? options.proxyYaml(yaml) : yaml)

  const logs: Record<string, unknown>[] = []
  const audit: AuditEvent[] = []
  const files = readProxyFiles(join(directory, 'proxy.yaml'))
  const proxy = await startProxy({
    ...files,
    audit: { ...silentAudit, record: (event) => void audit.push(event) },
    clock: options.clock ?? systemClock,
    log: collectingLog(logs),
    env: process.env,
  })
  after(() => proxy.stop())
  const [first, second] = proxy.addresses
  if (!first || !second) throw new Error('two listeners were expected')

  const door: Door = {
    issuer,
    postgres,
    proxy,
    directory,
    certificates,
    port: first.port,
    passwordPort: second.port,
    logs,
    audit,
    reload() {
      const read = readProxyFiles(join(directory, 'proxy.yaml'))
      proxy.reload(read.config, read.policies)
    },
    connect: (raw) => RawClient.connect(first.port, raw),
    async session({ token, parameters, raw } = {}) {
      const client = await RawClient.connect(first.port, raw)
      const messages = await client.login(token ?? (await issuer.mint()), parameters)
      const last = messages.at(-1)
      if (last?.tag !== 'Z') throw new Error(`login failed: ${last?.code} ${last?.text} ${door.reasons().at(-1)}`)
      return client
    },
    async outcome({ parameters, raw, port = first.port, ...rest } = {}) {
      const token = 'token' in rest ? rest.token : await issuer.mint()
      const client = await RawClient.connect(port, raw)
      try {
        const last = (await client.login(token, parameters)).at(-1)
        return last?.tag === 'Z' ? 'ok' : (last?.code ?? String(last?.tag))
      } finally {
        client.close()
      }
    },
    reasons: () => logs.filter(({ msg }) => msg === 'refused').map(({ reason }) => String(reason)),
  }
  return door
}

async function runSql(postgres: EmbeddedPostgres, sql: string): Promise<void> {
  const { superuserQuery } = await import('./postgres.ts')
  await superuserQuery(postgres, sql)
}

function doorYaml(issuer: string, postgresPort: number): string {
  return `listen:
  - { address: "127.0.0.1:0", auth: oauthbearer }
  - { address: "127.0.0.1:0", auth: password }
tls: { cert: server.crt, key: server.key }
issuers:
  - issuer: ${issuer}
    audience: postgres://test
    algorithms: [ES256]
    offer_scopes: [openid, orders:read]
databases:
  app:
    server: { host: 127.0.0.1, port: ${postgresPort}, database: postgres, tls: { mode: disable } }
    login: { user: pgoauth_proxy, password_file: ./password }
    allow_shared_code: true
policy: ./policy.yaml
drain: 1s
`
}

function collectingLog(into: Record<string, unknown>[], context: object = {}): Log {
  const write = (level: string) => (fields: object, msg: string) => {
    into.push({ level, ...context, ...fields, msg })
  }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => collectingLog(into, { ...context, ...fields }),
  }
}
