import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runMixing, startMixingGround } from '../pool/mixing-run.ts'
import { testSeed } from '../support/random.ts'

// The randomised test of the pools, over two workers that share five server connections and take them from each other.
const SECONDS = Number(process.env.PGOAUTH_MIXING_SECONDS ?? 8)
const CLIENTS = Number(process.env.PGOAUTH_MIXING_CLIENTS ?? 60)
const seed = testSeed()

for (const database of ['session', 'transaction', 'batched'] as const) {
  test(`over two workers, in ${database} pooling, no client ever meets anything of another`, async (context) => {
    const ground = await startMixingGround(undefined, 2)
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
