import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { decodeClaims } from '../../src/oauth/jwt-claims.ts'
import { testCertificates } from '../support/certificates.ts'
import { browse, startTestIssuer } from '../support/issuer.ts'
import { type Laptop, openLaptop } from '../support/laptop.ts'
import { startOauthPostgres } from '../support/oauth-postgres.ts'
import { CTRL_Z, openTerminal } from '../support/terminal.ts'

const certificates = testCertificates()
const issuer = await startTestIssuer({ settings: { accessTokenSeconds: 8 } })
const program = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
const shown: string[] = []
let takesNone = false
const remote = await startOauthPostgres({
  tls: certificates.server,
  accepts: (token) => {
    shown.push(token)
    // As servers do, this one bears clocks that differ a little, and machines that are slow.
    return !takesNone && Number(decodeClaims(token)?.exp) > Date.now() / 1000 - 2
  },
})

function machine(): Laptop {
  const laptop = openLaptop(`profiles:
  prod:
    host: localhost
    port: ${remote.port}
    database: postgres
    user: postgres
    issuer: ${issuer.url}
    client_id: pgoauth
    scopes: [openid, offline_access]
    resource: postgres://demo
    tls: { ca: ~/ca.pem }
`)
  writeFileSync(join(laptop.home, 'ca.pem'), certificates.ca)
  return laptop
}

async function connectedTo(laptop: Laptop) {
  const running = laptop.start(['connect', 'prod', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  return { running, url: JSON.parse(line).url as string }
}

/** `ok`, or SQLSTATE and message. */
async function attempt(url: string): Promise<string> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    await client.query('select 1')
    await client.end()
    return 'ok'
  } catch (error) {
    return `${(error as { code?: string }).code} ${(error as Error).message} HINT ${(error as { hint?: string }).hint}`
  }
}

test('each connection has a token that is good then, over several lifetimes', async () => {
  const laptop = machine()
  await laptop.login(issuer)
  const { running, url } = await connectedTo(laptop)
  const before = shown.length
  for (let round = 0; round < 4; round++) {
    assert.equal(await attempt(url), 'ok')
    await sleep(2500)
  }
  const used = shown.slice(before)
  assert.equal(used.length, 4, 'none was refused')
  assert.ok(new Set(used).size >= 2, 'more than one token was used')
  await running.end()
})

test('after a sleep past the expiry the next connection works at once', async () => {
  const laptop = machine()
  await laptop.login(issuer)
  const { running, url } = await connectedTo(laptop)
  assert.equal(await attempt(url), 'ok')
  const before = shown.length
  running.process.kill('SIGSTOP')
  await sleep(11_000)
  running.process.kill('SIGCONT')
  assert.equal(await attempt(url), 'ok')
  assert.equal(shown.length, before + 1, 'no token was refused')
  await running.end()
})

test('while the issuer is down a connection gets an error to act on, and works once it is back', async () => {
  const laptop = machine()
  await laptop.login(issuer)
  const { running, url } = await connectedTo(laptop)
  assert.equal(await attempt(url), 'ok')
  await sleep(8500)
  issuer.weather.outage = true
  assert.match(await attempt(url), /^08001 pgoauth: the issuer cannot be reached/)
  issuer.weather.outage = false
  let said = ''
  for (let round = 0; round < 20 && said !== 'ok'; round++) {
    said = await attempt(url)
    if (said !== 'ok') await sleep(500)
  }
  assert.equal(said, 'ok')
  await running.end()
})

test('a login that is gone is 28000 with the command to run, and a new login elsewhere counts at once', async () => {
  const laptop = machine()
  await laptop.login(issuer)
  const { running, url } = await connectedTo(laptop)
  assert.equal(await attempt(url), 'ok')
  assert.equal((await laptop.run(['logout', 'prod'])).code, 0)
  assert.match(await attempt(url), /^28000 pgoauth: login needed: .* HINT pgoauth login prod$/)
  await laptop.login(issuer)
  assert.equal(await attempt(url), 'ok')
  await running.end()
})

test('in the background of a terminal connect serves on, and offers nothing that would stop it', async () => {
  const laptop = machine()
  await laptop.login(issuer)
  const terminal = openTerminal('bash --norc --noprofile -i', laptop.env)
  terminal.type(`${process.execPath} ${program} connect prod &\n`)
  const [, url = ''] = await terminal.shows(/(postgres:\/\/\S+)/)
  assert.equal(await attempt(url), 'ok')
  await laptop.run(['logout', 'prod'])
  assert.match(await attempt(url), /^28000 /)
  await terminal.shows(/refused .* login needed/)
  // Typed while a background job reads the terminal, this would stop it.
  terminal.type('echo typed; sleep 0.5; jobs\n')
  const jobs = await terminal.shows(/\[1\]\+ +(\w+)/)
  assert.equal(jobs[1], 'Running')
  assert.doesNotMatch(jobs.input, /Press Enter/)
  await laptop.login(issuer)
  assert.equal(await attempt(url), 'ok')
  terminal.type('fg\n')
  await terminal.shows(/connect prod/)
  await laptop.run(['logout', 'prod'])
  assert.match(await attempt(url), /^28000 /)
  await terminal.shows(/Press Enter to log in to prod again/)
  terminal.type(CTRL_Z)
  await terminal.shows(/Stopped/)
  terminal.type('bg\n')
  await terminal.shows(/connect prod &/)
  assert.match(await attempt(url), /^28000 /)
  terminal.type('echo typed; sleep 0.5; jobs\n')
  await terminal.shows(/\[1\]\+ +Running/)
  assert.match(await attempt(url), /^28000 /)
  terminal.type('kill %1; wait; exit\n')
  await terminal.ended
})

test('a token that is refused twice offers the login at a terminal', async () => {
  const laptop = machine()
  await laptop.login(issuer)
  const terminal = openTerminal(`exec ${process.execPath} ${program} connect prod --flow device`, laptop.env)
  const [, url = ''] = await terminal.shows(/(postgres:\/\/\S+)/)
  takesNone = true
  assert.match(await attempt(url), /^28000 .* HINT if your rights or your login have changed: pgoauth login prod$/)
  takesNone = false
  await terminal.shows(/Press Enter to log in to prod again/)
  terminal.type('\n')
  const [address] = await terminal.shows(new RegExp(`${issuer.url}/device\\?user_code=[\\w-]+`))
  await browse(address, { account: 'ada' })
  await terminal.shows(/logged in to prod again/)
  assert.equal(await attempt(url), 'ok')
  terminal.type('\x03')
  assert.equal(await terminal.ended, 0)
})

test('at a terminal connect logs in first, and again when the login is gone', async () => {
  const laptop = machine()
  const terminal = openTerminal(`exec ${process.execPath} ${program} connect prod --flow device`, laptop.env)
  const approve = async () => {
    const [address] = await terminal.shows(new RegExp(`${issuer.url}/device\\?user_code=[\\w-]+`))
    await browse(address, { account: 'ada' })
  }
  await approve()
  const [, url = ''] = await terminal.shows(/(postgres:\/\/\S+)/)
  assert.equal(await attempt(url), 'ok')
  await laptop.run(['logout', 'prod'])
  assert.match(await attempt(url), /^28000 /)
  await terminal.shows(/Press Enter to log in to prod again/)
  terminal.type('\n')
  await approve()
  await terminal.shows(/logged in to prod again/)
  assert.equal(await attempt(url), 'ok')
  terminal.type('\x03')
  assert.equal(await terminal.ended, 0)
})
