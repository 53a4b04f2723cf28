import { existsSync, readFileSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'

const POLL_MS = 500
/** Of a process's status file: its name, if that is a shell's, and its parent. */
const SHELL_PARENT = /^Name:\t(?:sh|dash|bash|ash|busybox)\n[\s\S]*?^PPid:\t(\d+)/m

/**
 * Calls back when npm, which started this process, perhaps through a shell, is gone. A signal to npm does not reach
 * past a shell, SIGKILL reaches nobody else, and without npm nobody could end what it started. Nothing is watched where
 * npm did not start us. Gives what stops watching.
 */
export function whenNpmIsGone(env: NodeJS.ProcessEnv, clock: Clock, action: () => void): () => void {
  if (env.npm_lifecycle_event === undefined) return () => {}
  const ancestors = lineage()
  let stop = () => {}
  const look = () => {
    if (lineage() === ancestors) stop = clock.after(POLL_MS, look)
    else action()
  }
  look()
  return () => stop()
}

/** The parent; with the grandparent where a shell stands between npm and us. That is known on Linux only. */
function lineage(): string {
  const status = `/proc/${process.ppid}/status`
  try {
    const [, grandparent = ''] = existsSync(status) ? (SHELL_PARENT.exec(readFileSync(status, 'utf8')) ?? []) : []
    return `${process.ppid} ${grandparent}`
  } catch {
    // The shell ended between the two looks.
    return 'gone'
  }
}
