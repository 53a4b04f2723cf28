import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { processesMentioning } from '../support/leftovers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { eventually } from '../support/tunnel.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SCRIPT: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts.demo

/** A bare clone in which `npm install` goes on for ever, and npm's place taken by a process that runs the script as npm does. */
async function startInstalling() {
  const clone = temporaryDirectory()
  cpSync(join(ROOT, '.ci'), join(clone, '.ci'), { recursive: true })
  writeFileSync(join(clone, 'package.json'), '{"type":"module","dependencies":{"absent":"1.0.0"}}')
  mkdirSync(join(clone, 'bin'))
  writeFileSync(join(clone, 'bin', 'npm'), `#!/bin/sh\necho installs >&2\nexec sleep 120 # ${clone}\n`)
  chmodSync(join(clone, 'bin', 'npm'), 0o755)
  const runs = `
    const script = require('node:child_process').spawn('/bin/sh', ['-c', process.env.SCRIPT], { stdio: 'inherit' })
    process.on('SIGINT', () => script.kill('SIGINT'))
    process.on('SIGTERM', () => script.kill('SIGTERM'))
    script.once('exit', (code) => process.exit(code))`
  const npm = spawn(process.execPath, ['-e', runs], {
    cwd: clone,
    env: { PATH: `${join(clone, 'bin')}:${process.env.PATH}`, SCRIPT, CLONE: clone, npm_lifecycle_event: 'demo' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => npm.once('exit', resolve))
  for await (const line of createInterface({ input: npm.stderr })) if (line === 'installs') break
  return { npm, ended, running: () => processesMentioning(clone) }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} of npm run demo alone ends it while it installs, and the installation`, async () => {
    const { npm, ended, running } = await startInstalling()
    npm.kill(signal)
    assert.equal(await ended, code)
    await eventually(() => running().length === 0, 'the end of everything')
  })
}

test('SIGKILL of npm run demo alone ends what it was installing, and no demonstration comes up', async () => {
  const { npm, running } = await startInstalling()
  npm.kill('SIGKILL')
  await eventually(() => running().length === 0, 'the end of everything')
})
