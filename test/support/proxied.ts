import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createCertificateAuthority } from '../../src/demo/certificates.ts'
import { type Keeper, type KeptProcess, startKeeper } from '../../src/demo/keeper.ts'
import { freePort } from '../../src/demo/port.ts'
import { type EmbeddedPostgres, startPostgres } from '../../src/demo/postgres.ts'
import { superuserQuery } from './postgres.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
const ISSUER = 'http://127.0.0.1:9/issuer'
const AUDIENCE = 'postgres://test'
const LIMITS =
  'limits: { clients: 12000, clients_per_identity: 12000, clients_per_address: 20000, handshakes: 2000, handshake_rate: 100000 }\n'

export interface ProxiedOptions {
  /** Each database clients may ask for, with the text of its `pool:`. All are the server's database `app`. */
  readonly databases: Readonly<Record<string, string>>
  /** policy.yaml. */
  readonly policy: string
  /** Run as the superuser in `app`; the roles of the policy among it. The login `pgoauth_proxy` is there already. */
  readonly prepare: string
  readonly settings?: Readonly<Record<string, string>>
  readonly workers?: number
  /** Text at the end of proxy.yaml; `limits:` and `drain:` in it take the place of those that are there. */
  readonly yaml?: string
  /** Further entries of `listen`, as text. */
  readonly listen?: string
  /** Further files beside proxy.yaml, by name. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** The command to run in place of this build's. */
  readonly program?: string
  /** Lines of the proxy's log. */
  readonly onLog?: (line: string) => void
  /** Lines of the server's log. */
  readonly onServerLog?: (line: string) => void
}

/** A PostgreSQL, and a proxy before it, each as a process of its own; tokens are signed here, with no issuer running. */
export interface Proxied {
  readonly postgres: EmbeddedPostgres
  readonly keeper: Keeper
  readonly configFile: string
  /** Takes OAUTHBEARER, TLS or plain. */
  readonly port: number
  /** Takes the token as a password, over TLS. */
  readonly passwordPort: number
  readonly probesPort: number
  readonly ca: string
  /** PEM files of the proxy's certificate. */
  readonly certificate: { readonly cert: string; readonly key: string }
  /** Where proxy.yaml lies. */
  readonly home: string
  /** A JWT of the issuer's with these claims. */
  sign(typ: string, claims: Readonly<Record<string, unknown>>): Promise<string>
  /** Signals the process group of the proxy. */
  signal(signal: NodeJS.Signals): void
  /** Resolves once the proxy has ended. */
  ended(): Promise<{ readonly code: number | null; readonly signal: string | null }>
  token(subject: string, claims?: Readonly<Record<string, unknown>>): Promise<string>
  restartProxy(signal?: NodeJS.Signals): Promise<void>
  end(): Promise<void>
}

