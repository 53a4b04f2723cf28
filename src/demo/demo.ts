import { randomBytes } from 'node:crypto'
import type { Client } from 'pg'
import type { Clock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { type Dress, partLine } from './account.ts'
import { type DemoFiles, writeDemoFiles, writeProfile } from './demo-files.ts'
import { type Issuer, startIssuer } from './issuer.ts'
import { type Keeper, startKeeper } from './keeper.ts'
import { approveAs, Laptop } from './laptop.ts'
import { freePort } from './port.ts'
import { type EmbeddedPostgres, startPostgres } from './postgres.ts'
import { ACCOUNTS, DATABASE, RESOURCE, SCHEMA_SQL, SCOPES, SERVICE_LOGIN } from './sample-database.ts'

export interface DemoOptions {
  /** Where the tunnel listens; a free port where absent. */
  readonly port?: number
  /** The person logs in, at a page that is told; otherwise the demonstration does, as `ada`. */
  readonly personLogsIn: boolean
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly dress: Dress
  /** A line for whoever watches. */
  tell(line: string): void
}

/** Everything that runs. */
export interface Demo {
  readonly url: string
  readonly files: DemoFiles
  readonly postgres: EmbeddedPostgres
  /** Resolves with what ended unbidden and its last words. */
  readonly mishap: Promise<string>
}

/**
 * Brings up issuer, PostgreSQL, proxy and tunnel, logs in, and gives them to `use`; whatever happens, nothing of them is
 * left when this returns or throws. Proxy, login and tunnel are the real commands, in their own processes.
 *
 * Aborting `interrupted` ends it at any moment, with the signal's reason.
 *
 * @throws DEMO_FAILED when a part is missing or does not come up, with that part's own words.
 */
export async function withDemo(
  options: DemoOptions,
  interrupted: AbortSignal,
  use: (demo: Demo) => Promise<void>,
): Promise<void> {
  const keeper = await startKeeper('pgoauth-demo-')
  let issuer: Issuer | undefined
  const interruption = new Promise<never>((_resolve, reject) => {
    const stop = () => reject(interrupted.reason)
    if (interrupted.aborted) stop()
    interrupted.addEventListener('abort', stop, { once: true })
  })
  const perform = async () => {
    issuer = await startIssuer({
      settings: { accounts: ACCOUNTS, scopes: SCOPES, defaultResource: RESOURCE },
      clock: options.clock,
    })
    await use(await bringUp(keeper, issuer, options))
  }
  try {
    await Promise.race([perform(), interruption])
  } finally {
    await keeper.end()
    await issuer?.stop()
  }
}

async function bringUp(keeper: Keeper, issuer: Issuer, options: DemoOptions): Promise<Demo> {
  const { tell, dress } = options
  // Told of early, before everything else has been brought up for nothing.
  const tunnelPort = options.port === undefined ? undefined : await freePort(options.port)
  tell(partLine(dress, 'issuer', issuer.url, 'oidc-provider, ES256'))

  const postgres = await startPostgres({ keeper })
  const password = new Secret(randomBytes(18).toString('base64url'))
  const version = await fillDatabase(postgres, password)
  tell(partLine(dress, 'server', `${postgres.host}:${postgres.port}`, `PostgreSQL ${version}, database ${DATABASE}`))

  const files = writeDemoFiles(keeper.directory, { issuer: issuer.url, postgresPort: postgres.port }, password)
  const laptop = new Laptop(keeper, files, options.env, options.clock)
  const proxy = await laptop.proxy(files.proxyYaml)
  tell(partLine(dress, 'proxy', `localhost:${proxy.port}`, 'pgoauth proxy, over TLS'))

  writeProfile(files, { issuer: issuer.url, proxyPort: proxy.port, tunnelPort })
  if (options.personLogsIn) tell(`\n  Log in at the page below: choose a name, and allow.`)
  await laptop.login(async (page) => (options.personLogsIn ? tell(`  ${page}\n`) : await approveAs('ada')(page)))
  const how = options.personLogsIn ? 'approved by you' : 'as ada, approved by the demonstration'
  tell(partLine(dress, 'login', 'device flow', how))

  const tunnel = await laptop.connect('demo')
  tell(partLine(dress, 'tunnel', `127.0.0.1:${tunnel.port}`, 'pgoauth connect demo'))

  const url = `postgres://ada@127.0.0.1:${tunnel.port}/${DATABASE}`
  return { url, files, postgres, mishap: Promise.race([proxy.ended, tunnel.ended]) }
}

/** Makes roles, schemas and rows; gives the server's version. */
export async function fillDatabase(postgres: EmbeddedPostgres, password: Secret): Promise<string> {
  const admin = await openClient(postgres.url())
  const { rows } = await admin.query('show server_version')
  await admin.query(`create role ${SERVICE_LOGIN} login noinherit password '${password.reveal()}'`)
  await admin.query(`create database ${DATABASE}`)
  await admin.end()
  const inside = await openClient(postgres.url({ database: DATABASE }))
  await inside.query(SCHEMA_SQL)
  await inside.end()
  return String(rows[0]?.server_version)
}

/** A connected client of the `pg` driver. Codes: DEMO_FAILED when that is not installed. */
export async function openClient(url: string): Promise<Client> {
  const client = new (await loadDriver()).Client({ connectionString: url })
  // What waits for an answer is told of a lost connection too; unheard, the event would end the process.
  client.on('error', () => {})
  await client.connect()
  return client
}

async function loadDriver(): Promise<typeof import('pg')['default']> {
  try {
    return (await import('pg')).default
  } catch (cause) {
    return fail('DEMO_FAILED', {
      detail: 'the package pg is not installed',
      fix: 'in a clone of pgoauth, run "npm install" without --omit=dev',
      cause,
    })
  }
}
