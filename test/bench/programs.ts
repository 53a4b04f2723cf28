import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the programs to compare with are, and their versions as they print them. */
export interface Programs {
  readonly pgbouncer: string
  readonly pgbench: string
  readonly psql: string
  readonly versions: { readonly pgbouncer: string; readonly pgbench: string }
}

/** Debian keeps programs of a PostgreSQL version here, and links only some into /usr/bin. */
const POSTGRES_HOME = '/usr/lib/postgresql'
/** While this exists and exits with 101, Debian packages start no service. */
const POLICY = '/usr/sbin/policy-rc.d'
/** While this says so, postgresql-NN makes no cluster. */
const NO_CLUSTER = '/etc/postgresql-common/createcluster.conf'

/** Finds PgBouncer, pgbench and psql, or installs Debian's packages of them where we are root; no service starts. */
export function findPrograms(): Programs {
  const missing = [
    ...(find('pgbouncer') === undefined ? ['pgbouncer'] : []),
    ...(find('pgbench') === undefined || find('psql') === undefined ? ['postgresql'] : []),
  ]
  if (missing.length > 0) install(missing)
  const pgbouncer = need('pgbouncer')
  const pgbench = need('pgbench')
  return {
    pgbouncer,
    pgbench,
    psql: need('psql'),
    versions: { pgbouncer: versionOf(pgbouncer), pgbench: versionOf(pgbench) },
  }
}

function find(name: string): string | undefined {
  const versions = existsSync(POSTGRES_HOME) ? readdirSync(POSTGRES_HOME).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(POSTGRES_HOME, version, 'bin')), '/usr/sbin', '/usr/bin']
  const path = (process.env.PATH ?? '').split(':').filter(Boolean)
  return [...folders, ...path].map((folder) => join(folder, name)).find((file) => existsSync(file))
}

function need(name: string): string {
  const file = find(name)
  if (file === undefined) throw new Error(`${name} is not installed: the Debian packages are pgbouncer and postgresql`)
  return file
}

function install(packages: string[]): void {
  if (process.getuid?.() !== 0) throw new Error(`not installed: ${packages.join(', ')}; install them, or run as root`)
  const mine: string[] = []
  try {
    for (const [file, text, mode] of [
      [POLICY, '#!/bin/sh\nexit 101\n', 0o755],
      [NO_CLUSTER, 'create_main_cluster = false\n', 0o644],
    ] as const) {
      if (existsSync(file)) continue
      if (file === NO_CLUSTER) spawnSync('mkdir', ['-p', '/etc/postgresql-common'])
      writeFileSync(file, text, { mode })
      mine.push(file)
    }
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const apt = ['install', '-y', '-q', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold', ...packages]
    for (const args of [['update', '-q'], apt]) {
      const { status } = spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env })
      if (status !== 0) throw new Error(`apt-get ${args[0]} failed`)
    }
  } finally {
    for (const file of mine) rmSync(file, { force: true })
  }
}

function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return stdout.split('\n')[0]?.trim() ?? ''
}
