import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testSeed } from '../support/random.ts'
import { runMixing, startMixingGround } from './mixing-run.ts'

const seed = testSeed()
const dist = fileURLToPath(new URL('../../', import.meta.url))
const mutants = join(dist, 'mutants')
after(() => rmSync(mutants, { recursive: true, force: true }))

/** Each takes one care out of the built pool; the same clients must then see something of one another. */
const MUTANTS = [
  {
    what: 'a reset that is skipped',
    database: 'session',
    file: 'pooled-server.js',
    from: 'async reset(status, isQuick) {',
    to: 'async reset(status, isQuick) { return undefined;',
  },
  {
    what: 'a name for prepared statements that all clients share',
    database: 'transaction',
    file: 'statement-names.js',
    from: 'lastNumber += 1',
    to: 'lastNumber = 1',
  },
  {
    what: 'an opaque lease taken for a clean one',
    database: 'transaction',
    file: 'transaction-session.js',
    from: 'if (opaque)',
    to: 'if (false)',
  },
  {
    what: 'settings that do not come with the lease',
    database: 'transaction',
    file: 'settings.js',
    from: 'const sets = [...wants]',
    to: 'return undefined; const sets = [...wants]',
  },
  {
    what: 'a lease that ends inside a transaction',
    database: 'transaction',
    file: 'transaction-session.js',
    from: "if (this.#replies.status !== 'I' ||",
    to: 'if (',
  },
  {
    what: 'a cancel sent to the connection that was lent last to another',
    database: 'transaction',
    steps: ['cancelled', 'slow', 'slow', 'who'],
    // Few enough that a statement runs, and does not wait for a connection, when its cancel comes.
    clients: 8,
    file: 'transaction-session.js',
    from: 'pool.cancel(server)',
    to: 'pool.cancel(globalThis.lent.findLast((other) => other !== server && !other.isLost) ?? server)',
    also: {
      from: 'server.readBy(this.#reader)',
      to: 'server.readBy(this.#reader); (globalThis.lent ??= []).push(server)',
    },
  },
  {
    what: 'a line shared by clients with other settings',
    database: 'batched',
    file: 'batching.js',
    from: 'signature = JSON.stringify([key,',
    to: 'signature = JSON.stringify([key]); void ([',
  },
  {
    what: 'a reply on a line dealt out to whoever comes next',
    database: 'batched',
    file: 'batched-turn.js',
    from: 'onReply(reply, tookMs) {',
    to: 'onReply(own, tookMs) { const reply = globalThis.before ?? own; globalThis.before = own;',
  },
  {
    what: 'a literal on a line taken for the one before it',
    database: 'batched',
    file: 'batched-turn.js',
    from: 'this.#writeValues(bytes, ',
    to: 'const own = globalThis.before ?? bytes; globalThis.before = bytes; this.#writeValues(own.length === bytes.length ? own : bytes, ',
  },
  {
    what: 'a pin that is ignored',
    database: 'transaction',
    file: 'transaction-session.js',
    from: '|| this.#pinned !== undefined',
    to: '',
  },
] as const

for (const [number, mutant] of MUTANTS.entries()) {
  test(`the clients catch ${mutant.what}`, async () => {
    const folder = join(mutants, String(number))
    for (const part of ['bin', 'src']) cpSync(join(dist, part), join(folder, part), { recursive: true })
    const file = join(folder, 'src', 'pool', mutant.file)
    const text = [mutant, ...('also' in mutant ? [mutant.also] : [])].reduce(
      (before, { from, to }) => {
        assert.ok(before.includes(from), `${mutant.file} has no ${from}`)
        return before.replace(from, to)
      },
      readFileSync(file, 'utf8'),
    )
    writeFileSync(file, text)
    const ground = await startMixingGround(join(folder, 'bin', 'pgoauth.js'))
    try {
      const { database } = mutant
      const steps = 'steps' in mutant ? { steps: mutant.steps } : {}
      const clients = 'clients' in mutant ? mutant.clients : 40
      const report = await runMixing(ground, { database, seed, clients, seconds: 30, untilMixed: true, ...steps })
      assert.notDeepEqual(report.violations, [], `PGOAUTH_TEST_SEED=${seed}`)
    } finally {
      await ground.end()
    }
  })
}
