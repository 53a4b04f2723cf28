import assert from 'node:assert/strict'
import test from 'node:test'
import { launchChromium } from '../support/chromium.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startTestIssuer } from '../support/issuer.ts'
import { startKeyring } from '../support/keyring.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { skipWithout } from '../support/programs.ts'
import { psql } from '../support/psql.ts'

const KEYRING = skipWithout('gnome-keyring', 'dbus', 'secret-tool')

test('an unlocked keyring keeps what keytar puts there, and secret-tool sees it', { skip: KEYRING }, async () => {
  const keyring = await startKeyring()
  Object.assign(process.env, keyring.env)
  const { default: keytar } = await import('keytar')
  await keytar.setPassword('pgoauth', 'one', 'kept')
  assert.equal(await keyring.lookup('pgoauth', 'one'), 'kept')
  assert.equal(await keytar.getPassword('pgoauth', 'one'), 'kept')
})

test('Chromium goes through the login of a device', { skip: skipWithout('chromium') }, async () => {
  const issuer = await startTestIssuer({ settings: { scopes: ['orders:read'] } })
  const answer = await fetch(`${issuer.url}/device/auth`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'pgoauth', scope: 'orders:read' }),
  })
  const { verification_uri_complete } = (await answer.json()) as { verification_uri_complete: string }
  const browser = await launchChromium()
  const page = await browser.newPage()
  await page.goto(verification_uri_complete)
  for (const button of ['Continue', 'ada', 'Allow']) await page.getByRole('button', { name: button }).click()
  await page.getByRole('heading', { name: 'You are logged in' }).waitFor()
})

test('psql gives rows, and errors with their SQLSTATE', { skip: skipWithout('psql') }, async () => {
  const server = await startTestPostgres()
  const { stdout, stderr } = await psql(server.url(), "select 1, 'two'; select * from nowhere;")
  assert.equal(stdout, '1|two\n')
  assert.match(stderr, /ERROR: {2}42P01/)
})

test('a command runs in a process of its own, with its exit code', async () => {
  const { code, stderr } = await runCommand(['no-such-command'])
  assert.equal(code, 2)
  assert.match(stderr, /--help/)
})

test('what a command says can be waited for', async () => {
  const command = startCommand(['--help'])
  await command.says(/^Usage: pgoauth/)
  assert.equal((await command.end()).code, 0)
})

test('timers of the fake clock run at their own moments, and not when the machine sleeps', async () => {
  const clock = new FakeClock(0)
  const ran: number[] = []
  clock.after(20, () => ran.push(clock.nowMs()))
  clock.after(10, () => clock.after(5, () => ran.push(clock.nowMs())))
  await clock.advance(19)
  assert.deepEqual(ran, [15])
  clock.suspend(1000)
  assert.deepEqual(ran, [15])
  await clock.advance(0)
  assert.deepEqual(ran, [15, 1019])
})
