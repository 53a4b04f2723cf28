import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { systemClock } from '../base/clock.ts'
import type { FromKeeper, ProcessOrder, ToKeeper } from './keeper-protocol.ts'

/**
 * The program of the keeper process: see keeper.ts. Its one argument is the prefix of the directory it makes.
 *
 * It lives in a session of its own, so that neither Ctrl-C nor a SIGKILL of its owner's process group reaches
 * it, and its owner's death, of whatever cause, is the end of the IPC channel.
 */
const GRACE_MS = 3000

interface Kept {
  readonly process: ChildProcess
  readonly stopSignal: NodeJS.Signals
  readonly ended: Promise<void>
}

const kept = new Map<number, Kept>()
let ending = false

// An owner that died while this program was being read is not announced again.
if (!process.connected) process.exit(0)
process.on('disconnect', end)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
process.on('message', (message: ToKeeper) => {
  if (message.type === 'start') start(message.id, message.order)
  else if (message.type === 'signal') signalGroup(kept.get(message.id)?.process, message.signal)
  else end()
})

const directory = mkdtempSync(String(process.argv[2]))
tell({ type: 'ready', directory })

function start(id: number, order: ProcessOrder): void {
  if (ending) return
  const child = spawn(order.command, order.args, {
    cwd: order.cwd ?? directory,
    env: order.env ?? process.env,
    // A process group of its own, so that what it starts is signalled with it.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...order.user,
  })
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      tell({ type: 'exited', id, code: null, signal: null, error: error.message })
      resolve()
    })
    // 'close' comes after the last line of output.
    child.once('close', (code, signal) => {
      kept.delete(id)
      tell({ type: 'exited', id, code, signal })
      resolve()
    })
  })
  if (child.pid === undefined) return
  kept.set(id, { process: child, stopSignal: order.stopSignal ?? 'SIGTERM', ended })
  tell({ type: 'started', id, pid: child.pid })
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[stream] }).on('line', (line) => tell({ type: 'line', id, stream, line }))
  }
}

/** Stops the youngest first, since it may lean on the older, removes the directory, and is gone. */
async function end(): Promise<void> {
  if (ending) return
  ending = true
  for (const { process: child, stopSignal, ended } of [...kept.values()].reverse()) {
    signalGroup(child, stopSignal)
    await Promise.race([ended, systemClock.sleep(GRACE_MS)])
    // Also what it left behind in its group.
    signalGroup(child, 'SIGKILL')
    await Promise.race([ended, systemClock.sleep(GRACE_MS)])
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  process.exit(0)
}

function signalGroup(child: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (child?.pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal)
  } catch {
    // It has ended already.
  }
}

function tell(message: FromKeeper): void {
  // The owner may die at any moment; what was meant for it is then lost, and `disconnect` follows.
  if (process.connected) process.send?.(message, () => {})
}
