import { randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { Client } from 'pg'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { fillDatabase } from '../../src/demo/demo.ts'
import { type DemoFiles, writeDemoFiles, writeProfile } from '../../src/demo/demo-files.ts'
import { startKeeper } from '../../src/demo/keeper.ts'
import { Laptop, type RunningCommand } from '../../src/demo/laptop.ts'
import { type EmbeddedPostgres, startPostgres } from '../../src/demo/postgres.ts'
import { ACCOUNTS, DATABASE, RESOURCE, SCOPES } from '../../src/demo/sample-database.ts'
import { startTestIssuer, type TestIssuer } from './issuer.ts'

export interface Stack {
  readonly issuer: TestIssuer
  readonly postgres: EmbeddedPostgres
  readonly files: DemoFiles
  readonly laptop: Laptop
  readonly proxy: RunningCommand
  readonly proxyPort: number
  /** Runs `pgoauth connect` with a token that lies in a file; gives its URL. `profile`: further keys of the profile. */
  tunnel(token: string, profile?: Record<string, unknown>): Promise<Tunnel>
  /** The events of the proxy's audit so far. */
  audit(): Record<string, unknown>[]
}

export interface Tunnel {
  readonly url: string
  readonly port: number
  readonly command: RunningCommand
  /** Puts another token in place of the one the tunnel reads. */
  replaceToken(token: string): void
}

export interface StackOptions {
  /** Changes the proxy's configuration, as text. */
  readonly proxyYaml?: (text: string) => string
  readonly policyYaml?: string
  /** Further SQL, as the superuser, in the sample database. */
  readonly sql?: string
}

/**
 * The whole path for one test file, of real parts: issuer, PostgreSQL with the sample database, `pgoauth proxy` and any number of
 * tunnels in their own processes. Gone after the file's last test, or with its process.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const issuer = await startTestIssuer({ settings: { accounts: ACCOUNTS, scopes: SCOPES, defaultResource: RESOURCE } })
  const keeper = await startKeeper('pgoauth-stack-')
  after(() => keeper.end())
  const postgres = await startPostgres({ keeper })
  const password = new Secret(randomBytes(18).toString('base64url'))
  await fillDatabase(postgres, password)
  if (options.sql !== undefined) await asSuperuser(postgres, options.sql)

  const files = writeDemoFiles(keeper.directory, { issuer: issuer.url, postgresPort: postgres.port }, password)
  if (options.policyYaml !== undefined) writeFileSync(files.policyYaml, options.policyYaml)
  if (options.proxyYaml) writeFileSync(files.proxyYaml, options.proxyYaml(readFileSync(files.proxyYaml, 'utf8')))
  const laptop = new Laptop(keeper, files, process.env, systemClock)
  const { command: proxy, port: proxyPort } = await laptop.proxy(files.proxyYaml)
  writeProfile(files, { issuer: issuer.url, proxyPort })

  let tunnels = 0
  return {
    issuer,
    postgres,
    files,
    laptop,
    proxy,
    proxyPort,
    async tunnel(token, profile = {}) {
      const name = `tunnel${++tunnels}`
      const tokenFile = join(keeper.directory, `${name}.token`)
      writeFileSync(tokenFile, token)
      const keys = {
        host: 'localhost',
        port: proxyPort,
        database: DATABASE,
        tls: { mode: 'verify-full', ca: './ca.pem' },
        flow: 'token_file',
        token_file: tokenFile,
        local_auth: 'none',
        ...profile,
      }
      // JSON is YAML.
      appendFileSync(files.profileYaml, `  ${name}: ${JSON.stringify(keys)}\n`)
      const { command, port } = await laptop.connect(name)
      const url = `postgres://ada@127.0.0.1:${port}/${DATABASE}`
      return { url, port, command, replaceToken: (other) => writeFileSync(tokenFile, other) }
    },
    audit() {
      const lines = readFileSync(files.audit, 'utf8').split('\n').slice(0, -1)
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    },
  }
}

async function asSuperuser(postgres: EmbeddedPostgres, sql: string): Promise<void> {
  const client = new Client({ connectionString: postgres.url({ database: DATABASE }) })
  await client.connect()
  await client.query(sql)
  await client.end()
}
