import { type DestinationStream, destination, type Level, pino } from 'pino'
import { systemClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/** How long a line may wait for others: each write wakes up whoever reads them. */
const GATHER_MS = 20
const GATHER_CHARACTERS = 16 * 1024
/** Pino's number of `warn`; lines of that level and above are not waited with. */
const WARN = 40

/**
 * The process's log: JSON Lines through pino, to a file descriptor (2 is stderr) or a file.
 * `Secret` values print as `[redacted]`, since pino asks for their `toJSON`.
 *
 * `isGathered`: lines of a proxy that has much to tell are written a few at a time, in order and within 20 ms; at once
 * where something is wrong and where the process ends by itself.
 */
export function openProcessLog(options: { level: Level; to: number | string; isGathered?: boolean }): Log {
  const stream = destination({ dest: options.to, sync: true, mkdir: false })
  return pino(
    { level: options.level, base: null, timestamp: () => `,"time":"${new Date(systemClock.nowMs()).toISOString()}"` },
    options.isGathered ? gathering(stream) : stream,
  )
}

function gathering(stream: DestinationStream): DestinationStream {
  let waiting = ''
  let stopTimer = () => {}
  const flush = () => {
    stopTimer()
    const lines = waiting
    waiting = ''
    if (lines !== '') stream.write(lines)
  }
  process.on('exit', flush)
  const gathered = {
    // With this pino says the level of each line before it writes it.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      if (waiting === '') stopTimer = systemClock.after(GATHER_MS, flush)
      waiting += line
      if (gathered.lastLevel >= WARN || waiting.length >= GATHER_CHARACTERS) flush()
    },
  }
  return gathered
}
