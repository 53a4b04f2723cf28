import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/demo/port.ts'
import type { SessionDescription } from '../../src/proxy/session-registry.ts'
import { inApp, type Proxied, type ProxiedOptions, startProxied } from './proxied.ts'
import { RawClient } from './raw-client.ts'

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string; readonly worker?: number }

export interface LoggedIn {
  readonly client: RawClient
  /** ProcessId and secret of BackendKeyData. */
  readonly key: { readonly processId: number; readonly secret: Buffer }
}

/** A proxy of several workers, as the real command, before a real PostgreSQL. Gone after the file's last test. */
export interface WorkerGround extends Proxied {
  readonly log: LogLine[]
  readonly adminPort: number
  readonly logoutPort: number
  /** The SQLSTATE of a login, or `ok`; the client is closed. */
  outcome(subject: string, database: string, token?: string): Promise<string>
  login(subject: string, database: string, token?: string): Promise<LoggedIn>
  sessions(): Promise<SessionDescription[]>
  admin(method: string, path: string): Promise<unknown>
  /** The sum over all labels, or where the labels hold `label`. */
  metric(name: string, label?: string): Promise<number>
  /** Waits until a line of the log from now on, or from `since` on, is such. */
  logged(is: (line: LogLine) => boolean, since?: number): Promise<LogLine>
  /** Process ids of the workers that serve, by their number. */
  pids(): Map<number, number>
  /** Server connections of the proxy's pools that the server has. */
  servers(): Promise<number>
}

const TOKEN = 'an-admin-token-of-the-tests'
const POLICY = `version: 1
roles:
  - role: analyst
    when: { group: analysts }
  - role: clerk
    when: { group: clerks }
scopes:
  everything: all
`
const PREPARE = `
create role analyst nologin; create role clerk nologin;
grant analyst, clerk to pgoauth_proxy;
create table public.orders (id int primary key, note text);
insert into public.orders select n, 'order ' || n from generate_series(1, 100) n;
grant all on public.orders to analyst, clerk;
`

export async function startWorkerGround(
  options: Pick<ProxiedOptions, 'databases' | 'workers' | 'yaml' | 'env' | 'files' | 'listen'>,
): Promise<WorkerGround> {
  const log: LogLine[] = []
  const [adminPort, logoutPort] = [await freePort(), await freePort()]
  const proxied = await startProxied({
    policy: POLICY,
    prepare: PREPARE,
    ...options,
    files: { 'admin-token': TOKEN, ...options.files },
    yaml: `admin: { address: "127.0.0.1:${adminPort}", token_file: ./admin-token }
logout: { address: "127.0.0.1:${logoutPort}", client_ids: [pgoauth] }
${options.yaml ?? ''}`,
    onLog(line) {
      try {
        log.push(JSON.parse(line) as LogLine)
      } catch {
        log.push({ msg: line })
      }
    },
  })
  after(() => proxied.end())
  const tokenOf = (subject: string, group = 'analysts') => proxied.token(subject, { group, scope: 'everything' })
  const begin = async (subject: string, database: string, token?: string) => {
    const client = await RawClient.connect(proxied.port)
    const messages = await client.login(token ?? (await tokenOf(subject)), { database })
    return { client, messages, last: messages.at(-1) }
  }
  const admin = async (method: string, path: string): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${adminPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
    })
    return answer.json()
  }
  return {
    ...proxied,
    log,
    adminPort,
    logoutPort,
    admin,
    async outcome(subject, database, token) {
      const { client, last } = await begin(subject, database, token)
      client.close()
      return last?.tag === 'Z' ? 'ok' : (last?.code ?? String(last?.tag))
    },
    async login(subject, database, token) {
      const { client, messages, last } = await begin(subject, database, token)
      assert.equal(last?.tag, 'Z', `login failed: ${last?.code} ${last?.text}`)
      const body = messages.find(({ tag }) => tag === 'K')?.body ?? assert.fail('no key')
      return { client, key: { processId: body.readInt32BE(0), secret: body.subarray(4) } }
    },
    async sessions() {
      return ((await admin('GET', '/sessions')) as { sessions: SessionDescription[] }).sessions
    },
    async metric(name, label = '') {
      const text = await (await fetch(`http://127.0.0.1:${proxied.probesPort}/metrics`)).text()
      return [...text.matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)$`, 'gm'))]
        .filter(([, labels = '']) => labels.includes(label))
        .reduce((sum, [, , value]) => sum + Number(value), 0)
    },
    async logged(is, since = 0) {
      for (let time = 0; time < 600; time++) {
        const found = log.slice(since).find(is)
        if (found) return found
        await sleep(50)
      }
      throw new Error(
        `never logged:\n${log
          .slice(-20)
          .map((line) => JSON.stringify(line))
          .join('\n')}`,
      )
    },
    pids() {
      const pids = new Map<number, number>()
      for (const { msg, worker, pid } of log) {
        if (msg === 'worker serves') pids.set(Number(worker), Number(pid))
        if (msg === 'worker died' && pids.get(Number(worker)) === pid) pids.delete(Number(worker))
      }
      return pids
    },
    async servers() {
      const rows = await inApp(
        proxied.postgres,
        `select count(*)::int as n from pg_stat_activity where usename = 'pgoauth_proxy' and application_name <> 'pgoauth proxy'`,
      )
      return Number(rows[0]?.n)
    },
  }
}

/** Waits until it holds; the last value in the failure's message otherwise. */
export async function until<T>(look: () => Promise<T> | T, holds: (value: T) => boolean, what = 'it'): Promise<T> {
  let value = await look()
  for (let time = 0; time < 400 && !holds(value); time++) {
    await sleep(50)
    value = await look()
  }
  assert.ok(holds(value), `${what}: ${JSON.stringify(value)}`)
  return value
}

/** Whether there is such a process, other than one that nobody has waited for yet. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

/** The process that started this one. */
export function parentOf(pid: number): number {
  return Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1])
}
