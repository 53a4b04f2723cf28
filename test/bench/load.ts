import { fileURLToPath } from 'node:url'
import type { LoadOrder, LoadResult } from './load-client.ts'
import { output, type PgbenchRun } from './pgbench.ts'

const PROGRAM = fileURLToPath(new URL('./load-client.js', import.meta.url))
/** As in pgbench's table. */
const ROWS_PER_SCALE = 100_000

/** The same as `pgbench`, over a link without TLS and by the bench's own client in a process of its own. */
export async function load(run: PgbenchRun): Promise<LoadResult> {
  const { PGPORT, PGDATABASE = '', PGUSER = '' } = run.address
  const order: LoadOrder = {
    port: Number(PGPORT),
    database: PGDATABASE,
    user: PGUSER,
    tls: false,
    protocol: run.protocol,
    clients: run.clients,
    seconds: run.seconds,
    rows: run.scale * ROWS_PER_SCALE,
  }
  return JSON.parse(await output(process.execPath, [PROGRAM, JSON.stringify(order)], run.address))
}
