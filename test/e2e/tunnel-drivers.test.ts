import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Client } from 'pg'
import postgres from 'postgres'
import { systemClock } from '../../src/base/clock.ts'
import { testCertificates } from '../support/certificates.ts'
import { startOauthPostgres } from '../support/oauth-postgres.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { programPath, skipWithout } from '../support/programs.ts'
import { psql } from '../support/psql.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { eventually, startTunnel, testProfile, tokensInTurn, verified } from '../support/tunnel.ts'

const certificates = testCertificates()
const directory = temporaryDirectory()
const ca = join(directory, 'ca.pem')
writeFileSync(ca, certificates.ca)

const remote = await startOauthPostgres({ tls: certificates.server })
const profile = testProfile(remote.port, { host: 'localhost', user: 'postgres', database: 'postgres', ...verified(ca) })
const tunnel = await startTunnel(profile, tokensInTurn('good-token'))
const url = `postgres://postgres@127.0.0.1:${tunnel.port}/postgres`

const PSQL = skipWithout('psql')
const PSYCOPG = skipWithout('psycopg2')
const MEGABYTES = 64
/** The cancelled queries would run for 30 s. On an idle machine a cancel takes some 50 ms. */
const LONG_BEFORE_ITS_END_MS = 15_000
/** The statement that waits to be cancelled, once it runs. */
const SLEEPERS = "select 1 from pg_stat_activity where state = 'active' and query like 'select pg_sleep%'"

async function connected(): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}

test('pg: simple, extended and prepared statements', async () => {
  const client = await connected()
  assert.deepEqual((await client.query('select 1 as a')).rows, [{ a: 1 }])
  assert.deepEqual((await client.query('select $1::int + 1 as a', [41])).rows, [{ a: 42 }])
  for (const value of [1, 2]) {
    const { rows } = await client.query({ name: 'twice', text: 'select 2 * $1::int as a', values: [value] })
    assert.deepEqual(rows, [{ a: 2 * value }])
  }
  await client.end()
})

test('pg: an error leaves the session usable', async () => {
  const client = await connected()
  await assert.rejects(client.query('select 1/0'), { code: '22012' })
  assert.equal((await client.query('select 1')).rowCount, 1)
  await client.end()
})

test(`pg: a value of ${MEGABYTES} MB each way`, async () => {
  const client = await connected()
  const value = 'x'.repeat(MEGABYTES * 1024 * 1024)
  const { rows } = await client.query('select md5($1) as sum, $1 as value', [value])
  const { createHash } = await import('node:crypto')
  assert.equal(rows[0].sum, createHash('md5').update(value).digest('hex'))
  assert.equal(rows[0].value.length, value.length)
  await client.end()
})

test('pg: NOTIFY reaches a listening session', async () => {
  const [listener, notifier] = [await connected(), await connected()]
  await listener.query('listen news')
  const heard = once(listener, 'notification')
  await notifier.query("notify news, 'hello'")
  const [message] = await heard
  assert.equal(message.payload, 'hello')
  await Promise.all([listener.end(), notifier.end()])
})

test('pg: a large object is written and read', async () => {
  const client = await connected()
  const { rows } = await client.query("select lo_from_bytea(0, repeat('abc', 100000)::bytea) as oid")
  const back = await client.query('select length(lo_get($1)) as length', [rows[0].oid])
  assert.equal(back.rows[0].length, 300_000)
  await client.query('select lo_unlink($1)', [rows[0].oid])
  await client.end()
})

test('postgres: statements, a transaction, and a cancelled query', async () => {
  const sql = postgres(url, { max: 2, onnotice: () => {} })
  assert.deepEqual([...(await sql`select ${41}::int + 1 as a`)], [{ a: 42 }])
  await sql.begin(async (tx) => {
    await tx`create temporary table t (a int)`
    await tx`insert into t select generate_series(1, 1000)`
    assert.deepEqual([...(await tx`select count(*)::int as n from t`)], [{ n: 1000 }])
  })
  const startedMs = systemClock.nowMs()
  const running = sql`select pg_sleep(30)`.execute()
  const outcome = assert.rejects(running, { code: '57014' })
  await eventually(async () => (await sql.unsafe(SLEEPERS)).length === 1, 'the statement')
  running.cancel()
  await outcome
  assert.ok(systemClock.nowMs() - startedMs < LONG_BEFORE_ITS_END_MS)
  await sql.end()
})

test('postgres: COPY both ways', async () => {
  const sql = postgres(url, { max: 1 })
  await sql`create temporary table copied (a int, b text)`
  const into = await sql`copy copied from stdin`.writable()
  for (let row = 0; row < 10_000; row++) into.write(`${row}\trow ${row}\n`)
  into.end()
  await once(into, 'finish')
  const from = await sql`copy (select * from copied order by a) to stdout`.readable()
  const lines = (await text(from)).trim().split('\n')
  assert.equal(lines.length, 10_000)
  assert.equal(lines[9_999], '9999\trow 9999')
  await sql.end()
})

test('psql: statements, COPY both ways, large objects, prepared statements', { skip: PSQL }, async () => {
  const file = join(directory, 'big')
  writeFileSync(file, Buffer.alloc(1_000_000, 7))
  const script = `
    select 'simple', 1;
    prepare p(int) as select $1 * 2; execute p(21);
    create temporary table t (a int, b text);
    \\copy t from program 'seq 1 5000 | sed "s/$/\\tx/"'
    select count(*), sum(a) from t;
    \\copy (select a from t order by a limit 3) to stdout
    \\lo_import '${file}'
    select length(lo_get(:LASTOID));
    \\lo_unlink :LASTOID
    select 1/0;
    select 'still here';
  `
  const { stdout, stderr } = await psql(url, script)
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('lo_')),
    ['simple|1', '42', '5000|12502500', '1', '2', '3', '1000000', 'still here'],
  )
  assert.match(stderr, /22012: division by zero/)
})

