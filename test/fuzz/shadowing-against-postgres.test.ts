import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { Client } from 'pg'
import { loadPolicy } from '../../src/policy/policy-file.ts'
import { loadParser } from '../../src/sql/analyse.ts'
import { COMMON_GRANTS, DATABASE_SQL, GRANTS, POLICY, SEARCH_PATH } from '../policy/clinic/database.ts'
import { MADE_UP, NAMELESS } from '../policy/clinic/made-up-names.ts'
import { catalogOf, policyVerdict, roleVerdict } from '../policy/corpus/verdicts.ts'
import { startTestPostgres } from '../support/postgres.ts'
import { ShadowingNames } from './shadowing-names.ts'

const STATEMENTS = 6000
/** The same each day; PGOAUTH_FUZZ_SEED looks elsewhere. */
const SEED = Number(process.env.PGOAUTH_FUZZ_SEED ?? 20261126)
const SCOPES = ['emp', 'dogs', 'kv', 'gen', 'odd']

let client: Client | undefined
after(() => client?.end())
const server = await startTestPostgres({ prepare: DATABASE_SQL })
await loadParser()
const read = loadPolicy('clinic.yaml', () => POLICY)
assert.ok(read.ok)
const { policy } = read
const judge = new Client({ connectionString: server.url() })
client = judge
await judge.connect()
const catalog = await catalogOf(judge)
await judge.query(COMMON_GRANTS)
await judge.query(
  `create role reader; ${SCOPES.map((scope) => GRANTS[scope])
    .join('; ')
    .replaceAll('ROLE', 'reader')}`,
)

/** Whether both allow it; what we allow and PostgreSQL denies is noted. */
async function compare(sql: string, leaks: string[]): Promise<'allowed' | 'denied' | 'broken'> {
  const one = { scopes: SCOPES, sql, verdict: 'deny', why: '' } as const
  if (policyVerdict(one, policy, catalog).said === 'deny') return 'denied'
  const { said, detail } = await roleVerdict(judge, 'reader', sql, SEARCH_PATH)
  if (said === 'deny') leaks.push(`${detail}: ${sql}`)
  return detail === 'ran' ? 'allowed' : 'broken'
}

it('no expression has a name that PostgreSQL does not give it', { timeout: 120_000 }, async () => {
  const leaks: string[] = []
  let allowed = 0
  for (const value of NAMELESS) {
    for (const name of MADE_UP) {
      const inner = `select ${value} from (select 1 as id, 2 as w) s`
      const sql = `select (select "${name}" from (${inner}) q1) from app.employees e(a1, a2, a3, a4, a5, "${name}")`
      if ((await compare(sql, leaks)) === 'allowed') allowed++
    }
  }
  assert.deepEqual(leaks, [])
  // Nearly every one is found under the name it has.
  assert.ok(allowed > 0.85 * NAMELESS.length, String(allowed))
})

it('no name is found further in than PostgreSQL finds it, in thousands of random statements', {
  timeout: 120_000,
}, async () => {
  const source = new ShadowingNames(SEED)
  const leaks: string[] = []
  const count = { allowed: 0, denied: 0, broken: 0 }
  for (let tried = 0; tried < STATEMENTS; tried++) count[await compare(source.next(), leaks)]++
  assert.deepEqual(leaks, [], `seed ${SEED}`)
  assert.ok(count.allowed > 200 && count.denied > 1000, JSON.stringify(count))
})
