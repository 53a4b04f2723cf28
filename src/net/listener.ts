import { createServer, type Server, type Socket } from 'node:net'
import { KEEPALIVE_DELAY_MS } from './dial.ts'

/** Where somebody can connect to. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

export interface Listener {
  readonly address: ListenAddress
  /** Takes no more connections; those there are stay. */
  close(): Promise<void>
}

/** More than any one person's tools open at a moment; the kernel cuts it to its own bound. */
const BACKLOG = 1024

/**
 * Listens there, port 0 being any free one. Accepted sockets are paused, with Nagle off, keepalive on and half-open
 * allowed. Rejects with the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL).
 */
export function openListener(wanted: ListenAddress, onConnection: (socket: Socket) => void): Promise<Listener> {
  const server = createServer(
    {
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_DELAY_MS,
      allowHalfOpen: true,
    },
    onConnection,
  )
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const options =
      wanted.kind === 'tcp' ? { host: wanted.address, port: wanted.port, exclusive: true } : { path: wanted.path }
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.off('error', reject)
      // Running out of file descriptors fails one accept, not the listener.
      server.on('error', () => {})
      resolve({ address: addressOf(server, wanted), close: () => closed(server) })
    })
  })
}

function addressOf(server: Server, wanted: ListenAddress): ListenAddress {
  const bound = server.address()
  if (wanted.kind === 'unix' || bound === null || typeof bound === 'string') return wanted
  return { kind: 'tcp', address: bound.address, port: bound.port }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
