import { spawn } from 'node:child_process'

/**
 * Reads whom to guard, then waits for a line. The end of the input in its place means that we were killed: then the
 * process goes as it would with its terminal (HUP), and a second later in any case.
 */
const GUARD =
  'read -r pid && { read -r done || { kill -HUP $pid; sleep 1; kill -TERM $pid; sleep 1; kill -KILL $pid; }; }'

export interface OrphanGuard {
  /** Names the process, once it is there. */
  watch(pid: number): void
  /** It has ended by itself, or never began. */
  release(): void
}

/**
 * Ends a child of this process when this process is killed without a chance to do it itself. Set it up before the
 * child. The guard is a shell in a session of its own, which Ctrl-C does not reach.
 */
export function setUpOrphanGuard(): OrphanGuard {
  if (process.platform === 'win32') return { watch() {}, release() {} }
  const guard = spawn('/bin/sh', ['-c', GUARD, 'pgoauth-guard'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
  })
  // Without a shell there is no guard; the command itself runs all the same.
  guard.on('error', () => {})
  guard.stdin.on('error', () => {})
  guard.unref()
  return {
    watch: (pid) => void guard.stdin.write(`${pid}\n`),
    release: () => void guard.stdin.end('done\ndone\n'),
  }
}
