import { printable } from '../base/printable.ts'
import type { ConnectionClosed, ConnectionEvents, ConnectionOpened } from '../tunnel/connection-events.ts'
import type { CliContext } from './context.ts'
import { paintFor, writeLine } from './terminal.ts'

/** What a person reads of a tunnel's connections: a line when one opens and one when it closes, and why. */
export function connectionLines(context: CliContext | undefined): ConnectionEvents {
  if (!context) return { opened() {}, closed() {}, refused() {}, cancelled() {} }
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
    refused: ({ profile, id, peer, error, facts }) => {
      say(profile, id, `${paint.red('refused')} ${peer}: ${printable(error.message)}`)
      if (error.fix) writeLine(stderr, `  ${paint.cyan('try:')} ${error.fix}`)
      for (const fact of facts) writeLine(stderr, `  ${fact}`)
    },
    cancelled: ({ profile, id, peer, outcome }) => say(profile, id, `${peer}: ${outcome}`),
  }
}

function route({ peer, remote, user, database, application }: ConnectionOpened): string {
  const tool = application ? ` (${printable(application, 60)})` : ''
  return `${peer} → ${remote} ${printable(database, 63)} as ${printable(user, 63)}${tool}`
}

function amounts({ durationMs, bytesFromClient, bytesFromRemote }: ConnectionClosed): string {
  return `after ${(durationMs / 1000).toFixed(1)} s, ${size(bytesFromClient)} sent, ${size(bytesFromRemote)} received`
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}
