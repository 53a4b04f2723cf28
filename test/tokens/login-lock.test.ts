import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { withLock } from '../../src/tokens/login-lock.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { eventually } from '../support/tunnel.ts'

const MODULE = new URL('../../src/tokens/login-lock.js', import.meta.url).href

/** A process that holds the lock, killed. */
async function leaveBehind(directory: string): Promise<void> {
  const program = `import { withLock } from ${JSON.stringify(MODULE)}
    await withLock(${JSON.stringify(directory)}, 'x', () => new Promise(() => setInterval(() => {}, 1000)))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' })
  await eventually(() => existsSync(join(directory, 'locks', 'x.owner')))
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
}

test('a lock whose holder was killed is taken over at once, by one after the other', async () => {
  const directory = temporaryDirectory()
  await leaveBehind(directory)
  let inside = 0
  let most = 0
  const turn = () =>
    withLock(directory, 'x', async ({ intact }) => {
      assert.ok(intact)
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 5))
      inside--
    })
  const startedMs = performance.now()
  await Promise.all(Array.from({ length: 8 }, turn))
  assert.equal(most, 1)
  // Long before it would be taken for stale.
  assert.ok(performance.now() - startedMs < 8_000)
})

test('a lock left behind with a time in the future, from before the clock was set back, is taken over', async () => {
  const directory = temporaryDirectory()
  const lock = join(directory, 'locks', 'x.lock')
  mkdirSync(lock, { recursive: true })
  const inAnHour = Date.now() / 1000 + 3600
  utimesSync(lock, inAnHour, inAnHour)
  assert.equal(await withLock(directory, 'x', async () => 'taken'), 'taken')
  assert.ok(!existsSync(lock))
})
