import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'
import { PgoauthError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { pathsOf } from '../../src/config/paths.ts'
import { resolveProfile } from '../../src/config/profiles.ts'
import { accountOf, readRecord, recordOf, writeRecord } from '../../src/tokens/login-record.ts'
import { openStore } from '../../src/tokens/open-store.ts'
import { openTokenSource } from '../../src/tokens/token-source.ts'
import { startTestIssuer, type TestIssuer } from '../support/issuer.ts'
import { STORE_KEY } from '../support/laptop.ts'
import { Random } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const SEED = 20261121
const RUNS = 200
/** One more than there are steps after the answer, so that some runs live. */
const STEPS = 14
/** People with a login each, whose runs go on at the same time. */
const PEOPLE = 4
const PROGRAM = fileURLToPath(new URL('./killed-refresh-process.js', import.meta.url))

test('a process killed at any step of a refresh loses at most the login whose answer it never wrote', async (t) => {
  const issuer = await startTestIssuer({ settings: { accessTokenSeconds: 3600 } })
  const random = new Random(SEED)
  // Every step in turn first, then as the seed has it.
  const steps = Array.from({ length: RUNS }, (_, run) => (run < STEPS ? run : Math.floor(random.next() * STEPS)))
  const outcomes = { lived: 0, kept: 0, lost: 0 }
  const live = async () => {
    const person = await logIn(issuer)
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) outcomes[await person.run(step)]++
  }
  await Promise.all(Array.from({ length: PEOPLE }, live))
  t.diagnostic(JSON.stringify({ seed: SEED, ...outcomes }))
  assert.equal(outcomes.lived + outcomes.kept + outcomes.lost, RUNS)
  assert.ok(outcomes.lost > 0 && outcomes.kept > 0 && outcomes.lived > 0, JSON.stringify(outcomes))
})

const nowSeconds = () => Math.floor(Date.now() / 1000)

/** A person with a home of their own, logged in. */
async function logIn(issuer: TestIssuer) {
  const home = temporaryDirectory()
  const env = { HOME: home, PATH: process.env.PATH, PGOAUTH_STORE_KEY: STORE_KEY }
  const paths = pathsOf({ env, home, platform: process.platform })
  const flags = { issuer: issuer.url, client_id: 'pgoauth', store: 'file' }
  const profile = await resolveProfile(undefined, { env, flags, home, paths })
  const deps = { env, platform: process.platform, paths, clock: systemClock, log: silentLog, warn() {} }
  const store = await openStore('file', deps)
  const account = accountOf(profile)

  const again = async () => {
    const answer = await issuer.login('ada', 'openid offline_access')
    const grant = {
      accessToken: new Secret(answer.access_token),
      refreshToken: new Secret(answer.refresh_token ?? ''),
      expiresAtSeconds: nowSeconds() - 10,
      scopes: undefined,
      person: 'ada',
      hasIdToken: true,
    }
    await store.write(account, writeRecord(recordOf(grant, profile, nowSeconds() - 3600)))
  }
  const stored = async () => readRecord((await store.read(account)) ?? '', profile, '')
  /** Makes the access token one that is over, so that the next use refreshes it. */
  const age = async () => {
    const record = await stored()
    const over = { ...record, obtainedAtSeconds: nowSeconds() - 3600, expiresAtSeconds: nowSeconds() - 10 }
    await store.write(account, writeRecord(over))
    return record.refreshToken?.reveal()
  }

  await again()
  return {
    async run(step: number): Promise<'lived' | 'kept' | 'lost'> {
      const before = await age()
      const killed = await runKilled([JSON.stringify({ profile, paths }), String(step)], env)
      const written = (await stored()).refreshToken?.reveal() !== before
      try {
        await (await openTokenSource(profile, deps)).fresh()
        return killed ? 'kept' : 'lived'
      } catch (error) {
        assert.ok(error instanceof PgoauthError, `step ${step}: ${error}`)
        assert.equal(error.code, 'LOGIN_NEEDED', `step ${step}: ${error.message}`)
        assert.ok(killed && !written, `step ${step}: a login that was written is not lost`)
        assert.match(error.message, /stopped before it could write down the answer/)
        await again()
        return 'lost'
      }
    },
  }
}

function runKilled(args: string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { env, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(true)
      else if (code === 0) resolve(false)
      else reject(new Error(`the killed process ended with ${code}`))
    })
  })
}
