import { after } from 'node:test'
import { Client, type QueryResult } from 'pg'
import { type EmbeddedPostgres, type PostgresOptions, startPostgres } from '../../src/demo/postgres.ts'

export type { EmbeddedPostgres, PostgresOptions }

/** A PostgreSQL 18 for this test file, gone after its last test. SQL in `prepare` runs as the superuser first. */
export async function startTestPostgres(
  options: PostgresOptions & { prepare?: string } = {},
): Promise<EmbeddedPostgres> {
  const server = await startPostgres(options)
  after(() => server.stop())
  if (options.prepare !== undefined) await superuserQuery(server, options.prepare)
  return server
}

/** Runs SQL on a connection of its own, straight to the server. Several statements give the last one's result. */
export async function superuserQuery(server: EmbeddedPostgres, sql: string, values?: unknown[]): Promise<QueryResult> {
  const client = new Client({ connectionString: server.url() })
  await client.connect()
  try {
    const result: QueryResult | QueryResult[] = await client.query(sql, values)
    const last = Array.isArray(result) ? result.at(-1) : result
    if (last === undefined) throw new Error('no statement was run')
    return last
  } finally {
    await client.end()
  }
}
