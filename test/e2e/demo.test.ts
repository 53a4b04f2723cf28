import assert from 'node:assert/strict'
import { chmodSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/demo/port.ts'
import { type RunningCommand, runCommand, startCommand } from '../support/command.ts'
import { processesMentioning } from '../support/leftovers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** Everything the demonstration makes lies below it, and every process it starts has it in its arguments or environment. */
function stage(): { env: Record<string, string>; leftovers: () => string[] } {
  const directory = temporaryDirectory()
  // The server runs as somebody else where we are root.
  chmodSync(directory, 0o755)
  return {
    env: { TMPDIR: directory },
    leftovers: () => [...readdirSync(directory), ...processesMentioning(directory)],
  }
}

async function nothingIsLeft(leftovers: () => string[]): Promise<void> {
  for (let attempt = 0; attempt < 120 && leftovers().length > 0; attempt++) await sleep(100)
  assert.deepEqual(leftovers(), [])
}

test('demo --once: every statement behaves, exit code 0, and nothing is left', async () => {
  const { env, leftovers } = stage()
  // What somebody's own databases need is none of the demonstration's business.
  const theirs = {
    PGSSLMODE: 'require',
    PGHOST: 'db.invalid',
    PGOPTIONS: '-c role=eve',
    PGSERVICE: 'none',
    PGUSER: 'eve',
  }
  const { code, stdout, stderr } = await runCommand(['demo', '--once'], {
    env: { ...env, ...theirs },
    timeoutMs: 60_000,
  })
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /All \d+ behaved/)
  assert.match(stdout, /allowed +select id, customer, total from sales\.orders/)
  assert.match(stdout, /denied +delete from sales\.orders\n +42501 permission denied by access policy/)
  assert.match(stdout, /audit: {"event":"statement_denied","request_id":"[0-9a-f]{16}","subject":"ada"/)
  assert.deepEqual(leftovers(), [])
})

/** Kills the demonstration at the moment it tells of a part. */
async function killAt(part: RegExp, signal: NodeJS.Signals): Promise<number | null> {
  const { env, leftovers } = stage()
  const demo: RunningCommand = startCommand(['demo'], { env })
  await demo.says(part)
  assert.ok(leftovers().length > 0)
  const { code } = await demo.end(signal)
  await nothingIsLeft(leftovers)
  return code
}

test('Ctrl-C is how it ends, once it is up: nothing is left, exit code 0', async () => {
  assert.equal(await killAt(/Ctrl-C ends everything/, 'SIGINT'), 0)
})
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
  test(`${signal} while it runs leaves nothing`, async () => {
    await killAt(/Ctrl-C ends everything/, signal)
  })
}
for (const part of ['issuer', 'server', 'proxy']) {
  test(`SIGKILL just after its ${part} is up leaves nothing`, async () => {
    await killAt(new RegExp(`^ +${part} `), 'SIGKILL')
  })
}
test('SIGINT just after its issuer is up leaves nothing, and says so by its exit code', async () => {
  assert.equal(await killAt(/^ +issuer /, 'SIGINT'), 130)
})
test('SIGTERM just after its proxy is up leaves nothing, and says so by its exit code', async () => {
  assert.equal(await killAt(/^ +proxy /, 'SIGTERM'), 143)
})

for (const ms of [30, 150, 300, 450, 600]) {
  test(`SIGKILL after ${ms} ms leaves nothing`, async () => {
    const { env, leftovers } = stage()
    const demo = startCommand(['demo'], { env })
    await sleep(ms)
    await demo.end('SIGKILL')
    await nothingIsLeft(leftovers)
  })
}

test('a port in use is named', async () => {
  const port = await freePort()
  const squatter = createServer().listen(port, '127.0.0.1')
  const { code, stderr } = await runCommand(['demo', '--once', '--port', String(port)], { env: stage().env })
  squatter.close()
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use`))
})

test('a mistyped option is a usage error', async () => {
  const { code, stderr } = await runCommand(['demo', '--onec'])
  assert.equal(code, 2)
  assert.match(stderr, /Did you mean --once/)
})
