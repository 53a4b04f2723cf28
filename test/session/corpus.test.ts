import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client } from 'pg'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createJudge } from '../../src/enforce/caching-judge.ts'
import { grantsFor } from '../../src/policy/grants.ts'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import type { ServerPool } from '../../src/pool/server-lease.ts'
import { LiveCatalog } from '../../src/proxy/live-catalog.ts'
import { loadParser } from '../../src/sql/analyse.ts'
import {
  encodeBind,
  encodeCopyFail,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { CALLS } from '../policy/corpus/calls.ts'
import type { Case } from '../policy/corpus/corpus.ts'
import { DATABASE_SQL, POLICY } from '../policy/corpus/database.ts'
import { DEFINITIONS } from '../policy/corpus/definitions.ts'
import { QUERIES } from '../policy/corpus/queries.ts'
import { SESSIONS } from '../policy/corpus/sessions.ts'
import { WRITES } from '../policy/corpus/writes.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { type Answer, LiveGate } from './live-gate.ts'

const CASES: readonly Case[] = [...QUERIES, ...WRITES, ...CALLS, ...DEFINITIONS, ...SESSIONS]
const DENIED = 'permission denied by access policy'

// What is let through runs as somebody who may do little: here only our own verdict counts.
const server = await startTestPostgres({
  hba: ['host all all 127.0.0.1/32 trust'],
  prepare: `${DATABASE_SQL}; create role powerless login; grant usage on schema sales, hr, reports, other, ext to powerless`,
})
await loadParser()
const asker = new Client({ connectionString: server.url() })
asker.on('error', () => undefined)
await asker.connect()
after(() => asker.end())
const pool = {
  async ask(sql: string) {
    const result = await asker.query({ text: sql, rowMode: 'array' })
    return (Array.isArray(result) ? result : [result]).flatMap((one) => one.rows as (string | null)[][])
  },
} as Pick<ServerPool, 'ask'> as ServerPool
const read = loadPolicy('corpus.yaml', () => POLICY)
assert.ok(read.ok, JSON.stringify(read))
const { policy } = read
const catalog = new LiveCatalog({ pool, searchPath: undefined, maxAgeMs: 60_000, clock: systemClock, log: silentLog })
const judge = createJudge({ catalog, clock: systemClock, log: silentLog, parseDeadlineMs: 5000 })
after(() => judge.close())

type Way = (live: LiveGate, sql: string) => Promise<Answer[]>

const simply: Way = async (live, sql) => {
  const answers = live.ask([encodeQuery(sql)], 1)
  return live.ended ? answers : copied(live, answers)
}

const extended: Way = (live, sql) => {
  const messages = [
    encodeParse('', sql),
    encodeDescribe({ kind: 'statement', name: '' }),
    encodeBind('', ''),
    encodeDescribe({ kind: 'portal', name: '' }),
    encodeExecute(''),
    encodeCopyFail('no data'),
    encodeSync(),
  ]
  return live.ask(messages)
}

/** A COPY FROM STDIN that began is given nothing. */
async function copied(live: LiveGate, answers: Promise<Answer[]>): Promise<Answer[]> {
  live.gate.fromClient(encodeCopyFail('no data'))
  return answers
}

for (const [protocol, way] of [
  ['simple', simply],
  ['extended', extended],
] as const) {
  test(`the corpus by ${protocol} protocol is denied where it must be, and nothing of what is denied is sent`, async () => {
    const misses: string[] = []
    for (const { scopes, sql, verdict, why } of CASES) {
      const live = await LiveGate.open({ port: server.port, user: 'powerless' }, judge, grantsFor(policy, scopes))
      await live.query('begin')
      live.sent = ''
      const answers = await way(live, sql)
      const isSent = live.sent.includes(Buffer.from(sql).toString('latin1'))
      const isDenied = answers.some(({ fields }) => fields?.get('M') === DENIED)
      const isUnparsable = !isSent && answers.some(({ fields }) => fields?.get('C') === '42601')
      const said = isDenied || isUnparsable ? 'deny' : 'allow'
      if (said !== verdict) misses.push(`${verdict} expected: ${scopes.join(' ')}: ${sql}  (${why})`)
      if (isDenied && isSent) misses.push(`denied, but sent: ${sql}`)
      if (live.ended) misses.push(`the session ended (${live.ended.error?.message}): ${sql}`)
      live.close()
    }
    assert.equal(misses.length, 0, `\n${misses.join('\n')}`)
  })
}
