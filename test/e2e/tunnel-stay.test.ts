import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { testCertificates } from '../support/certificates.ts'
import { openConnectLaptop } from '../support/connect-laptop.ts'
import { startOauthPostgres } from '../support/oauth-postgres.ts'
import { programPath, skipWithout } from '../support/programs.ts'
import { psql } from '../support/psql.ts'
import { connectClient } from '../support/tunnel.ts'

const certificates = testCertificates()
const remote = await startOauthPostgres({ tls: certificates.server })
const PSQL = skipWithout('psql')
const PROGRAM = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))
const OTHER_USER = PSQL || (process.getuid?.() === 0 ? false : 'UNPROVEN: a second uid needs root')
const READY = /^ready: prod → localhost:\d+$/

function laptop(profile = '') {
  return openConnectLaptop({ port: remote.port, ca: certificates.ca, profile })
}

async function select1(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  assert.equal((await client.query('select 1')).rowCount, 1)
  await client.end()
}

test('connect prints a URL, a psql line and a JDBC URL that work, and a line for each connection', async () => {
  const running = laptop().start(['connect', 'prod'])
  await running.says(READY)
  const [, url = ''] = await running.says(/^ {2}(postgres:\S+)$/)
  await running.says(/^ {2}psql "host=127\.0\.0\.1 port=\d+ dbname=postgres user=postgres sslmode=disable"$/)
  await running.says(/^ {2}jdbc:postgresql:\/\/127\.0\.0\.1:\d+\/postgres\?user=postgres&sslmode=disable$/)
  await select1(url)
  await running.says(/ prod #1 opened 127\.0\.0\.1:\d+ → localhost:\d+ postgres as postgres$/)
  await running.says(/ prod #1 closed .* after 0\.\d s, \d+ B sent, \d+ B received, by client: ended in order$/)
  assert.deepEqual(await running.end('SIGTERM'), { code: 0, signal: null })
})

test('--json prints the connection facts on stdout and nothing else', async () => {
  const running = laptop().start(['connect', 'prod', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  const facts = JSON.parse(line)
  assert.deepEqual(
    [facts.profile, facts.pid, facts.host, facts.database, facts.user, facts.localAuth],
    [
      'prod',
      running.process.pid,
      '127.0.0.1',
      'postgres',
      'postgres',
      process.platform === 'linux' ? 'same-user' : 'password',
    ],
  )
  await select1(facts.url)
  await running.end()
})

test('several profiles in one process', async () => {
  const machine = laptop()
  const prod = readFileSync(machine.configFile, 'utf8')
  writeFileSync(machine.configFile, `${prod}${prod.replace('profiles:\n', '').replace('prod:', 'staging:')}`)
  const running = machine.start(['connect', 'prod', 'staging', '--json'])
  const urls = []
  for (const name of ['prod', 'staging']) {
    const [line] = await running.says(new RegExp(`^\\{"profile":"${name}".*\\}$`))
    urls.push(JSON.parse(line).url)
  }
  assert.notEqual(urls[0], urls[1])
  for (const url of urls) await select1(url)
  await running.end()
})

test('--ready-fd gets the facts and is closed', async () => {
  const machine = laptop()
  const child = spawn(process.execPath, [PROGRAM, 'connect', 'prod', '--ready-fd', '3'], {
    env: { PATH: process.env.PATH, ...machine.env },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const facts = JSON.parse(await text(child.stdio[3] as NodeJS.ReadableStream))
  await select1(facts.url)
  child.kill()
  await once(child, 'close')
})

test('--ready-fd that is not open is wrong usage', async () => {
  const { code, stderr } = await laptop().run(['connect', 'prod', '--ready-fd', '99'])
  assert.equal(code, 2)
  assert.match(stderr, /--ready-fd 99 is not open/)
})

test('--ready-file appears when ready and goes at the end', async () => {
  const machine = laptop()
  const file = join(machine.home, 'ready')
  const running = machine.start(['connect', 'prod', '--ready-file', file])
  await running.says(READY)
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(lstatSync(file).mode & 0o777, 0o600)
  await select1(JSON.parse(readFileSync(file, 'utf8')).url)
  await running.end()
  assert.equal(existsSync(file), false)
})

/** A name that no other test's tunnel has: they are all the same user's, and found by name. */
function renamed(machine: ReturnType<typeof laptop>): string {
  const name = `prod-${process.pid}`
  writeFileSync(machine.configFile, readFileSync(machine.configFile, 'utf8').replace('  prod:', `  ${name}:`))
  return name
}

test('--wait returns once a tunnel of the profile is ready elsewhere', async () => {
  const machine = laptop()
  const name = renamed(machine)
  const waiting = machine.run(['connect', name, '--wait', '20s', '--json'])
  const running = machine.start(['connect', name])
  const { code, stdout } = await waiting
  assert.equal(code, 0)
  assert.equal(JSON.parse(stdout).pid, running.process.pid)
  await running.end()
  assert.doesNotMatch(running.lines.join('\n'), /refused/)
})

test('--wait gives up with exit code 5', async () => {
  const { code, stderr } = await laptop('listen: 127.0.0.1:1').run(['connect', '--wait', '300ms', 'prod'])
  assert.equal(code, 5)
  assert.match(stderr, /no tunnel of profile prod is ready after 0.3 s/)
})

test('--wait without a time may be followed by the profile', async () => {
  const machine = laptop()
  const name = renamed(machine)
  const running = machine.start(['connect', name])
  await running.says(/^ready: /)
  assert.equal((await machine.run(['connect', '--wait', name])).code, 0)
  await running.end()
})

test('--health answers GET /healthz and nothing else', async () => {
  const running = laptop().start(['connect', 'prod', '--health', '127.0.0.1:0'])
  const [, url = ''] = await running.says(/^health: (http:\S+)$/)
  const answer = await fetch(url)
  assert.equal(answer.status, 200)
  assert.deepEqual(await answer.json(), {
    status: 'ok',
    profiles: [{ profile: 'prod', connections: 0, lastAttempt: 'none yet' }],
  })
  assert.equal((await fetch(url.replace('healthz', 'metrics'))).status, 404)
  await running.end()
})

test('an explicit port in use ends with an error that names the other tunnel’s pid', async () => {
  const machine = laptop('listen: 127.0.0.1:0')
  const first = machine.start(['connect', 'prod', '--json'])
  const [line] = await first.says(/^\{.*\}$/)
  const { port } = JSON.parse(line)
  const { code, stderr } = await machine.run(['connect', 'prod', '--listen', `127.0.0.1:${port}`])
  assert.equal(code, 1)
  assert.match(
    stderr,
    new RegExp(`127.0.0.1:${port} is in use by the tunnel of profile prod, pid ${first.process.pid}`),
  )
  const wrapped = await machine.run(['connect', 'prod', '--', 'sh', '-c', 'echo $PGPORT'])
  assert.equal(wrapped.code, 0)
  assert.notEqual(wrapped.stdout.trim(), String(port), 'a command has a port of its own')
  await first.end()
})

test('a Unix socket lies in a directory of mode 0700, and psql reaches it', { skip: PSQL }, async () => {
  const machine = laptop('listen: unix:~/sockets')
  const directory = join(machine.home, 'sockets')
  const running = machine.start(['connect', 'prod', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  assert.equal(lstatSync(directory).mode & 0o777, 0o700)
  const { stdout } = await psql(JSON.parse(line).url.replace('postgres://', 'postgresql://'), 'select 1;')
  assert.equal(stdout, '1\n')
  const again = await machine.run(['connect', 'prod'])
  assert.equal(again.code, 1)
  assert.match(again.stderr, new RegExp(`in use by the tunnel of profile prod, pid ${running.process.pid}`))
  running.process.kill('SIGKILL')
  await once(running.process, 'close')
  assert.ok(existsSync(join(directory, '.s.PGSQL.5432')), 'a killed tunnel leaves its socket behind')
  const next = machine.start(['connect', 'prod'])
  await next.says(READY)
  await next.end()
  assert.equal(existsSync(join(directory, '.s.PGSQL.5432')), false)
})

test('two tunnels share a socket directory by the port in the name', { skip: PSQL }, async () => {
  const machine = laptop('listen: unix:~/sockets')
  const first = machine.start(['connect', 'prod'])
  await first.says(READY)
  const second = machine.start(['connect', 'prod', '--listen', 'unix:~/sockets:6543', '--json'])
  const [line] = await second.says(/^\{.*\}$/)
  const facts = JSON.parse(line)
  assert.deepEqual([facts.host, facts.port], [join(machine.home, 'sockets'), 6543])
  assert.match(facts.psql, /port=6543/)
  assert.ok(existsSync(join(facts.host, '.s.PGSQL.6543')))
  assert.equal((await psql(facts.url.replace('postgres://', 'postgresql://'), 'select 1;')).stdout, '1\n')
  const waited = await machine.run(['connect', 'prod', '--listen', 'unix:~/sockets:6543', '--wait', '5s', '--json'])
  assert.equal(JSON.parse(waited.stdout).pid, second.process.pid)
  await second.end()
  await first.end()
})

test('a socket directory that others can enter is refused', async () => {
  const machine = laptop('listen: unix:~/open')
  mkdirSync(join(machine.home, 'open'))
  chmodSync(join(machine.home, 'open'), 0o755)
  const { code, stderr } = await machine.run(['connect', 'prod'])
  assert.equal(code, 1)
  assert.match(stderr, /other users can enter .*\/open/)
  assert.match(stderr, /chmod 700/)
})

test('what is in the way of the socket and is none is left alone', async () => {
  const machine = laptop('listen: unix:~/files')
  mkdirSync(join(machine.home, 'files'), { mode: 0o700 })
  writeFileSync(join(machine.home, 'files', '.s.PGSQL.5432'), 'mine')
  const { code } = await machine.run(['connect', 'prod'])
  assert.equal(code, 1)
  assert.equal(readFileSync(join(machine.home, 'files', '.s.PGSQL.5432'), 'utf8'), 'mine')
})

test('password mode keeps its password in the store, and profile password shows it', { skip: PSQL }, async () => {
  const machine = laptop('local_auth: password')
  const running = machine.start(['connect', 'prod', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  const { stdout } = await machine.run(['profile', 'password', 'prod'])
  const { url } = JSON.parse(line)
  const good = await psql(url, 'select 1;', { PGPASSWORD: stdout.trim() })
  assert.equal(good.stdout, '1\n')
  const bad = await psql(url, 'select 1;', { PGPASSWORD: 'guess' })
  assert.match(bad.stderr, /this port belongs to another user/)
  const none = await psql(url, 'select 1;')
  assert.match(none.stderr, /no password supplied/)
  await running.end()
})

test('a wrapped command is given the password', { skip: PSQL }, async () => {
  const machine = laptop('local_auth: password')
  const { code, stdout } = await machine.run([
    'connect',
    'prod',
    '--',
    'sh',
    '-c',
    'psql -Atc "select 1" && psql "$DATABASE_URL" -Atc "select 2"',
  ])
  assert.deepEqual([code, stdout], [0, '1\n2\n'])
})

test('a non-loopback address needs --allow-remote, and then asks for the password', { skip: PSQL }, async () => {
  const machine = laptop('local_auth: none\nlisten: 0.0.0.0:0')
  const refused = await machine.run(['connect', 'prod'])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /--allow-remote/)
  const running = machine.start(['connect', 'prod', '--allow-remote', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  const facts = JSON.parse(line)
  assert.equal(facts.localAuth, 'password')
  const { stderr } = await psql(facts.url.replace('0.0.0.0', '127.0.0.1'), 'select 1;')
  assert.match(stderr, /no password supplied/)
  await running.end()
})

test('--local-tls serves psql with sslmode=require', { skip: PSQL }, async () => {
  const running = laptop().start(['connect', 'prod', '--local-tls', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  const { url } = JSON.parse(line)
  assert.match(url, /sslmode=require/)
  assert.equal((await psql(url, 'select 1;')).stdout, '1\n')
  await running.end()
})

for (const listen of ['127.0.0.1:0', '[::1]:0']) {
  test(`another user of this machine is refused over ${listen} with a clear error`, { skip: OTHER_USER }, async () => {
    const running = laptop(`listen: '${listen}'`).start(['connect', 'prod', '--json'])
    const [line] = await running.says(/^\{.*\}$/)
    const { code, said } = await psqlOfAnother(JSON.parse(line).url)
    assert.equal(code, 2)
    assert.match(said, /FATAL: {2}pgoauth: this port belongs to another user/)
    await running.says(/refused \S+:\d+: this port belongs to another user: uid 65533 is not uid 0/)
    await running.end()
  })
}

test('another user of this machine does not reach a Unix socket', { skip: OTHER_USER }, async () => {
  const running = laptop('listen: unix:~/sockets').start(['connect', 'prod', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  const { code, said } = await psqlOfAnother(JSON.parse(line).url)
  assert.equal(code, 2)
  assert.match(said, /Permission denied/)
  await running.end()
})

async function psqlOfAnother(url: string): Promise<{ code: number; said: string }> {
  const words = ['-w', '-X', '-c', 'select 1', url]
  const child = spawn(programPath('psql'), words, { uid: 65_533, gid: 65_533 })
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { code, said }
}

test('a tunnel whose messages cannot be written any more serves on', async () => {
  const machine = laptop()
  const words = ['-c', 'exec "$0" "$@" 2>/dev/full', process.execPath, PROGRAM, 'connect', 'prod', '--json']
  const child = spawn('/bin/sh', words, { env: { PATH: process.env.PATH, ...machine.env } })
  after(() => child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data')
  for (let nth = 0; nth < 3; nth++) await select1(JSON.parse(String(line)).url)
  assert.equal(child.exitCode, null)
})

test('an unknown profile and a missing host are told with the next step', async () => {
  const machine = laptop()
  appendFileSync(machine.configFile, '  nohost: { flow: token_file, token_file: ~/token }\n')
  const homeless = await machine.run(['connect', 'nohost'])
  assert.equal(homeless.code, 2)
  assert.match(homeless.stderr, /profile nohost has no host\n {2}try: set "host" in the profile, or --host/)
  const unknown = await machine.run(['connect', 'pord'])
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /did you mean "prod"/)
  const silent = await machine.run(['connect', 'prod', '--'])
  assert.equal(silent.code, 2)
  assert.match(silent.stderr, /no command behind --/)
})

test('the listener outlives a remote side that goes away and comes back', async () => {
  const machine = laptop('listen: 127.0.0.1:0')
  const running = machine.start(['connect', 'prod', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  const { url, port } = JSON.parse(line)
  await select1(url)
  await remote.postgres.halt()
  const client = await connectClient(port)
  client.startup({ user: 'postgres' })
  await client.rest()
  await remote.postgres.restart()
  await select1(url)
  await running.end()
})
