import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'

/** util-linux's, on every Debian: a terminal of its own for a command. */
const SCRIPT = '/usr/bin/script'

export interface Terminal {
  type(text: string): void
  /** Waits until the screen's text since the last match has this. */
  shows(pattern: RegExp): Promise<RegExpExecArray>
  readonly ended: Promise<number | null>
}

/** Runs a shell command on a terminal; keys typed reach it as from a keyboard, control characters too. */
export function openTerminal(command: string, env: Readonly<Record<string, string | undefined>>): Terminal {
  const child = spawn(SCRIPT, ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    env: { PATH: process.env.PATH, TERM: 'dumb', SHELL: '/bin/bash', LC_ALL: 'C', PAGER: 'cat', PS1: '$ ', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  after(() => child.kill('SIGKILL'))
  let screen = ''
  let all = ''
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString()
    all += chunk.toString()
  })
  return {
    type: (text) => void child.stdin.write(text),
    async shows(pattern) {
      for (let turn = 0; turn < 1000; turn++) {
        const found = pattern.exec(screen)
        if (found) {
          screen = screen.slice(found.index + found[0].length)
          return found
        }
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      throw new Error(`the terminal never showed ${pattern}:\n${all}`)
    },
    ended: once(child, 'close').then(([code]) => code as number | null),
  }
}

export const CTRL_C = '\x03'
export const CTRL_Z = '\x1a'
