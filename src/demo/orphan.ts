import { existsSync, readFileSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'

const POLL_MS = 500

/**
 * Calls back when npm, which started this process through a shell, is gone. A signal to npm does not reach past that shell, and
 * without npm nobody could end what it started. Nothing is watched where npm did not start us. Gives what stops watching.
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

/** Parent and grandparent: the shell and npm. The grandparent is known on Linux only. */
function lineage(): string {
  const status = `/proc/${process.ppid}/status`
  try {
    const [, grandparent] = existsSync(status) ? (/^PPid:\s*(\d+)/m.exec(readFileSync(status, 'utf8')) ?? []) : []
    return `${process.ppid} ${grandparent ?? ''}`
  } catch {
    // The shell ended between the two looks.
    return 'gone'
  }
}
