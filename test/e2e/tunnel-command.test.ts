import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { testCertificates } from '../support/certificates.ts'
import { openConnectLaptop } from '../support/connect-laptop.ts'
import { startOauthPostgres } from '../support/oauth-postgres.ts'
import { skipWithout } from '../support/programs.ts'
import { eventually } from '../support/tunnel.ts'

const certificates = testCertificates()
const remote = await startOauthPostgres({ tls: certificates.server })
const laptop = openConnectLaptop({ port: remote.port, ca: certificates.ca })
const PSQL = skipWithout('psql')

test('connect prod -- psql runs a query', { skip: PSQL }, async () => {
  const { code, stdout, stderr } = await laptop.run([
    'connect',
    'prod',
    '--',
    'psql',
    '-Atc',
    'select 6*7, current_user',
  ])
  assert.deepEqual([code, stdout, stderr], [0, '42|postgres\n', ''])
})

test('a service file and a host address cannot steer psql elsewhere', { skip: PSQL }, async () => {
  writeFileSync(join(laptop.home, 'services'), '[elsewhere]\nhost=192.0.2.1\nport=1\ndbname=nowhere\n')
  const env = {
    PGSERVICE: 'elsewhere',
    PGSERVICEFILE: join(laptop.home, 'services'),
    PGHOSTADDR: '192.0.2.1',
    PGPASSFILE: '/dev/null',
    PGREQUIREAUTH: 'gss',
    PGCHANNELBINDING: 'require',
    PGSSLNEGOTIATION: 'direct',
    PGSSLROOTCERT: '/nonexistent',
    PGTARGETSESSIONATTRS: 'standby',
    PGCONNECT_TIMEOUT: '5',
  }
  const { code, stdout, stderr } = await laptop.run(['connect', 'prod', '--', 'psql', '-Atc', 'select 1'], { env })
  assert.deepEqual([code, stdout, stderr], [0, '1\n', ''])
})

test('the command finds PG* and DATABASE_URL in its environment, and no secret of ours', async () => {
  const { stdout } = await laptop.run(['connect', 'prod', '--', 'env'])
  const env = Object.fromEntries(stdout.split('\n').map((line) => line.split(/=(.*)/s)))
  assert.equal(env.PGHOST, '127.0.0.1')
  assert.match(env.PGPORT, /^\d+$/)
  assert.equal(env.PGUSER, 'postgres')
  assert.equal(env.PGDATABASE, 'postgres')
  assert.equal(env.PGSSLMODE, 'disable')
  assert.equal(env.PGCLIENTENCODING, 'UTF8')
  assert.equal(env.DATABASE_URL, `postgres://postgres@127.0.0.1:${env.PGPORT}/postgres?sslmode=disable`)
  assert.equal(env.PGOAUTH_STORE_KEY, undefined)
})

test('the listener is open before the command starts', async () => {
  const { code } = await laptop.run(['connect', 'prod', '--', 'bash', '-c', 'exec 3<>/dev/tcp/$PGHOST/$PGPORT'])
  assert.equal(code, 0)
})

for (const [name, words, expected] of [
  ['its own code', ['sh', '-c', 'exit 42'], 42],
  ['127 where there is no such command', ['/nonexistent/command'], 127],
  ['127 where PATH has no such command', ['no-such-command-anywhere'], 127],
  ['126 where it is no program', ['/etc/passwd'], 126],
  ['126 where it is a directory', ['/tmp'], 126],
  ['143 where it ended by SIGTERM', ['sh', '-c', 'kill -TERM $$'], 143],
  ['137 where it ended by SIGKILL', ['sh', '-c', 'kill -KILL $$'], 137],
] as const) {
  test(`connect ends with the command's code: ${name}`, async () => {
    const { code } = await laptop.run(['connect', 'prod', '--', ...words])
    assert.equal(code, expected)
  })
}