test('psql: Ctrl-C’s cancel request ends a running query', { skip: PSQL }, async () => {
  const child = spawn(programPath('psql'), ['-X', '-w', '-v', 'VERBOSITY=verbose', '-c', 'select pg_sleep(30)', url])
  const err = text(child.stderr)
  const watcher = await connected()
  await eventually(async () => (await watcher.query(SLEEPERS)).rowCount === 1, 'the statement')
  const startedMs = systemClock.nowMs()
  child.kill('SIGINT')
  await once(child, 'close')
  assert.ok(systemClock.nowMs() - startedMs < LONG_BEFORE_ITS_END_MS)
  assert.match(await err, /57014: canceling statement due to user request/)
  await watcher.end()
})

const PYTHON = `
import sys, hashlib, io, select, psycopg2, psycopg2.extensions, threading, time
dsn = sys.argv[1]
c = psycopg2.connect(dsn); c.autocommit = True
k = c.cursor()
k.execute('select %s + 1', (41,)); assert k.fetchone() == (42,)
k.execute('prepare p(int) as select $1 * 2'); k.execute('execute p(%s)', (4,)); assert k.fetchone() == (8,)
k.execute('create temporary table t (a int, b text)')
k.copy_expert('copy t from stdin', io.StringIO(''.join('%d\\tx\\n' % i for i in range(20000))))
out = io.StringIO(); k.copy_expert('copy (select a from t order by a) to stdout', out)
assert out.getvalue().split() == [str(i) for i in range(20000)]
big = 'y' * (${MEGABYTES} * 1024 * 1024)
k.execute('select md5(%s), %s', (big, big)); r = k.fetchone()
assert r[0] == hashlib.md5(big.encode()).hexdigest() and r[1] == big
c.autocommit = False
lo = c.lobject(0, 'wb'); lo.write(b'z' * 3000000); oid = lo.oid; lo.close()
lo = c.lobject(oid, 'rb'); assert len(lo.read()) == 3000000; lo.unlink(); c.commit()
c.autocommit = True
k.execute('listen news')
d = psycopg2.connect(dsn); d.autocommit = True; d.cursor().execute("notify news, 'hi'")
select.select([c], [], [], 5); c.poll(); assert c.notifies[0].payload == 'hi'
def stop():
    watcher = d.cursor()
    while True:
        watcher.execute("${SLEEPERS}")
        if watcher.fetchone(): break
        time.sleep(0.05)
    stop.at = time.time(); c.cancel()
threading.Thread(target=stop).start()
try:
    k.execute('select pg_sleep(30)'); assert False
except psycopg2.extensions.QueryCanceledError:
    assert time.time() - stop.at < 15
with_cursor = c.cursor(); c.autocommit = False
n = c.cursor('named'); n.itersize = 100; n.execute('select generate_series(1, 5000)')
assert sum(row[0] for row in n) == 12502500
print('done')
`

test('psycopg2: extended, COPY both ways, 64 MB values, large objects, NOTIFY, cancel, server-side cursors', {
  skip: PSYCOPG,
}, async () => {
  const child = spawn('/usr/bin/python3', ['-c', PYTHON, url], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  assert.deepEqual([out, err], ['done\n', ''])
})

test('a real PostgreSQL with password authentication takes the token as password, over checked TLS', async () => {
  const server = await startTestPostgres({
    hba: ['hostssl all all 127.0.0.1/32 password', 'hostnossl all all 127.0.0.1/32 reject'],
    tls: certificates.server,
  })
  const token = `eyJhbGciOiJFUzI1NiJ9.${'a'.repeat(1200)}.sig`
  const admin = new Client({ connectionString: server.url(), ssl: { ca: certificates.ca } })
  await admin.connect()
  await admin.query(`set password_encryption = 'scram-sha-256'`)
  await admin.query(`create role ada login password '${token.slice(0, 900)}'`)
  await admin.end()
  const own = testProfile(server.port, { host: 'localhost', user: 'ada', database: 'postgres', ...verified(ca) })
  const passwordTunnel = await startTunnel(own, tokensInTurn('expired', token.slice(0, 900)))
  const client = new Client({ connectionString: `postgres://x@127.0.0.1:${passwordTunnel.port}/` })
  await client.connect()
  const { rows } = await client.query('select current_user as who, ssl from pg_stat_ssl where pid = pg_backend_pid()')
  assert.deepEqual(rows, [{ who: 'ada', ssl: true }])
  await client.end()
})

test('a cancel request reaches a real PostgreSQL over TLS of its own', async () => {
  const client = await connected()
  const running = client.query('select pg_sleep(30)')
  const other = await connected()
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
  const { encodeCancelRequest } = await import('../../src/wire/startup.ts')
  const key = Buffer.alloc(4)
  key.writeInt32BE(secretKey)
  await eventually(async () => (await other.query(SLEEPERS)).rowCount === 1, 'the statement')
  const startedMs = systemClock.nowMs()
  const cancel = await tunnel.client()
  cancel.send(encodeCancelRequest(processID, key))
  await assert.rejects(running, { code: '57014' })
  assert.ok(systemClock.nowMs() - startedMs < LONG_BEFORE_ITS_END_MS)
  await Promise.all([client.end(), other.end()])
})
