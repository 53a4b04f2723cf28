import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encodeBind,
  encodeCopyFail,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { CLINIC } from '../policy/clinic/clinic.ts'
import { POLICY as CLINIC_POLICY, DATABASE_SQL as CLINIC_SQL } from '../policy/clinic/database.ts'
import { CALLS } from '../policy/corpus/calls.ts'
import type { Case } from '../policy/corpus/corpus.ts'
import { DATABASE_SQL, POLICY } from '../policy/corpus/database.ts'
import { DEFINITIONS } from '../policy/corpus/definitions.ts'
import { DETOURS } from '../policy/corpus/detours.ts'
import { QUERIES } from '../policy/corpus/queries.ts'
import { SESSIONS } from '../policy/corpus/sessions.ts'
import { WRITES } from '../policy/corpus/writes.ts'
import { type Answer, LiveGate } from './live-gate.ts'
import { startLiveJudge } from './live-judge.ts'

const SALES: readonly Case[] = [...QUERIES, ...WRITES, ...CALLS, ...DEFINITIONS, ...SESSIONS, ...DETOURS]
const DENIED = 'permission denied by access policy'

// What is let through runs as somebody who may do little: here only our own verdict counts.
const POWERLESS = 'create role powerless login; grant usage on schema'
const sales = await startLiveJudge(`${DATABASE_SQL}; ${POWERLESS} sales, hr, reports, other, ext to powerless`, POLICY)
const clinic = await startLiveJudge(
  `${CLINIC_SQL}; ${POWERLESS} app, priv, ext, "Odd One", sneaky to powerless`,
  CLINIC_POLICY,
)

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

for (const [corpus, { server, judge, grants }, cases, protocol, way] of [
  ['the corpus', sales, SALES, 'simple', simply],
  ['the corpus', sales, SALES, 'extended', extended],
  ['the corpus of the clinic', clinic, CLINIC, 'simple', simply],
  ['the corpus of the clinic', clinic, CLINIC, 'extended', extended],
] as const) {
  test(`${corpus} by ${protocol} protocol is denied where it must be, and nothing of what is denied is sent`, async () => {
    const misses: string[] = []
    for (const { scopes, sql, verdict, why } of cases) {
      const live = await LiveGate.open({ port: server.port, user: 'powerless' }, judge, grants(...scopes))
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
