import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type ClientConfig } from 'pg'
import { processesNaming, residentBytes } from '../bench/processes.ts'
import { skipWithout } from '../support/programs.ts'
import { inApp, startProxied } from '../support/proxied.ts'
import { psql } from '../support/psql.ts'

const proxied = await startProxied({
  databases: {
    one: '{ mode: session, size: 1, wait: 3s }',
    two: '{ mode: session, size: 2, servers_per_identity: 1, wait: 3s }',
    warm: '{ mode: session, size: 5, min_idle: 2, idle: 400ms }',
    old: '{ mode: session, size: 2, max_age: 300ms }',
    shared: '{ mode: transaction, size: 2, wait: 5s }',
  },
  policy: `version: 1
roles:
  - role: analyst
    when: { group: analysts }
  - role: guest
    when: { group: guests }
scopes: { everything: all }
`,
  prepare: `CREATE ROLE analyst NOLOGIN; CREATE ROLE guest NOLOGIN; GRANT analyst, guest TO pgoauth_proxy;
    CREATE TABLE public.notes (note text); GRANT ALL ON public.notes TO analyst;`,
})
after(() => proxied.end())

async function open(
  database: string,
  options: ClientConfig & { subject?: string; group?: string } = {},
): Promise<Client> {
  const { subject = 'ada', group = 'analysts', ...config } = options
  const token = await proxied.token(subject, { group, scope: 'everything' })
  const client = new Client({
    host: '127.0.0.1',
    port: proxied.passwordPort,
    database,
    user: 'x',
    password: token,
    ssl: { ca: proxied.ca },
    ...config,
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function value(client: Client, sql: string): Promise<unknown> {
  return Object.values((await client.query(sql)).rows[0])[0]
}

async function codeOf(doing: Promise<unknown>): Promise<string | undefined> {
  return doing.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  )
}

async function eventually(what: () => Promise<boolean>, ms = 30_000): Promise<void> {
  const until = performance.now() + ms
  while (!(await what())) {
    assert.ok(performance.now() < until, 'it did not come about in time')
    await sleep(30)
  }
}

/** Settings that the client was told of, as the last ParameterStatus of each said. */
function told(client: Client): Map<string, string> {
  const statuses = new Map<string, string>()
  const { connection } = client as unknown as {
    connection: {
      on(event: string, listener: (message: { parameterName: string; parameterValue: string }) => void): void
    }
  }
  connection.on('parameterStatus', ({ parameterName, parameterValue }) => statuses.set(parameterName, parameterValue))
  return statuses
}

test('the next session has the connection of the last one, as new', async () => {
  const first = await open('one')
  const pid = await value(first, 'SELECT pg_backend_pid()')
  await first.query(
    "SET work_mem = '1MB'; CREATE TEMP TABLE t (a int); PREPARE p AS SELECT 1; LISTEN c; SELECT pg_advisory_lock(1)",
  )
  await first.end()
  const second = await open('one', { subject: 'grace' })
  assert.equal(await value(second, 'SELECT pg_backend_pid()'), pid)
  assert.equal(await value(second, 'SHOW work_mem'), '4MB')
  assert.equal(await value(second, "SELECT current_setting('pgoauth.subject')"), 'grace')
  assert.equal(await value(second, "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'"), 0)
  assert.equal(await codeOf(second.query('SELECT * FROM t')), '42P01')
  await second.end()
})

test('a new client is told the settings of its connection as they are, and not as the last client left them', async () => {
  const first = await open('one')
  await first.query("SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'")
  await first.end()
  const token = await proxied.token('grace', { group: 'analysts', scope: 'everything' })
  const client = new Client({
    host: '127.0.0.1',
    port: proxied.passwordPort,
    database: 'one',
    user: 'x',
    password: token,
    ssl: { ca: proxied.ca },
    application_name: 'report',
  })
  const statuses = told(client)
  await client.connect()
  assert.equal(statuses.get('TimeZone'), 'UTC')
  assert.equal(statuses.get('DateStyle'), 'ISO, MDY')
  assert.equal(statuses.get('application_name'), 'report')
  await client.end()
})

test('in transaction pooling a client is told what its own SET changed', async () => {
  const client = await open('shared')
  const statuses = told(client)
  await client.query("SET TimeZone = 'Asia/Tokyo'")
  assert.equal(statuses.get('TimeZone'), 'Asia/Tokyo')
  await client.end()
})

for (const database of ['one', 'shared']) {
  test(`startup parameters are honoured (${database})`, async () => {
    const client = await open(database, { options: '-c work_mem=5MB', application_name: "o'brien" })
    assert.equal(await value(client, 'SHOW work_mem'), '5MB')
    assert.equal(await value(client, 'SHOW application_name'), "o'brien")
    await client.end()
  })

  test(`a startup parameter with a value that the server refuses is refused with 22023 (${database})`, async () => {
    assert.equal(await codeOf(open(database, { options: '-c work_mem=lots' })), '22023')
    await (await open(database)).end()
  })
}

test('whoever waits longer than wait is refused with 53300', async () => {
  const first = await open('one')
  const startMs = performance.now()
  assert.equal(await codeOf(open('one', { subject: 'grace' })), '53300')
  assert.ok(performance.now() - startMs >= 2_900)
  await first.end()
})

test('whoever waits has the connection once it is free', async () => {
  const first = await open('one')
  const waiting = open('one', { subject: 'grace' })
  await sleep(100)
  await first.end()
  assert.equal(await value(await waiting, "SELECT current_setting('pgoauth.subject')"), 'grace')
  await (await waiting).end()
})

test('one person cannot hold more than their share', async () => {
  const first = await open('two')
  assert.equal(await codeOf(open('two')), '53300')
  const other = await open('two', { subject: 'grace' })
  await first.end()
  await other.end()
})

test('min_idle connections are warm once a role was used, and the others go when they were idle long enough', async () => {
  const clients = await Promise.all([1, 2, 3, 4].map(() => open('warm', { application_name: 'warmth' })))
  const pids = await Promise.all(clients.map((client) => value(client, 'SELECT pg_backend_pid()')))
  await Promise.all(clients.map((client) => client.end()))
  await eventually(async () => {
    const [row] = await inApp(
      proxied.postgres,
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid IN (${pids.join(', ')})`,
    )
    return row?.n === 2
  })
})

test('a connection older than max_age is not lent again', async () => {
  const first = await open('old')
  const pid = await value(first, 'SELECT pg_backend_pid()')
  await sleep(350)
  await first.end()
  const second = await open('old')
  assert.notEqual(await value(second, 'SELECT pg_backend_pid()'), pid)
  await second.end()
})

for (const database of ['one', 'shared']) {
  test(`connections that died while idle are replaced unseen (${database})`, async () => {
    await (await open(database)).end()
    await inApp(
      proxied.postgres,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pgoauth_proxy'",
    )
    const client = await open(database)
    assert.equal(await value(client, 'SELECT 1'), 1)
    await client.end()
  })

  test(`a server that dies in a transaction ends the session, and nothing is run again (${database})`, async () => {
    const client = await open(database)
    await client.query("BEGIN; INSERT INTO public.notes VALUES ('dying')")
    const pid = await value(client, 'SELECT pg_backend_pid()')
    await inApp(proxied.postgres, `SELECT pg_terminate_backend(${pid})`)
    const code = await codeOf(client.query('COMMIT'))
    assert.ok(code === '57P01' || code === '08006' || code === undefined, `${code}`)
    const [row] = await inApp(proxied.postgres, "SELECT count(*)::int AS n FROM public.notes WHERE note = 'dying'")
    assert.equal(row?.n, 0)
    await client.end().catch(() => {})
  })

  test(`a client that vanishes in a transaction has it rolled back at once (${database})`, async () => {
    const client = await open(database)
    await client.query('BEGIN; LOCK TABLE public.notes IN ACCESS EXCLUSIVE MODE')
    ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
    await eventually(async () => {
      const [row] = await inApp(
        proxied.postgres,
        "SELECT count(*)::int AS n FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted",
      )
      return row?.n === 0
    })
  })

  test(`a client that vanishes in a statement leaves nothing running (${database})`, async () => {
    const client = await open(database)
    client.query("SELECT 'abandoned', pg_sleep(60)").catch(() => {})
    const running = async () => {
      const [row] = await inApp(
        proxied.postgres,
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%abandoned%' AND pid <> pg_backend_pid()",
      )
      return Number(row?.n)
    }
    await eventually(async () => (await running()) === 1)
    ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
    await eventually(async () => (await running()) === 0)
  })
}

test('a role taken from the login is refused, though connections of it are pooled', async () => {
  await (await open('one', { subject: 'guest', group: 'guests' })).end()
  await inApp(proxied.postgres, 'REVOKE guest FROM pgoauth_proxy')
  await eventually(
    async () =>
      (await codeOf(open('one', { subject: 'guest', group: 'guests' }).then((client) => client.end()))) === '28000',
    12_000,
  )
})

for (const database of ['one', 'shared']) {
  test(`a row of 100 MB passes in bounded memory (${database})`, { skip: skipWithout('psql') }, async () => {
    const token = await proxied.token('ada', { group: 'analysts', scope: 'everything' })
    const pids = processesNaming(proxied.configFile)
    const before = residentBytes(pids)
    let most = 0
    const watching = setInterval(() => {
      most = Math.max(most, residentBytes(pids))
    }, 20)
    const url = `postgres://x@127.0.0.1:${proxied.passwordPort}/${database}?sslmode=require`
    const result = await psql(url, "\\o /dev/null\nSELECT repeat('x', 104857600);", { PGPASSWORD: token })
    clearInterval(watching)
    assert.equal(result.code, 0, result.stderr)
    assert.ok(most - before < 64e6, `${Math.round((most - before) / 1e6)} MB more`)
  })
}

test('the pool goes on when the server was restarted', async () => {
  await (await open('one')).end()
  await proxied.postgres.restart('immediate')
  await eventually(async () => (await codeOf(open('one').then((client) => client.end()))) === undefined)
})
