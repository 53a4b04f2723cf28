import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testCertificates } from '../support/certificates.ts'
import { openConnectLaptop } from '../support/connect-laptop.ts'
import { startOauthPostgres } from '../support/oauth-postgres.ts'
import { superuserQuery } from '../support/postgres.ts'
import { skipWithout } from '../support/programs.ts'
import { CTRL_C, CTRL_Z, openTerminal, type Terminal } from '../support/terminal.ts'

const certificates = testCertificates()
const remote = await startOauthPostgres({ tls: certificates.server })
const laptop = openConnectLaptop({ port: remote.port, ca: certificates.ca })
const program = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
const CONNECT = `exec ${process.execPath} ${program} connect prod`
/** bash without any start-up file. */
const PROMPT = /bash-[\d.]+[$#] /
const PSQL = skipWithout('psql')

async function runs(query: RegExp): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    const { rows } = await superuserQuery(remote.postgres, "select query from pg_stat_activity where state = 'active'")
    if (rows.some((row) => query.test(row.query))) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing runs ${query}`)
}

async function openPsql(command: string): Promise<Terminal> {
  const terminal = openTerminal(command, laptop.env)
  await terminal.shows(/postgres=# /)
  return terminal
}

test('Ctrl-C in psql cancels the query and ends neither psql nor tunnel', { skip: PSQL }, async () => {
  const terminal = await openPsql(`${CONNECT} -- psql -X`)
  terminal.type('select pg_sleep(60);\n')
  await runs(/^select pg_sleep\(60\)/)
  terminal.type(CTRL_C)
  await terminal.shows(/canceling statement due to user request/)
  terminal.type("select 'still' || 'here';\n")
  await terminal.shows(/stillhere/)
  terminal.type('\\q\n')
  assert.equal(await terminal.ended, 0)
})

test('Ctrl-C at psql’s prompt, twice, ends neither psql nor tunnel', { skip: PSQL }, async () => {
  const terminal = await openPsql(`${CONNECT} -- psql -X`)
  for (let time = 0; time < 2; time++) {
    terminal.type(CTRL_C)
    await terminal.shows(/postgres=# /)
  }
  terminal.type("select 'still' || 'here';\n")
  await terminal.shows(/stillhere/)
  terminal.type('\\q\n')
  assert.equal(await terminal.ended, 0)
})

test('Ctrl-Z stops psql and tunnel together, and fg brings both back', { skip: PSQL }, async () => {
  const terminal = openTerminal('bash --norc --noprofile -i', laptop.env)
  await terminal.shows(PROMPT)
  terminal.type(`${CONNECT.replace('exec ', '')} -- psql -X\n`)
  await terminal.shows(/postgres=# /)
  terminal.type(CTRL_Z)
  await terminal.shows(/Stopped/)
  terminal.type('echo shell-$((40+2))\n')
  await terminal.shows(/shell-42/)
  terminal.type('fg\n')
  await terminal.shows(/psql -X/)
  terminal.type("select 'still' || 'here';\n")
  await terminal.shows(/stillhere/)
  terminal.type('\\q\n')
  await terminal.shows(PROMPT)
  terminal.type('exit 0\n')
  assert.equal(await terminal.ended, 0)
})

test('Ctrl-C reaches a wrapped command once, not twice', async () => {
  const count = "trap 'n=$((n+1))' INT; echo counting; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done; echo n=$n"
  const terminal = openTerminal(`${CONNECT} -- bash -c "${count.replaceAll('$', '\\$')}"`, laptop.env)
  await terminal.shows(/counting/)
  terminal.type(CTRL_C)
  await terminal.shows(/n=1\b/)
  assert.equal(await terminal.ended, 0)
})

test('Ctrl-C that ends a wrapped command gives its code', async () => {
  const terminal = openTerminal(`${CONNECT} -- bash -c 'echo sleeping; exec sleep 60'`, laptop.env)
  await terminal.shows(/sleeping/)
  terminal.type(CTRL_C)
  assert.equal(await terminal.ended, 130)
})

test('a wrapped shell has job control of its own', async () => {
  const terminal = openTerminal(`${CONNECT} -- bash --norc --noprofile -i`, laptop.env)
  await terminal.shows(PROMPT)
  terminal.type('sleep 60\n')
  await new Promise((resolve) => setTimeout(resolve, 300))
  terminal.type(CTRL_Z)
  await terminal.shows(/Stopped/)
  terminal.type('kill %1; exit 7\n')
  terminal.type('exit 7\n')
  assert.equal(await terminal.ended, 7)
})

test('Ctrl-C ends a tunnel that stays, with code 0', async () => {
  const terminal = openTerminal(CONNECT, laptop.env)
  await terminal.shows(/ready: .*prod/)
  terminal.type(CTRL_C)
  assert.equal(await terminal.ended, 0)
})
