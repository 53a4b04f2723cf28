import { userInfo } from 'node:os'
import type { Profile } from '../config/profiles.ts'
import { environmentForChild } from '../tokens/child-environment.ts'
import { openTokenSource } from '../tokens/token-source.ts'
import { commandEnvironment } from '../tunnel/command-environment.ts'
import { type ConnectionFacts, connectionFacts } from '../tunnel/connection-facts.ts'
import { openAccess } from '../tunnel/local-access.ts'
import { type LocalListener, openLocalListener } from '../tunnel/local-listener.ts'
import { Tunnel } from '../tunnel/tunnel.ts'
import { runWrapped } from '../tunnel/wrapped-command.ts'
import type { ConnectRequest } from './connect.ts'
import { connectionLines } from './connection-lines.ts'
import type { CliContext } from './context.ts'
import { profileFlagsOf } from './profile-options.ts'
import { paintFor, writeLine } from './terminal.ts'
import { profileOf, tokenDepsOf } from './token-deps.ts'

interface OpenTunnel {
  readonly profile: Profile
  readonly tunnel: Tunnel
  readonly listener: LocalListener
  readonly facts: ConnectionFacts
}

/** Opens the tunnels and stays until interrupted, or until the wrapped command has ended. */
export async function runConnect(context: CliContext, request: ConnectRequest): Promise<void> {
  const names = request.profiles.length > 0 ? request.profiles : [undefined]
  const open: OpenTunnel[] = []
  try {
    for (const name of names) open.push(await openTunnel(context, name, request))
    if (request.command) await runCommand(context, open[0] as OpenTunnel, request.command)
    else await stay(context, open, request)
  } finally {
    for (const { listener, tunnel } of open) {
      void listener.close()
      tunnel.close('the tunnel was closed')
    }
  }
}

async function openTunnel(context: CliContext, name: string | undefined, request: ConnectRequest): Promise<OpenTunnel> {
  const profile = await profileOf(context, name, profileFlagsOf(request.flags))
  const tokens = await openTokenSource(profile, tokenDepsOf(context))
  const wrapping = request.command !== undefined
  const tunnel = new Tunnel({
    profile,
    tokens,
    access: openAccess,
    events: connectionLines(wrapping ? undefined : context),
    clock: context.clock,
    log: context.log,
  })
  const owner = String(userInfo().uid)
  const listener = await openLocalListener({ profile, anyPort: wrapping, owner }, tunnel)
  const endpoint = { host: listener.host, port: listener.port, sslmode: 'disable', localAuth: 'none' } as const
  return { profile, tunnel, listener, facts: connectionFacts(profile, endpoint, process.pid) }
}

async function runCommand(context: CliContext, open: OpenTunnel, words: readonly string[]): Promise<void> {
  const [command = '', ...args] = words
  const env = commandEnvironment(environmentForChild(context.env, open.profile), open.facts, undefined)
  const { exitCode, error } = await runWrapped(command, args, env).ended
  if (error) writeLine(context.stderr, `${paintFor(context.env, context.isTty).red('error:')} ${error.message}`)
  context.setExitCode(exitCode)
}

async function stay(context: CliContext, open: readonly OpenTunnel[], { flags }: ConnectRequest): Promise<void> {
  const paint = paintFor(context.env, context.isTty)
  for (const { facts, profile } of open) {
    writeLine(context.stderr, `${paint.green('ready:')} ${paint.bold(profile.name)} at ${facts.url}`)
    writeLine(context.stderr, `  ${facts.psql}`)
    if (facts.jdbc) writeLine(context.stderr, `  ${facts.jdbc}`)
    if (flags.json) writeLine(context.stdout, JSON.stringify(facts))
  }
  if (context.interrupted.aborted) return
  await new Promise<void>((resolve) => {
    context.interrupted.addEventListener('abort', () => resolve(), { once: true })
  })
}
