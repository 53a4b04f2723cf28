import { fail } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { printable } from '../base/printable.ts'
import type { ConnectionClosed, ConnectionEvents, ConnectionOpened } from '../tunnel/connection-events.ts'
import type { CliContext } from './context.ts'
import { openProcessLog } from './process-log.ts'
import { paintFor, writeLine } from './terminal.ts'

const SILENT: ConnectionEvents = { opened() {}, closed() {}, refused() {}, cancelled() {} }

/** Tells of a tunnel's connections: lines for a person on stderr, lines of JSON in a file, both or neither. */
export function connectionLog(
  context: CliContext,
  { toTerminal, file }: { readonly toTerminal: boolean; readonly file: string | undefined },
): ConnectionEvents {
  const people = toTerminal ? [linesForPeople(context)] : []
  const complain = (error: Error) => toTerminal && writeLine(context.stderr, `--log-file: ${error.message}`)
  const told = [...people, ...(file === undefined ? [] : [tolerating(linesOfJson(file), complain)])]
  if (told.length === 0) return SILENT
  return {
    opened: (event) => told.forEach((one) => void one.opened(event)),
    closed: (event) => told.forEach((one) => void one.closed(event)),
    refused: (event) => told.forEach((one) => void one.refused(event)),
    cancelled: (event) => told.forEach((one) => void one.cancelled(event)),
  }
}

/** A log that cannot be written, as on a full disk, is no reason to end a session: it is complained of once. */
function tolerating(events: ConnectionEvents, complain: (error: Error) => void): ConnectionEvents {
  let complained = false
  const attempt = (write: () => void) => {
    try {
      write()
    } catch (error) {
      if (!complained) complain(error as Error)
      complained = true
    }
  }
  return {
    opened: (event) => attempt(() => events.opened(event)),
    closed: (event) => attempt(() => events.closed(event)),
    refused: (event) => attempt(() => events.refused(event)),
    cancelled: (event) => attempt(() => events.cancelled(event)),
  }
}

function linesOfJson(file: string): ConnectionEvents {
  const log = openLog(file)
  return {
    opened: (event) => log.info(event, 'connection opened'),
    closed: (event) => log.info(event, 'connection closed'),
    refused: ({ error, facts, ...event }) =>
      log.warn(
        { ...event, code: error.code, sqlstate: error.sqlstate, why: error.message, facts },
        'connection refused',
      ),
    cancelled: (event) => log.info(event, 'cancel request'),
  }
}

function openLog(file: string): Log {
  try {
    return openProcessLog({ level: 'info', to: file })
  } catch (cause) {
    return fail('USAGE', { detail: `--log-file: ${(cause as Error).message}`, cause })
  }
}

function linesForPeople(context: CliContext): ConnectionEvents {
  const { stderr, clock } = context
  const paint = paintFor(context.env, context.isTty)
  const say = (profile: string, id: number, text: string) => {
    const time = new Date(clock.nowMs()).toTimeString().slice(0, 8)
    writeLine(stderr, `${paint.dim(time)} ${profile} #${id} ${text}`)
  }
  return {
    opened: (event) => say(event.profile, event.id, `opened ${route(event)}`),
    closed: (event) =>
      say(event.profile, event.id, `closed ${route(event)} ${amounts(event)}, by ${event.endedBy}: ${event.why}`),
    refused: ({ error, facts, ...event }) => {
      const { profile, id } = event
      say(profile, id, `${paint.red('refused')} ${route(event)}: ${printable(error.message)}`)
      if (error.fix) writeLine(stderr, `  ${paint.cyan('try:')} ${error.fix.replaceAll('\n', '\n       ')}`)
      for (const fact of facts) writeLine(stderr, `  ${fact}`)
    },
    cancelled: ({ profile, id, peer, outcome }) => say(profile, id, `${peer}: ${outcome}`),
  }
}

function route({ peer, remote, user, database, application }: Partial<ConnectionOpened>): string {
  if (remote === undefined) return peer ?? ''
  const tool = application ? ` (${printable(application, 60)})` : ''
  return `${peer} → ${remote} ${printable(database ?? '', 63)} as ${printable(user ?? '', 63)}${tool}`
}

function amounts({ durationMs, bytesFromClient, bytesFromRemote }: ConnectionClosed): string {
  return `after ${(durationMs / 1000).toFixed(1)} s, ${size(bytesFromClient)} sent, ${size(bytesFromRemote)} received`
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}
