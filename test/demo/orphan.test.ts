import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import test from 'node:test'

const WATCHER = `
import { systemClock } from ${JSON.stringify(new URL('../../src/base/clock.js', import.meta.url).href)}
import { whenNpmIsGone } from ${JSON.stringify(new URL('../../src/demo/orphan.js', import.meta.url).href)}
setTimeout(() => process.exit(), 10_000)
whenNpmIsGone(process.env, systemClock, () => { console.log('orphaned'); process.exit() })
console.log('up')`

/** npm's place is taken by a process that starts a shell that starts the watcher, as npm does. */
function startLikeNpm(env: NodeJS.ProcessEnv): { npm: ChildProcess; line: () => Promise<string> } {
  const inner = '"$NODE" --input-type=module -e "$WATCHER"; true'
  const npm = spawn('/bin/sh', ['-c', '/bin/sh -c "$INNER"; true'], {
    env: { ...env, INNER: inner, NODE: process.execPath, WATCHER },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: npm.stdout })[Symbol.asyncIterator]()
  return { npm, line: async () => String((await lines.next()).value) }
}

test('what npm started learns that npm was killed, past the shell between them', async () => {
  const { npm, line } = startLikeNpm({ npm_lifecycle_event: 'demo' })
  assert.equal(await line(), 'up')
  npm.kill('SIGKILL')
  assert.equal(await line(), 'orphaned')
})
