import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testSeed } from '../support/random.ts'
import { runMixing, startMixingGround } from './mixing-run.ts'

/** Many clients on five server connections; .ci/run has 200 of them at it for two minutes. */
const SECONDS = Number(process.env.PGOAUTH_MIXING_SECONDS ?? 10)
const CLIENTS = Number(process.env.PGOAUTH_MIXING_CLIENTS ?? 100)
const seed = testSeed()

for (const database of ['session', 'transaction', 'batched'] as const) {
  test(`in ${database} pooling no client ever meets anything of another`, async (context) => {
    const ground = await startMixingGround()
    try {
      const report = await runMixing(ground, { database, seed, clients: CLIENTS, seconds: SECONDS })
      context.diagnostic(`seed ${seed}: ${report.steps} checked steps, ${report.replaced} clients`)
      assert.deepEqual(report.violations, [], `PGOAUTH_TEST_SEED=${seed}`)
      assert.ok(report.steps > SECONDS * 10, `only ${report.steps} steps were taken`)
    } finally {
      await ground.end()
    }
  })
}
