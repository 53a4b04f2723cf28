import { type DestinationStream, destination, type Level, pino } from 'pino'
import { systemClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/**
 * The process's log: JSON Lines through pino, to a file descriptor (2 is stderr) or a file.
 * `Secret` values print as `[redacted]`, since pino asks for their `toJSON`.
 */
export function openProcessLog(options: { level: Level; to: number | string }): Log {
  const stream: DestinationStream = destination({ dest: options.to, sync: true, mkdir: false })
  return pino(
    { level: options.level, base: null, timestamp: () => `,"time":"${new Date(systemClock.nowMs()).toISOString()}"` },
    stream,
  )
}
