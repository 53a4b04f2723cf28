import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client } from 'pg'
import { DATABASE } from '../../src/demo/sample-database.ts'
import type { CommandResult } from '../support/command.ts'
import { browse } from '../support/issuer.ts'
import { openLaptop, STORE_KEY } from '../support/laptop.ts'
import { startStack } from '../support/stack.ts'

const stack = await startStack()
const CLIENT_SECRET = 'Xt7-client-secret-Qm2'
const laptop = openLaptop(`default: prod
profiles:
  prod:
    host: localhost
    port: ${stack.proxyPort}
    user: ada
    database: ${DATABASE}
    tls: { ca: ${stack.files.ca} }
    issuer: ${stack.issuer.url}
    client_id: pgoauth
    scopes: [openid, offline_access, orders:read]
  machine:
    issuer: ${stack.issuer.url}
    client_id: nobody
    client_secret_env: MACHINE_SECRET
    flow: client_credentials
`)
const observed = join(laptop.home, 'observed')
const observer = new URL('../support/token-observer.js', import.meta.url).href
Object.assign(laptop.env, {
  NODE_OPTIONS: `--import=${observer}`,
  PGOAUTH_TEST_OBSERVED: observed,
  MACHINE_SECRET: CLIENT_SECRET,
})

/** All that was said where people, logs and bug reports see it. */
const said: string[] = []

function secrets(): string[] {
  const seen = readFileSync(observed, 'utf8').trim().split('\n')
  const values = seen.map((line) => line.slice(line.indexOf(' ') + 1))
  return [...new Set([...values, STORE_KEY, CLIENT_SECRET])].filter((value) => value.length > 8)
}

function mustHoldNone(where: string, text: string): void {
  for (const secret of secrets()) {
    assert.ok(!text.includes(secret), `${where} holds ${secret.slice(0, 12)}…`)
    assert.ok(!text.includes(encodeURIComponent(secret)), `${where} holds ${secret.slice(0, 12)}…, encoded`)
  }
}

/** Both streams are looked at, but for a stdout that is there to carry the secret. */
async function run(args: string[], { stdoutIsSecret = false, env = {} } = {}): Promise<CommandResult> {
  const end = args.includes('--') ? args.indexOf('--') : args.length
  const result = await laptop.run([...args.slice(0, end), '--debug', ...args.slice(end)], { env })
  said.push(`$ pgoauth ${args.join(' ')}\n${result.stderr}${stdoutIsSecret ? '' : result.stdout}`)
  return result
}

test('no output of any command, under --debug, holds a token, a code or a key', async () => {
  const device = await laptop.login(stack.issuer, 'ada', '--debug')
  assert.equal(device.code, 0, device.said)
  said.push(device.said)

  const browser = laptop.start(['login', '--browser', '--no-open', '--debug'])
  const [address] = await browser.says(/http:\/\/\S+\/auth\?\S+/)
  const ended = new Promise((resolve) => browser.process.once('close', resolve))
  said.push(await browse(address, { account: 'ada' }))
  assert.equal(await ended, 0)
  said.push(browser.lines.join('\n'))

  const token = await run(['token'], { stdoutIsSecret: true })
  assert.match(token.stdout, /^ey\S+\n$/, 'token prints the token and nothing else')
  for (const args of [
    ['token', '--claims'],
    ['token', 'machine'],
    ['status'],
    ['status', '--json'],
    ['profile', 'list'],
    ['profile', 'list', '--json'],
    ['profile', 'show'],
    ['profile', 'show', '--json'],
    ['doctor'],
    ['doctor', '--json'],
    ['completion', 'bash'],
    ['--version'],
    ['--help'],
  ]) {
    await run(args)
  }
  const password = await run(['profile', 'password', '--rotate'], { stdoutIsSecret: true })
  assert.ok(!said.join('').includes(password.stdout.trim()))

  const connect = laptop.start(['connect', 'prod', '--listen', '127.0.0.1:0', '--debug'])
  const [url] = await connect.says(/postgres(ql)?:\/\/\S+/)
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('select current_user')
  await client.end()
  await connect.end('SIGINT')
  said.push(connect.lines.join('\n'))
  // The environment of a wrapped command is the person's own; what pgoauth itself was given is not passed on.
  const look = 'env; tr "\\0" " " < /proc/$PPID/cmdline; tr "\\0" "\\n" < /proc/self/environ'
  const child = await run(['connect', 'prod', '--', 'sh', '-c', look], { env: { MACHINE_SECRET: undefined } })
  assert.match(child.stdout, /PGPORT=/)

  stack.issuer.weather.failWith = 500
  await run(['token', 'machine'])
  await run(['login', '--device'])
  stack.issuer.weather.failWith = undefined
  await run(['logout'])
  await run(['logout'])

  assert.ok(secrets().length >= 8, 'the observer saw what was sent')
  mustHoldNone('the output', said.join('\n'))
})

test('no file that is left holds any of them', async () => {
  assert.equal((await laptop.login(stack.issuer)).code, 0)
  assert.equal((await laptop.run(['token'])).code, 0)
  const files = readdirSync(laptop.home, { recursive: true })
    .map((name) => join(laptop.home, String(name)))
    .filter((file) => file !== observed && existsSync(file) && statSync(file).isFile())
  assert.ok(files.length >= 3)
  for (const file of files) mustHoldNone(file, readFileSync(file, 'latin1'))
})

test('the proxy’s log and audit hold none of them', () => {
  mustHoldNone('the audit', readFileSync(stack.files.audit, 'utf8'))
  mustHoldNone('the log', stack.proxy.said.join('\n'))
})
