/**
 * A process that refreshes a login and kills itself at the n-th file operation after the issuer answered,
 * before (`even`) or after (`odd`) it took place; at 0, the moment the answer is there.
 *
 * Arguments: profile and paths as JSON, n.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Paths } from '../../src/config/paths.ts'
import type { Profile } from '../../src/config/profiles.ts'
import { openTokenSource } from '../../src/tokens/token-source.ts'

const [given = '', stepText = '0'] = process.argv.slice(2)
const { profile, paths } = JSON.parse(given) as { profile: Profile; paths: Paths }
const step = Number(stepText)
let answered = false
let operation = 0

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

const realFetch = globalThis.fetch
globalThis.fetch = async (input, init) => {
  const response = await realFetch(input, init)
  if (String(input).endsWith('/token')) {
    answered = true
    if (step === 0) die()
  }
  return response
}

type Operation = (...args: unknown[]) => Promise<unknown>
for (const name of ['open', 'rename', 'unlink', 'writeFile', 'rmdir'] as const) {
  const operations = fs.promises as unknown as Record<string, Operation>
  const real = operations[name]
  if (!real) throw new Error(name)
  operations[name] = async (...args) => {
    if (!answered) return real(...args)
    operation += 1
    if (operation * 2 === step) die()
    const done = await real(...args)
    if (operation * 2 + 1 === step) die()
    return done
  }
}
syncBuiltinESMExports()

const source = await openTokenSource(profile, {
  env: process.env,
  platform: process.platform,
  paths,
  clock: systemClock,
  log: silentLog,
  warn() {},
})
await source.fresh()
