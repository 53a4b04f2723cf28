import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Client } from 'pg'
import { skipWithout } from '../support/programs.ts'
import { startProxied } from '../support/proxied.ts'
import { psql } from '../support/psql.ts'
import { TOOLS_POLICY, TOOLS_SQL } from './tools/database.ts'
import { PG_DUMP_QUERIES } from './tools/pg-dump-queries.ts'
import { CITED, KEPT_OUT, RECORDED } from './tools/recorded.ts'
import type { SentQuery } from './tools/sent-query.ts'

/**
 * Every recorded query is sent once through the proxy and once on a connection of the same role straight to the server;
 * what comes back is compared, not just that something does.
 */
const proxied = await startProxied({
  databases: { app: '{ mode: session, size: 10 }' },
  policy: TOOLS_POLICY,
  prepare: TOOLS_SQL,
})
const token = await proxied.token('ada', { scope: 'orders:read' })
const dumping = await proxied.token('ada', { scope: 'orders:read orders:dump' })

async function open(config: object): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', database: 'app', ...config })
  // The server ends before its clients do.
  client.on('error', () => {})
  await client.connect()
  return client
}

const PATH = '-c search_path=sales,public'
const throughProxy = (password = token) =>
  open({
    port: proxied.passwordPort,
    user: 'ada',
    password,
    ssl: { ca: proxied.ca, servername: 'localhost' },
    options: PATH,
  })
const straight = () =>
  open({
    port: proxied.postgres.port,
    user: 'pgoauth_proxy',
    password: 'proxy-login-secret',
    options: `${PATH} -c role=analyst`,
    application_name: 'ada via pgoauth',
  })

after(() => proxied.end())

/** What the contract keeps out of the harmless catalogs, and what of these tools asks for it. */
const IS_KEPT_OUT =
  /pg_user_mappings|pg_subscription|pg_db_role_setting|pg_largeobject_metadata|pg_try_advisory_lock|AS "operation"/

interface Answer {
  readonly state: string
  readonly rows: readonly string[]
}

const isSame = (one: Answer, other: Answer) => JSON.stringify(one) === JSON.stringify(other)

async function ask(client: Client, { sql, values }: SentQuery, oids: ReadonlyMap<string, string>): Promise<Answer> {
  const put = (text: string) => text.replace(/<<(.*?)>>/g, (_, name: string) => oids.get(name) ?? name)
  try {
    const result: unknown = await client.query({
      text: put(sql),
      rowMode: 'array',
      types: { getTypeParser: () => (text: string) => text },
      ...(values && { values: values.map((value) => (value === null ? null : put(value))) }),
    } as never)
    const results = (Array.isArray(result) ? result : [result]) as { rows: unknown[] }[]
    return { state: 'ok', rows: results.flatMap(({ rows }) => rows.map((row) => JSON.stringify(row))).sort() }
  } catch (error) {
    return { state: (error as { code?: string }).code ?? String(error), rows: [] }
  }
}

/** The proxy sets by SET what a client's startup packet asked for: pg_settings shows that, and another value to reset to. */
function sourceless(rows: readonly string[]): readonly string[] {
  return rows
    .filter((row) => !row.startsWith('["application_name"') && !row.startsWith('["search_path"'))
    .map((row) => row.replace(/"(default|client|session)"/, '"a source"'))
}

/** The OIDs that the names in the queries have in this database. */
async function oidsOf(client: Client, queries: readonly SentQuery[]): Promise<Map<string, string>> {
  const text = queries.map(({ sql, values }) => `${sql} ${values?.join(' ') ?? ''}`).join(' ')
  const names = new Set([...text.matchAll(/<<(.*?)>>/g)].map(([, name = '']) => name))
  const oids = new Map<string, string>()
  for (const name of names) {
    const [type = '', object = ''] = name.split(/:(.*)/)
    const sql =
      name === 'database'
        ? 'select oid from pg_database where datname = current_database()'
        : `select '${object.replaceAll("'", "''")}'::${type}::oid`
    const { rows } = await client.query({ text: sql, rowMode: 'array' })
    oids.set(name, String(rows[0]?.[0]))
  }
  return oids
}

/** Sends them on both, and holds what comes back against each other. */
async function compare(queries: readonly SentQuery[], proxy: Client, isKeptOut: RegExp): Promise<void> {
  const [server, again] = [await straight(), await straight()]
  try {
    await compareOn(proxy, server, again, queries, isKeptOut)
  } finally {
    for (const client of [proxy, server, again]) await client.end()
  }
}

