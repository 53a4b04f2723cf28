/**
 * What code below the command line sees of a logger: a level, fields, a fixed message.
 * Values of people go into fields, never into the message. `src/cli/process-log.ts` makes the real one with pino.
 */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}

/** A log that keeps nothing. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
}
