import { readFile } from 'node:fs/promises'
import { fail } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Profile } from '../config/profiles.ts'
import { hasSocketTable, socketOwner } from '../net/socket-table.ts'
import { localPassword } from '../tokens/local-password.ts'
import { openTokenSource, type TokenSource } from '../tokens/token-source.ts'
import { type ConnectionFacts, connectionFacts } from '../tunnel/connection-facts.ts'
import { chooseLocalAccess, type LocalAccess, openAccess, sameUserAccess } from '../tunnel/local-access.ts'
import { type LocalListener, openLocalListener } from '../tunnel/local-listener.ts'
import type { StartLocalTls } from '../tunnel/local-opening.ts'
import { passwordAccess } from '../tunnel/local-password.ts'
import { noHost } from '../tunnel/remote-link.ts'
import { thisUser } from '../tunnel/stable-port.ts'
import { Tunnel } from '../tunnel/tunnel.ts'
import type { ConnectFlags, ConnectRequest } from './connect.ts'
import { connectionLog } from './connection-log.ts'
import type { CliContext } from './context.ts'
import { profileFlagsOf } from './profile-options.ts'
import { profileOf, tokenDepsOf } from './token-deps.ts'

/** A tunnel that listens, and what its command needs of it. */
export interface OpenTunnel {
  readonly profile: Profile
  readonly tokens: TokenSource
  readonly tunnel: Tunnel
  readonly listener: LocalListener
  readonly facts: ConnectionFacts
  /** What the listener asks for, where it does. */
  readonly password: Secret | undefined
}

const COMMAND_GRACE_MS = 250

/** Opens the tunnels and stays until interrupted, or until the wrapped command has ended. */
export async function runConnect(context: CliContext, request: ConnectRequest): Promise<void> {
  const names = request.profiles.length > 0 ? request.profiles : [undefined]
  const open: OpenTunnel[] = []
  try {
    for (const name of names) open.push(await openTunnel(context, name, request))
    const [first] = open
    if (request.command && first) {
      await (await import('./connect-command.ts')).runCommand(context, first, request.command, request.flags)
    } else {
      await (await import('./connect-stay.ts')).stay(context, open, request.flags)
    }
  } finally {
    for (const { listener } of open) void listener.close()
    // A wrapped command that has just ended has closed its connections; the news is on its way.
    const graceMs = request.command ? COMMAND_GRACE_MS : 0
    await Promise.all(open.map(({ tunnel }) => tunnel.close('the tunnel was closed', graceMs)))
  }
}

async function openTunnel(context: CliContext, name: string | undefined, request: ConnectRequest): Promise<OpenTunnel> {
  const { flags } = request
  const wrapping = request.command !== undefined
  const profile = await profileOf(context, name, profileFlagsOf(flags))
  if (profile.host === undefined) noHost(profile.name)
  const tokens = await openTokenSource(profile, tokenDepsOf(context))
  const kind = chooseLocalAccess(profile, { anyPort: wrapping, hasSocketTable: await hasSocketTable() })
  const password = kind === 'password' ? await localPassword(profile, tokenDepsOf(context)) : undefined
  const startLocalTls = await localTlsOf(flags)
  const tunnel = new Tunnel({
    profile,
    tokens,
    access: accessOf(profile, password, kind),
    events: connectionLog(context, { toTerminal: !wrapping, file: flags.logFile }),
    clock: context.clock,
    log: context.log,
    ...(startLocalTls && { startLocalTls }),
  })
  const listener = await openLocalListener({ profile, anyPort: wrapping, owner: thisUser() }, tunnel)
  const endpoint = {
    host: listener.host,
    port: listener.port,
    sslmode: startLocalTls ? 'require' : 'disable',
    localAuth: kind,
  } as const
  return { profile, tokens, tunnel, listener, password, facts: connectionFacts(profile, endpoint, process.pid) }
}

function accessOf({ name }: Profile, password: Secret | undefined, kind: LocalAccess['kind']): LocalAccess {
  if (password) return passwordAccess(password, name)
  if (kind === 'none') return openAccess
  const uid = process.getuid?.() ?? fail('INTERNAL', { detail: 'same-user on a system without user ids' })
  return sameUserAccess(uid, socketOwner)
}

async function localTlsOf(flags: ConnectFlags): Promise<StartLocalTls | undefined> {
  const { localTls: wanted, localTlsCert: cert, localTlsKey: key } = flags
  if ((cert === undefined) !== (key === undefined)) {
    fail('USAGE', { detail: '--local-tls-cert and --local-tls-key come together' })
  }
  if (!wanted && cert === undefined) return undefined
  const { localTls } = await import('../tunnel/local-tls.ts')
  if (cert !== undefined && key !== undefined) return localTls({ cert: await readText(cert), key: await readText(key) })
  const { createCertificateAuthority } = await import('../demo/certificates.ts')
  const authority = createCertificateAuthority('pgoauth local TLS')
  return localTls(authority.issue('localhost', { hosts: ['localhost', '127.0.0.1', '::1'] }))
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    return fail('USAGE', { detail: (cause as Error).message, cause })
  }
}
