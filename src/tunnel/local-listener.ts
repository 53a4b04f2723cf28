import { fail, PgoauthError } from '../base/errors.ts'
import { isLoopbackHost } from '../base/loopback.ts'
import type { Profile } from '../config/profiles.ts'
import { hostPort, reasonOf } from '../net/dial.ts'
import { type Listener, openListener } from '../net/listener.ts'
import { portOwner } from './port-owner.ts'
import { stablePorts } from './stable-port.ts'
import type { Tunnel } from './tunnel.ts'
import { openUnixListener } from './unix-listener.ts'

/** A tunnel's listener, and how clients name it. */
export interface LocalListener {
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

export interface LocalListenerOptions {
  readonly profile: Pick<Profile, 'name' | 'listen' | 'allowRemote'>
  /** Any free port, whatever the profile says: for a command that is told the port by its environment. */
  readonly anyPort: boolean
  /** Tells the users of one machine apart. */
  readonly owner: string
}

const LOOPBACK = '127.0.0.1'

/**
 * Opens the listener that the profile names; without one, a loopback port that is the same each time where possible.
 *
 * @throws LISTEN_FAILED, naming our own tunnel where one has the port; USAGE for an address that others can reach
 *   without `allow_remote`.
 */
export async function openLocalListener(
  { profile, anyPort, owner }: LocalListenerOptions,
  tunnel: Tunnel,
): Promise<LocalListener> {
  const { listen } = profile
  if (anyPort) return await listenOn(LOOPBACK, 0, tunnel)
  if (listen?.kind === 'unix') return await openUnixListener(listen, tunnel)
  if (listen === undefined) return await listenStably(stablePorts(profile.name, owner), tunnel)
  if (!isLoopbackHost(listen.address) && !profile.allowRemote) {
    fail('USAGE', {
      detail: `${listen.address} can be reached from other machines`,
      fix: 'listen on 127.0.0.1, or say --allow-remote: then the listener asks for a password',
    })
  }
  try {
    return await listenOn(listen.address, listen.port, tunnel)
  } catch (cause) {
    throw await listenError(listen.address, listen.port, cause)
  }
}

async function listenStably(ports: readonly number[], tunnel: Tunnel): Promise<LocalListener> {
  for (const port of ports) {
    try {
      return await listenOn(LOOPBACK, port, tunnel)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw await listenError(LOOPBACK, port, error)
    }
  }
  return await listenOn(LOOPBACK, 0, tunnel)
}

async function listenOn(address: string, port: number, tunnel: Tunnel): Promise<LocalListener> {
  const listener: Listener = await openListener({ kind: 'tcp', address, port }, (socket) => {
    const { remoteAddress, remotePort, localAddress, localPort } = socket
    // Gone before it could be looked at.
    if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy()
    if (localAddress === undefined || localPort === undefined) return void socket.destroy()
    void tunnel.serve(socket, {
      name: hostPort(remoteAddress, remotePort),
      tcp: { remoteAddress, remotePort, localAddress, localPort },
    })
  })
  const bound = listener.address.kind === 'tcp' ? listener.address.port : port
  return { host: address, port: bound, close: () => listener.close() }
}

async function listenError(address: string, port: number, cause: unknown): Promise<PgoauthError> {
  const where = hostPort(address, port)
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    const ours = await portOwner({ kind: 'tcp', address, port })
    const detail = ours
      ? `${where} is in use by the tunnel of profile ${ours.profile}, pid ${ours.pid}`
      : `${where} is in use by another program`
    const fix = ours
      ? `use that one, end it with "kill ${ours.pid}", or choose another port`
      : 'choose another port: --listen'
    return new PgoauthError('LISTEN_FAILED', { detail, fix, cause })
  }
  if (code === 'EACCES') {
    return new PgoauthError('LISTEN_FAILED', {
      detail: `${where} needs privileges`,
      fix: 'choose a port above 1023',
      cause,
    })
  }
  return new PgoauthError('LISTEN_FAILED', { detail: `${where}: ${reasonOf(cause)}`, fix: 'check --listen', cause })
}
