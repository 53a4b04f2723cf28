#!/usr/bin/env node
import { homedir, userInfo } from 'node:os'
import { systemClock } from '../src/base/clock.ts'
import { silentLog } from '../src/base/log.ts'
import type { CliContext } from '../src/cli/context.ts'
import { answerAtOnce } from '../src/cli/quick-start.ts'

/** Made when somebody asks for it: the parts of Node behind it are a good part of what a quick command loads. */
let interruption: AbortController | undefined
function interrupting(): AbortController {
  interruption ??= new AbortController()
  return interruption
}
const hangupActions = new Set<() => void>()
/** npm passes a Ctrl-C on to what it runs, which had it from the terminal already: one key, and not the second. */
const ECHO_MS = 300
let signalledAtMs = Number.NEGATIVE_INFINITY
let takeSignal: ((signal: NodeJS.Signals) => void) | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (takeSignal) return takeSignal(signal)
    if (signal === 'SIGHUP' && hangupActions.size > 0) {
      for (const action of hangupActions) action()
      return
    }
    const sinceMs = systemClock.nowMs() - signalledAtMs
    signalledAtMs = systemClock.nowMs()
    if (process.env.npm_lifecycle_event !== undefined && sinceMs < ECHO_MS) return
    // The second one means it: whoever waits for something that does not end should not have to look up a pid.
    if (interrupting().signal.aborted) {
      // Whatever spinner is running hid the cursor.
      if (process.stderr.isTTY) process.stderr.write('\x1b[?25h\n')
      process.exit(128 + (SIGNAL_NUMBERS[signal] ?? 0))
    }
    interrupting().abort(signal)
  })
}
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }
/** Left to their defaults unless somebody takes them. */
const OTHER_SIGNALS = ['SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

const tolerant = new Set<NodeJS.WriteStream>()

/** A reader that has seen enough, as `head` has, is no failure of ours. */
function toleratingClosedPipe(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return tolerating(stream, ({ code }) => code === 'EPIPE')
}

/** A full disk or a terminal that is gone (EIO) is no reason to end what is told of there. */
function toleratingEverything(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return tolerating(stream, () => true)
}

function tolerating(stream: NodeJS.WriteStream, tolerated: (error: NodeJS.ErrnoException) => boolean) {
  if (tolerant.has(stream)) return stream
  tolerant.add(stream)
  return stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!tolerated(error)) throw error
  })
}

// Getters, since Node makes each stream when it is first looked at.
const context: CliContext = {
  env: process.env,
  get stdin() {
    return process.stdin
  },
  get stdout() {
    return toleratingClosedPipe(process.stdout)
  },
  get stderr() {
    return toleratingEverything(process.stderr)
  },
  get isTty() {
    return process.stderr.isTTY === true
  },
  clock: systemClock,
  // An empty HOME would have files read from wherever the person is.
  home: homedir() || userInfo().homedir,
  platform: process.platform,
  log: silentLog,
  setExitCode() {},
  onHangup(action) {
    hangupActions.add(action)
    return () => hangupActions.delete(action)
  },
  onContinued(action) {
    if (process.platform === 'win32') return () => {}
    process.on('SIGCONT', action)
    return () => process.off('SIGCONT', action)
  },
  get interrupted() {
    return interrupting().signal
  },
  takeSignals(handler) {
    takeSignal = handler
    if (process.platform !== 'win32') for (const signal of OTHER_SIGNALS) process.on(signal, handler)
    return () => {
      takeSignal = undefined
      for (const signal of OTHER_SIGNALS) process.off(signal, handler)
    }
  },
}

const args = process.argv.slice(2)
if (await answerAtOnce(args, context)) process.exit(0)
const { runProgram } = await import('../src/cli/program.ts')
process.exit(await runProgram(args, context))
