import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CLIENT,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { processesNaming, residentBytes } from '../bench/processes.ts'
import { inApp, startProxied } from '../support/proxied.ts'
import { RawClient } from '../support/raw-client.ts'
import { RowReader } from '../support/row-reader.ts'

// Bytes far beyond what the proxy may hold, both ways, past clients and servers that are slow: nothing is lost, and
// the memory of the proxy stays as it was.

/** Of the row that comes down; PostgreSQL makes none above 1 GB. */
const ROW_MEGABYTES = Number(process.env.PGOAUTH_TEST_ROW_MB ?? 200)
const PARAMETER_MEGABYTES = ROW_MEGABYTES / 2
/** What a process of Node's own goes up by while it carries bytes, and not what it carries. */
const NOISE_BYTES = 64 * 1024 * 1024
const SKIP = process.platform === 'linux' ? false : 'memory is read from /proc'

/** Of a length that divides no buffer's: a piece that is lost, doubled or misplaced does not fit. */
const PATTERN = Buffer.from(Array.from({ length: 9973 }, (_, n) => String(n + 1).padStart(7, '.')).join(''))
const PATTERN_SQL = `(select string_agg(lpad(n::text, 7, '.'), '' order by n) from generate_series(1, 9973) n)`
const PATTERNS = Buffer.concat(Array.from({ length: 20 }, () => PATTERN))
const timesIn = (megabytes: number) => Math.ceil((megabytes * 1e6) / PATTERN.length)

const ground = await startProxied({
  databases: {
    session: '{ mode: session, size: 4, servers_per_identity: 4, wait: 60s }',
    transaction: '{ mode: transaction, size: 4, servers_per_identity: 4, wait: 60s }',
    batched: '{ mode: transaction, size: 4, servers_per_identity: 4, wait: 60s, batch: on }',
  },
  policy: `version: 1
roles:
  - role: analyst
    when: { group: analysts }
scopes:
  everything: all
`,
  prepare: `create role analyst nologin; grant analyst to pgoauth_proxy;
    create unlogged table public.notes (number serial, note text);
    grant all on public.notes to analyst; grant all on sequence public.notes_number_seq to analyst;
    create function public.slowly() returns trigger language plpgsql as $$ begin
      if new.number % 40 = 1 then perform pg_sleep(1); end if;
      new.note := md5(new.note);
      return new;
    end $$;
    create trigger slowly before insert on public.notes for each row execute function public.slowly();`,
})
after(() => ground.end())

for (const [database, tls] of [
  ['session', 'none'],
  ['session', 'ssl'],
  ['transaction', 'none'],
  ['transaction', 'ssl'],
  ['batched', 'none'],
] as const) {
  const where = `${database} mode, ${tls === 'none' ? 'plain' : 'TLS'}`

  test(`a row of ${ROW_MEGABYTES} MB arrives whole, in bounded memory: ${where}`, { skip: SKIP }, async () => {
    const client = await open(database, tls)
    // In batched mode a text that has run before is sent side by side with others'.
    for (let n = 2; n <= 6; n++) await readRow(client, n)
    await bounded(where, async () => readRow(client, timesIn(ROW_MEGABYTES)))
    client.destroy()
  })
}

for (const database of ['session', 'transaction'] as const) {
  test(`a row of ${ROW_MEGABYTES} MB for a client that stops twice in it: ${database} mode`, {
    skip: SKIP,
  }, async () => {
    const client = await open(database)
    const stops = [ROW_MEGABYTES / 3, (ROW_MEGABYTES * 2) / 3]
    await bounded(`${database} mode, stops twice`, () =>
      readRow(client, timesIn(ROW_MEGABYTES), (bytes) => {
        if (stops[0] === undefined || bytes < stops[0] * 1e6) return undefined
        stops.shift()
        return sleep(2_000)
      }),
    )
    assert.deepEqual(stops, [])
    client.destroy()
  })

  test(`a parameter of ${PARAMETER_MEGABYTES} MB reaches the server whole: ${database} mode`, {
    skip: SKIP,
  }, async () => {
    const client = await open(database)
    const times = timesIn(PARAMETER_MEGABYTES)
    const bytes = times * PATTERN.length
    const expected = await md5Of(times)
    const answer = await bounded(`${database} mode, a parameter`, async () => {
      client.write(encodeParse('', "select md5($1) || ' ' || octet_length($1)", [25]))
      client.write(bindHeader(bytes))
      for (let n = 0; n < times; n++) await write(client, PATTERN)
      client.write(Buffer.from([0, 0]))
      client.write(Buffer.concat([encodeDescribe({ kind: 'portal', name: '' }), encodeExecute(''), encodeSync()]))
      return readTexts(client)
    })
    assert.deepEqual(answer, [`${expected} ${bytes}`])
    client.destroy()
  })

  test(`a server slow to give and a client slow to read: every row comes, in order: ${database} mode`, {
    skip: SKIP,
  }, async () => {
    const client = await open(database)
    const rows = 96
    const sleeps = 'case when n % 32 = 1 then pg_sleep(0.5)::text end'
    client.write(
      encodeQuery(`select concat(${sleeps}, repeat(chr(48 + n % 40), 2000000 + n)) from generate_series(1, ${rows}) n`),
    )
    let next = 2_000_000
    const { rows: lengths, error } = await bounded(`${database} mode, both slow`, () =>
      new RowReader(client).read(
        {
          onBytes: (bytes, row) =>
            assert.ok(bytes.equals(Buffer.alloc(bytes.length, 48 + ((row + 1) % 40))), `row ${row}`),
        },
        {
          pace(bytes) {
            if (bytes < next) return undefined
            next += 2_000_000
            return sleep(60)
          },
        },
      ),
    )
    assert.equal(error, undefined)
    assert.deepEqual(
      lengths,
      Array.from({ length: rows }, (_, n) => 2_000_001 + n),
    )
    client.destroy()
  })

  test(`a server slow to take a COPY from a client in a hurry: ${database} mode`, { skip: SKIP }, async () => {
    await inApp(ground.postgres, 'truncate public.notes restart identity')
    const client = await open(database)
    const lines = 80
    await bounded(`${database} mode, COPY`, async () => {
      client.write(encodeQuery('copy public.notes (note) from stdin'))
      for (let line = 0; line < lines; line++) await write(client, copyData(lineOf(line)))
      client.write(Buffer.from([CLIENT.CopyDone, 0, 0, 0, 4]))
      const { error } = await new RowReader(client).read({ onBytes: () => assert.fail('a row') })
      assert.equal(error, undefined)
    })
    const found = await inApp(ground.postgres, 'select note from public.notes order by number')
    assert.deepEqual(
      found.map(({ note }) => note),
      Array.from({ length: lines }, (_, line) => createHash('md5').update(lineOf(line).subarray(0, -1)).digest('hex')),
    )
    client.destroy()
  })
}

