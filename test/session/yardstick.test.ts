import { test } from 'node:test'
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeFlush,
  encodeParse,
  encodeQuery,
  encodeSync,
} from '../../src/wire/client-messages.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { Random, testSeed } from '../support/random.ts'
import { randomSession, revokedSession, type ScriptStep } from './random-session.ts'
import { assertSame, runGated, runStraight, shown, within } from './yardstick.ts'

const SCRIPTS = Number(process.env.PGOAUTH_SCRIPTS ?? 60)

const server = await startTestPostgres({
  hba: ['host all all 127.0.0.1/32 trust'],
  prepare: `create table t (a int);
    create table d (a int, constraint once unique (a) deferrable initially deferred);
    insert into d values (1)`,
})

test('over random sessions a denial leaves what PostgreSQL leaves that fails at the same message', async () => {
  const seed = testSeed()
  const random = new Random(seed)
  for (let count = 0; count < SCRIPTS; count++) {
    const script = randomSession(random, 2 + random.below(12))
    const about = `seed ${seed}, script ${count}:\n${shown(script)}`
    const straight = await within(runStraight(server, script), `straight, ${about}`)
    const gated = await within(runGated(server, script, random), `gated, ${about}`)
    assertSame(gated, straight, about)
  }
})

test('over random sessions whose rights go and come, what then fails leaves what PostgreSQL leaves at unknown names', async () => {
  const seed = testSeed()
  const random = new Random(seed)
  for (let count = 0; count < SCRIPTS; count++) {
    const script = revokedSession(random, 3 + random.below(12))
    const about = `seed ${seed}, script ${count}:\n${shown(script)}`
    const straight = await within(runStraight(server, script), `straight, ${about}`)
    const gated = await within(runGated(server, script, random), `gated, ${about}`)
    assertSame(gated, straight, about, true)
  }
})

const same = (message: Buffer): ScriptStep => ({ gated: message, straight: message })
/** From this message on the session has no scope. */
const revoked = (gated: Buffer, straight: Buffer): ScriptStep => ({ gated, straight, scopes: [] })
const unknown = 'zzz_denied'
const end = [
  { gated: encodeSync(), straight: encodeSync(), scopes: ['x'] },
  same(encodeQuery('rollback')),
  same(encodeQuery("select count(*), 'end of script' from t")),
]
const parsed = [same(encodeParse('a', 'insert into t values (7)')), same(encodeBind('p', 'a'))]
const executed = [same(encodeExecute('p')), same(encodeSync())]
const bind = revoked(encodeBind('q', 'a'), encodeBind('q', unknown))
const execute = revoked(encodeExecute('p'), encodeExecute(unknown))
const describe = revoked(
  encodeDescribe({ kind: 'statement', name: 'a' }),
  encodeDescribe({ kind: 'statement', name: unknown }),
)
const describePortal = revoked(
  encodeDescribe({ kind: 'portal', name: 'p' }),
  encodeDescribe({ kind: 'portal', name: unknown }),
)
const bad = revoked(encodeQuery('select 1'), encodeQuery(`${unknown} syntax`))
const rest = [same(encodeExecute('p')), same(encodeClose({ kind: 'statement', name: 'a' }))]

const REVOKED: Readonly<Record<string, readonly ScriptStep[]>> = {
  'a Bind': [...parsed, ...executed, bind, ...rest],
  'a Bind in a transaction': [same(encodeQuery('begin')), ...parsed, ...executed, bind, ...rest],
  'a Bind in the pipeline that prepared it': [...parsed, same(encodeExecute('p')), bind, ...rest],
  'an Execute': [...parsed, execute, ...rest],
  'an Execute behind a Flush': [...parsed, same(encodeFlush()), execute, same(encodeFlush())],
  'an Execute in a transaction': [same(encodeQuery('begin')), ...parsed, same(encodeSync()), execute],
  'an Execute behind an error': [same(encodeParse('', 'select x')), ...parsed, execute, ...rest],
  'a Describe of a statement': [...parsed, ...executed, describe, ...rest],
  'a Describe of a portal': [...parsed, describePortal, ...rest],
  'a Query between': [...parsed, bad, same(encodeClose({ kind: 'statement', name: 'a' }))],
  'an Execute behind which a Query waits': [...parsed, execute, same(encodeQuery('select 2'))],
}

for (const [what, script] of Object.entries(REVOKED)) {
  test(`${what} whose right went in mid-session leaves what PostgreSQL leaves at an unknown name`, async () => {
    const seed = testSeed()
    const whole = [...script, ...end]
    const straight = await within(runStraight(server, whole), `straight, ${what}`)
    const gated = await within(runGated(server, whole, new Random(seed)), `gated, ${what}, seed ${seed}`)
    assertSame(gated, straight, `${what}, seed ${seed}`, true)
  })
}
