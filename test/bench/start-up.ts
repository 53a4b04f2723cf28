import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Secret } from '../../src/base/secret.ts'
import { openFileStore } from '../../src/tokens/file-store.ts'
import { writeRecord } from '../../src/tokens/login-record.ts'
import { figure, median, table } from './report.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
const STORE_KEY = 'kX9vQ2mL7tR4wZ8bN3cJ6hF1sD5gP0aYeU'
const PROFILE = { name: 'prod', issuer: 'https://id.example.com', clientId: 'pgoauth' }

/**
 * Whole processes, from start to end, in turns: `node -e 0`, `pgoauth --version`, and `pgoauth token` with a cached token that is
 * good, sealed in a file. The aim is twice `node -e 0` at most.
 */
export async function measureStartUp(rounds: number): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'pgoauth-bench-'))
  try {
    await logIn(home)
    const commands = {
      'node -e 0': ['-e', '0'],
      'pgoauth --version': [PROGRAM, '--version'],
      'pgoauth token': [PROGRAM, 'token'],
    }
    const env = { PATH: process.env.PATH, HOME: home, PGOAUTH_STORE_KEY: STORE_KEY }
    const took = Object.values(commands).map((): number[] => [])
    for (let round = -1; round < rounds; round++) {
      for (const [at, args] of Object.values(commands).entries()) {
        const ms = timeOf(args, env)
        // The first round fills the caches, of the disk and of pgoauth.
        if (round >= 0) took[at]?.push(ms)
      }
    }
    const [node = Number.NaN] = took.map(median)
    const rows = Object.keys(commands).map((name, at) => {
      const ms = median(took[at] ?? [])
      return [name, figure(ms), figure(ms / node)]
    })
    return `Starting up, ${rounds} rounds\n\n${table(['command', 'median, ms', 'of node -e 0'], rows)}`
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

function timeOf(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, args, { env, stdio: 'ignore' })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`)
  return performance.now() - started
}

async function logIn(home: string): Promise<void> {
  const config = join(home, '.config', 'pgoauth')
  mkdirSync(config, { recursive: true })
  const { name, issuer, clientId } = PROFILE
  writeFileSync(
    join(config, 'config.yaml'),
    `profiles:\n  ${name}: { issuer: "${issuer}", client_id: ${clientId}, store: file }\n`,
  )
  const nowSeconds = Math.floor(Date.now() / 1000)
  const record = {
    refreshToken: new Secret('r'.repeat(40)),
    accessToken: new Secret(`${'h'.repeat(60)}.${'p'.repeat(600)}.${'s'.repeat(86)}`),
    obtainedAtSeconds: nowSeconds,
    expiresAtSeconds: nowSeconds + 3600,
    scopes: ['openid'],
    person: 'ada',
    asked: { scopes: ['openid'], resource: [], audience: undefined },
    ended: undefined,
  }
  const directory = join(home, '.local', 'state', 'pgoauth', 'logins')
  const store = openFileStore({ directory, passphrase: async () => new Secret(STORE_KEY) })
  await store.write(`${name}|${issuer}|${clientId}`, writeRecord(record))
}