for (const database of ['session', 'transaction', 'batched'] as const) {
  test(`a client that asks again and again and does not read fills no memory: ${database} mode`, {
    skip: SKIP,
  }, async () => {
    const client = await open(database)
    const turns = 2_000
    const bytes = 60_000
    await bounded(`${database} mode, asks and does not read`, async () => {
      for (let turn = 0; turn < turns; turn++) {
        client.write(encodeQuery(`select repeat('x', ${bytes})`))
        await sleep(1)
      }
    })
    const { rows, error } = await new RowReader(client).read({ onBytes: () => {} }, { turns })
    assert.equal(error, undefined)
    assert.deepEqual([rows.length, rows.every((length) => length === bytes)], [turns, true])
    client.destroy()
  })
}

/** A client of a proxy just started: memory that an earlier test took would hide what this one takes. */
async function open(database: string, tls: 'none' | 'ssl' = 'none'): Promise<Socket> {
  await ground.restartProxy('SIGKILL')
  const client = await RawClient.connect(ground.port, { tls })
  const token = await ground.token('ada', { group: 'analysts', scope: 'everything' })
  const last = (await client.login(token, { database })).at(-1)
  assert.equal(last?.tag, 'Z', `login failed: ${last?.code} ${last?.text}`)
  const socket = client.handOver()
  await readRow(socket, 1)
  return socket
}

/** Reads a row of the pattern so many times over, each byte against the one that is to stand there. */
async function readRow(
  client: Socket,
  times: number,
  pace?: (bytes: number) => Promise<void> | undefined,
): Promise<void> {
  client.write(encodeQuery(`select repeat(${PATTERN_SQL}, ${times})`))
  const { rows, error } = await new RowReader(client).read(
    {
      onBytes(bytes, _row, at) {
        const from = at % PATTERN.length
        assert.ok(bytes.equals(PATTERNS.subarray(from, from + bytes.length)), `other bytes at ${at}`)
      },
    },
    pace && { pace },
  )
  assert.equal(error, undefined)
  assert.deepEqual(rows, [times * PATTERN.length])
}

async function readTexts(client: Socket): Promise<string[]> {
  const texts: string[] = []
  await new RowReader(client).read({
    onBytes(bytes, row) {
      texts[row] = (texts[row] ?? '') + bytes.toString()
    },
  })
  return texts
}

/** Runs it, and looks at the proxy's memory all along: it may not grow by more than Node's own noise. */
async function bounded<T>(what: string, run: () => Promise<T>): Promise<T> {
  const pids = processesNaming(ground.configFile)
  assert.equal(pids.length, 1, 'one process is the proxy')
  const before = residentBytes(pids)
  let peak = before
  const sampler = setInterval(() => {
    peak = Math.max(peak, residentBytes(pids))
  }, 10)
  try {
    const value = await run()
    peak = Math.max(peak, residentBytes(pids))
    console.log(`${what}: ${megabytes(before)} MB before, ${megabytes(peak)} MB at most`)
    assert.ok(before > 0 && peak - before < NOISE_BYTES, `${megabytes(before)} MB grew to ${megabytes(peak)} MB`)
    return value
  } finally {
    clearInterval(sampler)
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024)
}

async function write(client: Socket, bytes: Buffer): Promise<void> {
  if (!client.write(bytes)) await once(client, 'drain')
}

/** A Bind of one text parameter, up to where the parameter begins; two zero bytes end it. */
function bindHeader(bytes: number): Buffer {
  const header = Buffer.alloc(5 + 2 + 2 + 2 + 4)
  header[0] = CLIENT.Bind
  header.writeInt32BE(header.length - 1 + bytes + 2, 1)
  header.writeInt16BE(1, 9)
  header.writeInt32BE(bytes, 11)
  return header
}

/** About 2 MB, each line another. */
function lineOf(line: number): Buffer {
  return Buffer.from(`${String.fromCharCode(48 + (line % 40)).repeat(2_000_000 + line)}\n`)
}

function copyData(body: Buffer): Buffer {
  const header = Buffer.alloc(5)
  header[0] = CLIENT.CopyData
  header.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([header, body])
}

async function md5Of(times: number): Promise<string> {
  const hash = createHash('md5')
  for (let n = 0; n < times; n++) hash.update(PATTERN)
  return hash.digest('hex')
}
