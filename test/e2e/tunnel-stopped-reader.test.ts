import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { testCertificates } from '../support/certificates.ts'
import { openConnectLaptop } from '../support/connect-laptop.ts'
import { startOauthPostgres } from '../support/oauth-postgres.ts'
import { superuserQuery } from '../support/postgres.ts'
import { programPath, skipWithout } from '../support/programs.ts'

/** With 1000 and 60: a minute in the middle of a gigabyte. */
const MEGABYTES = Number(process.env.PGOAUTH_TEST_RESULT_MB ?? 100)
const STOPPED_SECONDS = Number(process.env.PGOAUTH_TEST_STOPPED_SECONDS ?? 3)
const ROW_BYTES = 1000
/** What a process of Node's own goes up and down by. */
const NOISE_MEGABYTES = 48

const certificates = testCertificates()
const remote = await startOauthPostgres({ tls: certificates.server })

test(`a reader that stops for ${STOPPED_SECONDS} s in a result of ${MEGABYTES} MB: memory flat, and every byte arrives`, {
  skip: skipWithout('psql') || (process.platform === 'linux' ? false : 'memory is read from /proc'),
}, async () => {
  const laptop = openConnectLaptop({ port: remote.port, ca: certificates.ca })
  const running = laptop.start(['connect', 'prod', '--json'])
  const [line] = await running.says(/^\{.*\}$/)
  const { url, pid } = JSON.parse(line)
  const rows = (MEGABYTES * 1e6) / ROW_BYTES
  const query = `copy (select lpad(nth::text, ${ROW_BYTES - 1}, '.') from generate_series(1, ${rows}) nth) to stdout`

  // What the first megabytes leave behind is there for good.
  await read(url, query.replace(`${rows}`, `${rows / 10}`))
  const before = megabytesOf(pid)
  const psql = spawn(programPath('psql'), ['-XAtq', '--no-password', '-c', query, url])
  after(() => psql.kill('SIGKILL'))
  const { hash, bytes } = digest(psql.stdout)
  await once(psql.stdout, 'data')
  psql.kill('SIGSTOP')
  const sentBy = await waitingServer()
  const atStop = megabytesOf(pid)
  await sleep(STOPPED_SECONDS * 1000)
  const later = megabytesOf(pid)
  assert.equal(await waitingServer(), sentBy, 'the server still waits to send')
  psql.kill('SIGCONT')
  await once(psql, 'close')

  console.log(`tunnel: ${before} MB before, ${atStop} MB at the stop, ${later} MB after ${STOPPED_SECONDS} s`)
  assert.ok(atStop - before < NOISE_MEGABYTES, `${before} MB grew to ${atStop} MB`)
  assert.ok(later - before < NOISE_MEGABYTES, `${before} MB grew to ${later} MB`)
  assert.equal(bytes(), MEGABYTES * 1e6)
  assert.equal(hash.digest('hex'), expected(rows))
  await running.end()
})

/** The process of the one server connection that waits for its client to read, once there is one. */
async function waitingServer(): Promise<number> {
  for (let turn = 0; turn < 200; turn++) {
    const { rows } = await superuserQuery(
      remote.postgres,
      "select pid from pg_stat_activity where wait_event = 'ClientWrite' and query like 'copy (%'",
    )
    if (rows.length === 1) return rows[0].pid
    await sleep(100)
  }
  throw new Error('the server is never stopped')
}

async function read(url: string, query: string): Promise<void> {
  const psql = spawn(programPath('psql'), ['-XAtq', '--no-password', '-c', query, url])
  psql.stdout.resume()
  assert.deepEqual(await once(psql, 'close'), [0, null])
}

function digest(stream: NodeJS.ReadableStream) {
  const hash = createHash('sha256')
  let count = 0
  stream.on('data', (chunk: Buffer) => {
    hash.update(chunk)
    count += chunk.length
  })
  return { hash, bytes: () => count }
}

function expected(rows: number): string {
  const hash = createHash('sha256')
  for (let nth = 1; nth <= rows; nth++) hash.update(`${String(nth).padStart(ROW_BYTES - 1, '.')}\n`)
  return hash.digest('hex')
}

function megabytesOf(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return Math.round(Number(kilobytes) / 1024)
}
