#!/usr/bin/env node
import { homedir } from 'node:os'
import { systemClock } from '../src/base/clock.ts'
import { silentLog } from '../src/base/log.ts'
import { runProgram } from '../src/cli/program.ts'

const interruption = new AbortController()
const hangupActions = new Set<() => void>()
let takeSignal: ((signal: NodeJS.Signals) => void) | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (takeSignal) return takeSignal(signal)
    if (signal === 'SIGHUP' && hangupActions.size > 0) {
      for (const action of hangupActions) action()
      return
    }
    // The second one means it: whoever waits for something that does not end should not have to look up a pid.
    if (interruption.signal.aborted) process.exit(128 + (SIGNAL_NUMBERS[signal] ?? 0))
    interruption.abort(signal)
  })
}
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }
/** Left to their defaults unless somebody takes them. */
const OTHER_SIGNALS = ['SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

// A reader that has seen enough, as `head` has, is no failure of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

process.exit(
  await runProgram(process.argv.slice(2), {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    isTty: process.stderr.isTTY === true,
    clock: systemClock,
    home: homedir(),
    platform: process.platform,
    log: silentLog,
    setExitCode() {},
    onHangup(action) {
      hangupActions.add(action)
      return () => hangupActions.delete(action)
    },
    interrupted: interruption.signal,
    takeSignals(handler) {
      takeSignal = handler
      if (process.platform !== 'win32') for (const signal of OTHER_SIGNALS) process.on(signal, handler)
      return () => {
        takeSignal = undefined
        for (const signal of OTHER_SIGNALS) process.off(signal, handler)
      }
    },
  }),
)