test('words that look like our own options belong to the command', async () => {
  const { code, stdout } = await laptop.run(['connect', 'prod', '--', 'echo', '--json', '--', '--help'])
  assert.deepEqual([code, stdout], [0, '--json -- --help\n'])
})

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const) {
  test(`${signal} is passed on, and the command's answer to it is the exit code`, async () => {
    const name = signal.slice(3)
    const script = `trap 'exit 33' ${name}; echo trapped; while :; do sleep 0.05; done`
    const running = laptop.start(['connect', 'prod', '--', 'bash', '-c', script])
    await running.says(/trapped/)
    assert.deepEqual(await running.end(signal), { code: 33, signal: null })
  })
}

test('the tunnel waits for a command that ignores a signal', async () => {
  const running = laptop.start(['connect', 'prod', '--', 'bash', '-c', "trap '' TERM; echo ready; sleep 1; exit 5"])
  await running.says(/ready/)
  assert.deepEqual(await running.end('SIGTERM'), { code: 5, signal: null })
})

test('the listener ends with the command', async () => {
  const { stdout } = await laptop.run(['connect', 'prod', '--', 'sh', '-c', 'echo $PGPORT'])
  const probe = spawn('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${stdout.trim()}`], { stdio: 'ignore' })
  const code = await new Promise((resolve) => probe.once('close', resolve))
  assert.notEqual(code, 0)
})

test('a tunnel that is killed takes its command with it', async () => {
  const running = laptop.start(['connect', 'prod', '--', 'sh', '-c', 'echo pid $$; exec sleep 60'])
  const [, pid] = await running.says(/^pid (\d+)/)
  // The guard is told whom to watch right after the command has started, not before.
  await new Promise((resolve) => setTimeout(resolve, 1000))
  running.process.kill('SIGKILL')
  await eventually(
    () => !existsSync(`/proc/${pid}`) || / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')),
    'the end',
  )
})

test('a command that has ended leaves no guard behind', async () => {
  const running = laptop.start(['connect', 'prod', '--', 'sh', '-c', 'echo started; sleep 0.5'])
  await running.says(/started/)
  const children = readFileSync(`/proc/${running.process.pid}/task/${running.process.pid}/children`, 'latin1')
  const guards = children
    .trim()
    .split(' ')
    .filter((pid) => commandLine(pid).includes('pgoauth-guard'))
  assert.equal(guards.length, 1)
  await eventually(() => !commandLine(guards[0] ?? '').includes('pgoauth-guard'), 'the end of the guard')
})

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}

test('a log file says what the terminal does not', { skip: PSQL }, async () => {
  const file = join(laptop.home, 'connections.log')
  await laptop.run(['connect', 'prod', '--log-file', file, '--', 'psql', '-Atc', 'select 1'])
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ msg, profile, user, endedBy }) => ({ msg, profile, user, endedBy })),
    [
      { msg: 'connection opened', profile: 'prod', user: 'postgres', endedBy: undefined },
      { msg: 'connection closed', profile: 'prod', user: 'postgres', endedBy: 'client' },
    ],
  )
})

test('a log file on a full disk costs no session', { skip: PSQL }, async () => {
  const words = ['connect', 'prod', '--log-file', '/dev/full', '--', 'psql', '-Atc', 'select 1']
  const { code, stdout, stderr } = await laptop.run(words)
  assert.deepEqual([code, stdout, stderr], [0, '1\n', ''])
})

test('a log file that cannot be written is wrong usage, and nothing runs', async () => {
  const words = ['connect', 'prod', '--log-file', '/nonexistent/log', '--', 'echo', 'ran']
  const { code, stdout, stderr } = await laptop.run(words)
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /--log-file: ENOENT/)
})

test('the error of a refused token is psql’s to show', { skip: PSQL }, async () => {
  const other = openConnectLaptop({ port: remote.port, ca: certificates.ca, token: 'bad-token' })
  const file = join(other.home, 'log')
  const { code, stderr } = await other.run(['connect', 'prod', '--log-file', file, '--', 'psql', '-Atc', 'select 1'])
  assert.equal(code, 2)
  assert.match(readFileSync(file, 'utf8'), /connection refused/)
  assert.doesNotMatch(stderr + readFileSync(file, 'utf8'), /bad-token/)
  assert.match(stderr, /FATAL: {2}pgoauth: localhost:\d+ refused the login of profile prod/)
})
