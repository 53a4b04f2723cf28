import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fail } from '../base/errors.ts'
import { type CallbackPage, renderCallbackPage } from './callback-page.ts'

/** The loopback listener of one login (RFC 8252 section 7.3). */
export interface CallbackListener {
  /** The redirect URI to send, with the port that was got. */
  readonly redirectUri: string
  readonly port: number
  /** The first answer that comes to the redirect's path. Its browser waits for `answer`. */
  readonly arrived: Promise<Callback>
  close(): Promise<void>
}

export interface Callback {
  readonly parameters: URLSearchParams
  /** What the waiting browser is shown: known only once the code was exchanged. */
  answer(page: CallbackPage): Promise<void>
}

/** Slow or silent connections end here; a browser that follows a redirect is quick. */
const REQUEST_TIMEOUT_MS = 10_000
const LONGEST_HEADER_BYTES = 32 * 1024

/**
 * Listens where the first of the redirects that is free says: loopback only, both families for `localhost`.
 * The first request to the path is the answer; later ones are told so, and every other path is 404.
 *
 * @throws LISTEN_FAILED when none of the ports is free.
 */
export async function openCallbackListener(redirects: readonly string[]): Promise<CallbackListener> {
  const taken: string[] = []
  for (const redirect of redirects) {
    const uri = new URL(redirect)
    const servers = await listen(uri).catch((error: NodeJS.ErrnoException) => {
      taken.push(`${uri.host} (${error.code})`)
      return undefined
    })
    if (servers) return serve(uri, servers)
  }
  fail('LISTEN_FAILED', {
    detail: `no address for the browser to come back to is free: ${taken.join(', ')}`,
    fix: 'end what uses it, list more ports in "redirect", or use --device',
  })
}

async function listen(uri: URL): Promise<Server[]> {
  const host = uri.hostname.replace(/^\[|\]$/g, '')
  const wanted = uri.port === '' ? 0 : Number(uri.port)
  if (host !== 'localhost') return [await listenOn(host, wanted)]
  // A browser may take localhost for either family; without IPv6 there is only one.
  const first = await listenOn('127.0.0.1', wanted)
  const second = await listenOn('::1', portOf(first)).catch(() => undefined)
  return second ? [first, second] : [first]
}

function listenOn(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ maxHeaderSize: LONGEST_HEADER_BYTES, requestTimeout: REQUEST_TIMEOUT_MS })
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function serve(uri: URL, servers: readonly Server[]): CallbackListener {
  const [first] = servers
  const port = first ? portOf(first) : 0
  const redirectUri = `${uri.protocol}//${uri.hostname}:${port}${uri.pathname}`
  const hosts = new Set([`${uri.hostname}:${port}`])

  const arrived = new Promise<Callback>((resolve) => {
    let used = false
    const onRequest = (request: IncomingMessage, response: ServerResponse) => {
      // A page from elsewhere that resolves its own name to loopback sends its own Host.
      if (!hosts.has(request.headers.host ?? '')) return refuse(response, 400, 'Not for this address')
      const { pathname, searchParams } = new URL(request.url ?? '/', redirectUri)
      if (pathname !== uri.pathname) return refuse(response, 404, 'Not found')
      if (request.method !== 'GET') return refuse(response, 405, 'Only GET')
      if (used) {
        return void send(response, 410, {
          ok: false,
          title: 'This login was already answered',
          message: 'Each login takes one answer. If this one failed, start another in the terminal.',
        })
      }
      used = true
      resolve({ parameters: searchParams, answer: (page) => send(response, page.ok ? 200 : 400, page) })
    }
    for (const server of servers) server.on('request', onRequest)
  })

  return {
    redirectUri,
    port,
    arrived,
    async close() {
      await Promise.all(
        servers.map((server) => {
          const closed = new Promise((resolve) => server.close(resolve))
          server.closeAllConnections()
          return closed
        }),
      )
    },
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${text}\n`)
}

/** Resolves once the page is handed to the kernel, so that the process may end. */
function send(response: ServerResponse, status: number, page: CallbackPage): Promise<void> {
  const { html, headers } = renderCallbackPage(page)
  return new Promise((resolve) => {
    response.once('close', resolve)
    response.writeHead(status, { ...headers, connection: 'close' }).end(html, () => resolve())
  })
}