async function compareOn(
  proxy: Client,
  server: Client,
  again: Client,
  queries: readonly SentQuery[],
  isKeptOut: RegExp,
): Promise<void> {
  const oids = await oidsOf(server, queries)
  let compared = 0
  let skipped = 0
  const failed: string[] = []
  for (const query of queries) {
    const askAll = async (): Promise<readonly [Answer, Answer, Answer]> => [
      await ask(server, query, oids),
      await ask(proxy, query, oids),
      await ask(again, query, oids),
    ]
    let [first, answer, second] = await askAll()
    // Something of the server's own, a worker of autovacuum say, may have been there for the one in the middle alone.
    if (/^\s*(select|with)\b/i.test(query.sql) && isSame(first, second) && !isSame(first, answer)) {
      ;[first, answer, second] = await askAll()
    }
    if (isKeptOut.test(query.sql)) {
      assert.equal(answer.state, '42501', query.sql)
      skipped++
      continue
    }
    if (first.state !== 'ok') {
      failed.push(`${first.state} ${query.sql.slice(0, 300)}`)
      assert.notEqual(answer.state, 'ok', query.sql)
      for (const client of [proxy, server, again]) await client.query('ROLLBACK')
      continue
    }
    assert.equal(answer.state, 'ok', query.sql)
    // Counters and clocks differ from one connection to the next; everything else must not.
    if (!isSame(first, second)) continue
    const isOfSettings = /\bpg_settings\b/.test(query.sql)
    assert.deepEqual(
      isOfSettings ? sourceless(answer.rows) : answer.rows,
      isOfSettings ? sourceless(first.rows) : first.rows,
      query.sql,
    )
    compared++
  }
  assert.ok(
    compared > (queries.length - skipped) * 0.8,
    `${compared} of ${queries.length} compared; failed on the server: ${failed.join('\n')}`,
  )
}

describe('with read scopes on two tables, what comes back is what the role gets straight from the server', () => {
  for (const [tool, queries] of Object.entries({ ...RECORDED, ...CITED })) {
    it(tool, async () => compare(queries, await throughProxy(), IS_KEPT_OUT))
  }

  it('pg_dump -t, with a scope that gives what its denials named', async () => {
    await compare(PG_DUMP_QUERIES, await throughProxy(dumping), /^$/)
  })

  it('what shows where sequences stand and what others run is kept out', async () => {
    const proxy = await throughProxy()
    assert.ok(KEPT_OUT.length > 3)
    for (const query of KEPT_OUT)
      assert.equal((await ask(proxy, query, new Map([['database', '5']]))).state, '42501', query.sql)
  })

  it('the \\d family of the psql that is installed', { skip: skipWithout('psql') }, async () => {
    const script = `${PSQL_COMMANDS.join('\n')}\n`
    const names = { PGAPPNAME: 'ada via pgoauth' }
    const url = `postgres://ada:${token}@127.0.0.1:${proxied.passwordPort}/app?sslmode=require`
    const direct = `postgres://pgoauth_proxy:proxy-login-secret@127.0.0.1:${proxied.postgres.port}/app?sslmode=disable`
    const [through, expected] = [
      await psql(url, script),
      await psql(direct, script, { PGOPTIONS: '-c role=analyst', ...names }),
    ]
    assert.ok(expected.stdout.length > 10_000)
    assert.equal(through.stdout, expected.stdout)
    assert.equal(through.stderr, expected.stderr)
  })
})

const PSQL_COMMANDS = [
  ...[
    '\\d',
    '\\d+',
    '\\dt',
    '\\dt+ sales.*',
    '\\dn',
    '\\dn+',
    '\\df',
    '\\df+ reports.*',
    '\\du',
    '\\du+',
    '\\l',
    '\\z',
    '\\dp sales.*',
  ],
  ...[
    '\\di sales.*',
    '\\dv sales.*',
    '\\ds sales.*',
    '\\dT+ sales.*',
    '\\dm sales.*',
    '\\dD sales.*',
    '\\dx',
    '\\dy',
    '\\db',
    '\\dc',
    '\\dC',
  ],
  ...[
    '\\d+ sales.orders',
    '\\d+ sales.order_items',
    '\\d sales.customers',
    '\\d+ sales.parts',
    '\\d+ sales.order_totals',
  ],
  ...[
    '\\d hr.employees',
    '\\d sales.orders_id_seq',
    '\\d sales.orders_pkey',
    '\\sf reports.monthly',
    '\\sv sales.order_totals',
  ],
  ...[
    '\\dO',
    '\\dX',
    '\\dP',
    '\\dRp',
    '\\dL',
    '\\dF',
    '\\ddp',
    '\\dd',
    '\\do sales.*',
    '\\da sales.*',
    '\\dA',
    '\\dconfig work_mem',
  ],
]