export async function startProxied(options: ProxiedOptions): Promise<Proxied> {
  const keeper = await startKeeper('pgoauth-proxied-')
  try {
    const postgres = await startPostgres({
      keeper,
      settings: { max_connections: '250', ...options.settings },
      ...(options.onServerLog && { onLog: options.onServerLog }),
    })
    const word = 'proxy-login-secret'
    await superuserQuery(postgres, 'CREATE DATABASE app')
    await superuserQuery(postgres, `CREATE ROLE pgoauth_proxy LOGIN NOINHERIT PASSWORD '${word}'`)
    await inApp(postgres, options.prepare)
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const [port, passwordPort, probesPort] = [await freePort(), await freePort(), await freePort()]
    const home = join(keeper.directory, 'proxy')
    mkdirSync(home, { mode: 0o700 })
    const write = (name: string, text: string) => {
      const file = join(home, name)
      writeFileSync(file, text, { mode: 0o600 })
      return file
    }
    const authority = createCertificateAuthority()
    const server = authority.issue('localhost', { hosts: ['localhost', '127.0.0.1'] })
    const certificate = { cert: write('server.crt', server.cert), key: write('server.key', server.key) }
    write('password', word)
    write('policy.yaml', options.policy)
    for (const [name, text] of Object.entries(options.files ?? {})) write(name, text)
    write(
      'jwks.json',
      JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] }),
    )
    const databases = Object.entries(options.databases).map(
      ([name, pool]) => `  ${name}:
    server: { host: 127.0.0.1, port: ${postgres.port}, database: app, tls: { mode: disable } }
    login: { user: pgoauth_proxy, password_file: ./password }
    allow_shared_code: true
    pool: ${pool}`,
    )
    const configFile = write(
      'proxy.yaml',
      `listen:
  - address: 127.0.0.1:${port}
    auth: oauthbearer
  - address: 127.0.0.1:${passwordPort}
    auth: password
${options.listen ?? ''}probes: { address: 127.0.0.1:${probesPort} }
tls: { cert: ./server.crt, key: ./server.key, required: false }
issuers:
  - issuer: ${ISSUER}
    audience: ${AUDIENCE}
    algorithms: [ES256]
    jwks_file: ./jwks.json
databases:
${databases.join('\n')}
policy: ./policy.yaml
${/^audit:/m.test(options.yaml ?? '') ? '' : 'audit: { path: ./audit.jsonl, min_free: 0 }\n'}${/^limits:/m.test(options.yaml ?? '') ? '' : LIMITS}${/^drain:/m.test(options.yaml ?? '') ? '' : 'drain: 1s\n'}workers: ${options.workers ?? 1}
${options.yaml ?? ''}`,
    )
    let running: KeptProcess | undefined
    const launch = async () => {
      const said: string[] = []
      const process_ = keeper.run(
        {
          command: process.execPath,
          args: [options.program ?? PROGRAM, 'proxy', '--config', configFile],
          env: { PATH: process.env.PATH, HOME: home, TZ: 'UTC', ...options.env },
        },
        (line) => {
          said.push(line)
          if (said.length > 200) said.shift()
          options.onLog?.(line)
        },
      )
      running = process_
      let ended = false
      void process_.ended.then(() => {
        ended = true
      })
      for (let attempt = 0; !(await isReady(probesPort)); attempt++) {
        if (ended || attempt > 400) throw new Error(`the proxy did not start:\n${said.slice(-20).join('\n')}`)
        await sleep(50)
      }
    }
    await launch()
    return {
      postgres,
      keeper,
      configFile,
      port,
      passwordPort,
      probesPort,
      ca: authority.cert,
      certificate,
      home,
      sign: (typ, claims) =>
        new SignJWT({ ...claims })
          .setProtectedHeader({ alg: 'ES256', kid: 'k', typ })
          .setIssuer(ISSUER)
          .setIssuedAt()
          .setExpirationTime('2h')
          .sign(privateKey),
      signal: (signal) => running?.signal(signal),
      ended: async () => (await running?.ended) ?? { code: null, signal: null },
      token(subject, claims = {}) {
        const now = Math.floor(Date.now() / 1000)
        const usual = { client_id: 'test', iss: ISSUER, aud: AUDIENCE, sub: subject, iat: now, exp: now + 7_200 }
        return new SignJWT({ ...usual, ...claims })
          .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'at+jwt' })
          .sign(privateKey)
      },
      async restartProxy(signal = 'SIGTERM') {
        running?.signal(signal)
        await running?.ended
        await launch()
      },
      end: () => keeper.end(),
    }
  } catch (error) {
    await keeper.end()
    throw error
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok
  } catch {
    return false
  }
}

/** Runs SQL as the superuser in the database behind the proxy. */
export async function inApp(postgres: EmbeddedPostgres, sql: string): Promise<readonly Record<string, unknown>[]> {
  const { Client } = await import('pg')
  const client = new Client({ connectionString: postgres.url({ database: 'app' }) })
  await client.connect()
  try {
    const result = await client.query(sql)
    const last = Array.isArray(result) ? result.at(-1) : result
    return last.rows
  } finally {
    await client.end()
  }
}
