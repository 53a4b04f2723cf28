import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asPgoauthError, fail } from '../base/errors.ts'
import type { FromKeeper, ProcessEnd, ProcessOrder, ToKeeper } from './keeper-protocol.ts'
import { temporaryBase } from './unprivileged-user.ts'

/** A temporary directory and the processes that work in it, all of which end when their owner does. */
export interface Keeper {
  readonly directory: string
  /** Starts a process in a group of its own. */
  run(order: ProcessOrder, onLine?: (line: string, stream: 'stdout' | 'stderr') => void): KeptProcess
  /** Stops every process, youngest first, and removes the directory. Repeated calls are one. */
  end(): Promise<void>
}

export interface KeptProcess {
  /** Signals its whole group. Nothing happens once it has ended. */
  signal(signal: NodeJS.Signals): void
  /** Resolves, never rejects, once it has ended and its output was read. */
  readonly ended: Promise<ProcessEnd>
}

/**
 * Starts a keeper: a small process that makes a temporary directory and starts further processes on request. When this
 * process asks, or is gone (an exception, SIGKILL), the keeper stops them and removes the directory.
 */
export async function startKeeper(prefix = 'pgoauth-'): Promise<Keeper> {
  const program = fileURLToPath(new URL('./keeper-process.js', import.meta.url))
  const child = fork(program, [join(temporaryBase(), prefix)], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const directory = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error('the keeper process ended before it was ready')))
    child.once('message', (message: FromKeeper) => {
      if (message.type === 'ready') resolve(message.directory)
    })
  }).catch((thrown: unknown) => {
    throw asPgoauthError(thrown, 'DEMO_FAILED')
  })
  return new ForkedKeeper(child, directory)
}

interface Watched {
  pid: number | undefined
  readonly onLine: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined
  readonly onEnd: (end: ProcessEnd) => void
}

class ForkedKeeper implements Keeper {
  readonly directory: string
  readonly #child: ChildProcess
  readonly #watched = new Map<number, Watched>()
  readonly #gone: Promise<void>
  #lastId = 0

  constructor(child: ChildProcess, directory: string) {
    this.directory = directory
    this.#child = child
    child.on('message', (message: FromKeeper) => this.#take(message))
    this.#gone = new Promise((resolve) => {
      child.once('exit', (code) => {
        if (code !== 0) this.#cleanUpInstead()
        for (const { onEnd } of this.#watched.values()) onEnd({ code: null, signal: null, error: 'the keeper ended' })
        resolve()
      })
    })
  }

  run(order: ProcessOrder, onLine?: Watched['onLine']): KeptProcess {
    if (!this.#child.connected) fail('DEMO_FAILED', { detail: 'the keeper process has ended' })
    const id = ++this.#lastId
    const ended = new Promise<ProcessEnd>((onEnd) => this.#watched.set(id, { pid: undefined, onLine, onEnd }))
    this.#tell({ type: 'start', id, order })
    return { ended, signal: (signal) => this.#tell({ type: 'signal', id, signal }) }
  }

  async end(): Promise<void> {
    this.#tell({ type: 'end' })
    await this.#gone
  }

  #tell(message: ToKeeper): void {
    // An error here means that the keeper is going; its exit is what everyone waits for.
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  #take(message: FromKeeper): void {
    if (message.type === 'ready') return
    const watched = this.#watched.get(message.id)
    if (watched === undefined) return
    if (message.type === 'started') watched.pid = message.pid
    else if (message.type === 'line') watched.onLine?.(message.line, message.stream)
    else {
      this.#watched.delete(message.id)
      watched.onEnd(message)
    }
  }

  /** The keeper itself was killed: its work falls to its owner. */
  #cleanUpInstead(): void {
    for (const { pid } of this.#watched.values()) {
      try {
        if (pid !== undefined) process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
      } catch {
        // It has ended already.
      }
    }
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }
}
