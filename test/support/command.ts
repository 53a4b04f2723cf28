import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../bin/pgoauth.js', import.meta.url))

export interface CommandOptions {
  /** The whole of its environment beside PATH; set HOME or XDG_CONFIG_HOME to a directory of the test's. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly stdin?: string
  /** After that it is killed. */
  readonly timeoutMs?: number
}

export interface CommandResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCommand {
  readonly process: ChildProcess
  /** All lines of both streams so far. */
  readonly lines: string[]
  /** Resolves with the first match in a line of either stream, past ones too. Rejects when it ends without. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves once it has ended, by itself or by the signal given. */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Runs `pgoauth …` to its end, in a process of its own. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = start(args, options)
  child.stdin?.end(options.stdin ?? '')
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 30_000)
  const [ended, stdout, stderr] = await Promise.all([exitOf(child), read(child.stdout), read(child.stderr)])
  clearTimeout(timer)
  return { ...ended, stdout, stderr }
}

/** Starts `pgoauth …` that stays; killed at the latest after the file's last test. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const child = start(args, options)
  child.stdin?.end(options.stdin ?? '')
  const ended = exitOf(child)
  after(() => child.kill('SIGKILL'))
  const lines: string[] = []
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      for (const listener of listeners) listener()
    })
  }
  return {
    process: child,
    lines,
    says(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          for (const line of lines) {
            const found = pattern.exec(line)
            if (found) {
              listeners.delete(look)
              return resolve(found)
            }
          }
        }
        listeners.add(look)
        look()
        ended.then(() => reject(new Error(`pgoauth ${args[0]} ended and never said ${pattern}:\n${lines.join('\n')}`)))
      })
    },
    end(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

function start(args: readonly string[], { env, cwd }: CommandOptions): ChildProcess {
  return spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH, ...env },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

async function read(stream: ChildProcess['stdout']): Promise<string> {
  return stream === null ? '' : text(stream)
}
