import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { pathsOf } from '../../src/config/paths.ts'
import { resolveProfile } from '../../src/config/profiles.ts'
import { logIn } from '../../src/login/login.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const issuer = await startTestIssuer()

async function startLogin() {
  const home = temporaryDirectory()
  const env = { HOME: home }
  const paths = pathsOf({ env, home, platform: 'linux' })
  const flags = { issuer: issuer.url, client_id: 'pgoauth', store: 'memory' }
  const profile = await resolveProfile(undefined, { env, flags, home, paths })
  const clock = new FakeClock(Date.now())
  const said: string[] = []
  const deps = {
    env,
    platform: 'linux' as const,
    paths,
    clock,
    log: silentLog,
    userName: 'ada',
    warn() {},
    say: (...lines: string[]) => said.push(...lines),
    wait: () => () => {},
  }
  const login = logIn(profile, deps, { flow: 'browser', open: false })
  login.catch(() => {})
  while (clock.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  const address = new URL(said.find((line) => line.includes('/auth?')) ?? '')
  return { login, clock, redirect: address.searchParams.get('redirect_uri') ?? '' }
}

test('a browser that is closed without an answer ends the login after three minutes', async () => {
  const { login, clock } = await startLogin()
  await clock.advance(179_000)
  await clock.advance(2_000)
  await assert.rejects(login, {
    code: 'LOGIN_TIMEOUT',
    exit: 3,
    message: /no answer came from the browser within 3 minutes/,
    fix: /pgoauth login default/,
  })
})

test('the listener is gone once the login is over', async () => {
  const { login, clock, redirect } = await startLogin()
  assert.equal((await fetch(new URL('/other', redirect))).status, 404)
  await clock.advance(181_000)
  await assert.rejects(login)
  await assert.rejects(fetch(new URL('/other', redirect)))
})
