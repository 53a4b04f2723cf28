import { connect, type Socket } from 'node:net'
import { fail } from '../base/errors.ts'
import { DirectReader } from './direct-reader.ts'

/** Between probes of an idle connection: shorter than the idle limits of common NATs and load balancers. */
export const KEEPALIVE_DELAY_MS = 30_000

/** Node's own 250 ms gives up on an address that is merely far away. */
const NEXT_ADDRESS_AFTER_MS = 1000

export interface DialOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Makes the socket with a DirectReader: for one that is read as it is, without TLS on it. */
  readonly direct?: boolean
}

/**
 * A TCP connection with Nagle off and keepalive on, half-open allowed.
 *
 * @throws PROXY_UNREACHABLE, saying why, when there is none within `timeoutMs`.
 */
export function dial({ host, port, timeoutMs, signal, direct = false }: DialOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const reader = direct ? new DirectReader() : undefined
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_DELAY_MS,
      allowHalfOpen: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
      signal,
      ...(reader && { onread: reader.options }),
    })
    reader?.attach(socket)
    socket.setTimeout(timeoutMs, () => {
      socket.destroy(Object.assign(new Error(`no answer within ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' }))
    })
    const onError = (cause: Error) => {
      try {
        fail('PROXY_UNREACHABLE', { detail: `${hostPort(host, port)}: ${reasonOf(cause)}`, cause })
      } catch (error) {
        reject(error)
      }
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

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused, nothing listens there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed by the other side',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network cannot be reached',
  ENETDOWN: 'the network is down',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name cannot be resolved now (no DNS)',
  ETIMEDOUT: 'no answer in time',
  EMFILE: 'this process has as many files and connections open as it may (ulimit -n)',
}

/** Why a connection could not be made or was lost, in words, with the system's name for it. */
export function reasonOf(error: unknown): string {
  const [first] = error instanceof AggregateError ? error.errors : [error]
  const code = (first as NodeJS.ErrnoException | undefined)?.code
  const words = code === undefined ? undefined : REASONS[code]
  if (words !== undefined) return `${words} (${code})`
  return first instanceof Error ? first.message : String(first)
}

/** `host:port`, an IPv6 address in brackets. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
