import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail, PgoauthError } from '../base/errors.ts'
import type { ServerConfig } from '../config/proxy-config.ts'
import type { Address } from '../config/scalars.ts'
import { dial } from '../net/dial.ts'
import { Inbox } from '../net/inbox.ts'
import { startTls } from '../net/tls-client.ts'
import { encodeSslRequest } from '../wire/startup.ts'

export interface ServerSocket {
  readonly socket: Socket | TLSSocket
  /** Nobody between us and the server reads along: TLS, or a socket of this machine's file system. */
  readonly isPrivate: boolean
  /** DER of the server's certificate; undefined without TLS. */
  readonly certificate: Buffer | undefined
}

export interface SocketOptions {
  readonly address: Address
  readonly tls: ServerConfig['tls']
  readonly timeoutMs: number
  readonly clock: Clock
}

/**
 * A connection to one server address, over TLS as the configuration says. Never falls back to plain text.
 *
 * @throws SERVER_UNREACHABLE, with the precise reason.
 */
export async function openServerSocket(options: SocketOptions): Promise<ServerSocket> {
  const { address, tls, timeoutMs, clock } = options
  if (address.host.startsWith('/')) {
    const socket = await openUnix(`${address.host}/.s.PGSQL.${address.port}`, timeoutMs)
    return { socket, isPrivate: true, certificate: undefined }
  }
  try {
    const socket = await dial({ ...address, timeoutMs, direct: tls.mode === 'disable' })
    if (tls.mode === 'disable') return { socket, isPrivate: false, certificate: undefined }
    await negotiate(socket, timeoutMs, clock)
    const secure = await startTls(
      socket,
      { ...tls, mode: tls.mode, name: tls.serverName ?? address.host },
      { timeoutMs, clock },
    )
    return { socket: secure, isPrivate: true, certificate: secure.getPeerCertificate().raw }
  } catch (thrown) {
    const error = asPgoauthError(thrown)
    throw new PgoauthError('SERVER_UNREACHABLE', { detail: error.detail ?? error.say, cause: error })
  }
}

async function negotiate(socket: Socket, timeoutMs: number, clock: Clock): Promise<void> {
  const inbox = new Inbox(socket)
  const stopTimer = clock.after(timeoutMs, () => socket.destroy(new Error('no answer to SSLRequest in time')))
  socket.write(encodeSslRequest())
  try {
    const answer = await inbox.take((received) =>
      received.length === 0 ? undefined : { value: received[0], rest: received.subarray(1) },
    )
    // Bytes behind the answer were not sent under TLS: somebody else put them there.
    const rest = inbox.release()
    if (answer === 0x53 && rest.length === 0) return
    if (answer === 0x53) fail('SERVER_BAD', { detail: 'bytes behind the answer to SSLRequest' })
    fail('SERVER_BAD', {
      detail:
        answer === 0x4e ? 'the server does not do TLS, and tls.mode asks for it' : 'no valid answer to SSLRequest',
    })
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    stopTimer()
  }
}

function openUnix(path: string, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true })
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    const onError = (cause: Error) => {
      reject(new PgoauthError('SERVER_UNREACHABLE', { detail: `${path}: ${cause.message}`, cause }))
    }
    socket.once('error', onError)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.removeAllListeners('timeout')
      socket.off('error', onError)
      resolve(socket)
    })
  })
}
