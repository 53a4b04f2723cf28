import type { Listen } from './profiles.ts'

/** The port in the name of a Unix socket where none is given: what clients look for by themselves (libpq: DEF_PGPORT). */
const UNIX_PORT = 5432

/**
 * Reads `127.0.0.1:6543`, `[::1]:6543`, `6543`, `unix:DIRECTORY` or `unix:DIRECTORY:PORT`; undefined where it is none of
 * them. The port of a Unix socket is part of its name alone (.s.PGSQL.PORT): so several lie in one directory.
 */
export function parseListen(value: string): Listen | undefined {
  if (value.startsWith('unix:')) {
    const [, directory = '', portText] = /^unix:(.*?)(?::(\d+))?$/s.exec(value) ?? []
    const port = portText === undefined ? UNIX_PORT : Number(portText)
    return directory && port >= 1 && port <= 65535 ? { kind: 'unix', directory, port } : undefined
  }
  const [, address = '127.0.0.1', portText = ''] =
    /^(?:(\[[0-9a-fA-F:.%\w]+\]|[^:[\]\s]+):)?(\d{1,5})$/.exec(value) ?? []
  const port = Number(portText)
  if (portText === '' || port > 65535) return undefined
  return { kind: 'tcp', address: address.replace(/^\[|\]$/g, ''), port }
}

/** As `parseListen` reads it. */
export function listenText(listen: Listen): string {
  const { port } = listen
  if (listen.kind === 'unix') return `unix:${listen.directory}${port === UNIX_PORT ? '' : `:${port}`}`
  return listen.address.includes(':') ? `[${listen.address}]:${port}` : `${listen.address}:${port}`
}

/** The socket's file, as libpq makes it of host and port. */
export function unixSocketPath({ directory, port }: Extract<Listen, { kind: 'unix' }>): string {
  return `${directory}/.s.PGSQL.${port}`
}
