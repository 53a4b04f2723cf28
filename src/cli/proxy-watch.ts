import { stat } from 'node:fs/promises'
import type { Clock } from '../base/clock.ts'

/** Between two looks; a stat of a dozen files costs nothing, and works through links, mounts and editors alike. */
const LOOK_MS = 1_000

/** Runs `onChange` when one of the files has changed, come or gone; `files` is asked anew for each look. Gives what ends it. */
export function watchFiles(files: () => readonly string[], clock: Clock, onChange: () => void): () => void {
  let last: string | undefined
  let isOver = false
  let stopTimer = () => {}
  const look = async () => {
    const states = await Promise.all(files().map(fileState))
    if (isOver) return
    const now = states.join('\n')
    if (last !== undefined && now !== last) onChange()
    last = now
    stopTimer = clock.after(LOOK_MS, () => void look())
  }
  void look()
  return () => {
    isOver = true
    stopTimer()
  }
}

async function fileState(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file)
    return `${file} ${mtimeMs} ${size} ${ino}`
  } catch {
    return `${file} gone`
  }
}
