import { constants } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import { fail } from '../base/errors.ts'
import type { Address } from '../config/scalars.ts'

export interface HttpAnswer {
  readonly status: number
  readonly type: 'text/plain; charset=utf-8' | 'application/json' | string
  readonly body: string
}

export interface HttpListener {
  readonly address: Address
  /** Another certificate for the connections to come; of a listener that was opened with one. */
  renewTls(tls: HttpTls): void
  close(): void
}

/** PEM texts. Clients are asked for a certificate where there is an authority to check it against. */
export interface HttpTls {
  readonly cert: Buffer
  readonly key: Buffer
  readonly clientCa: Buffer | undefined
}

/** Probes and operators are few; who opens more is neither. */
const MAX_CONNECTIONS = 100
const REQUEST_TIMEOUT_MS = 10_000
const MAX_HEADER_BYTES = 8 * 1024
/** A logout token has a few kilobytes. */
const MAX_BODY_BYTES = 64 * 1024

export function text(status: number, body: string): HttpAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` }
}

export function json(status: number, value: unknown): HttpAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` }
}

/** The body of a request as text; undefined where it is longer than anything that is asked for here. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** A small HTTP server; what nobody reads of a request's body is thrown away. @throws LISTEN_FAILED */
export async function openHttpListener(
  { host, port }: Address,
  tls: HttpTls | undefined,
  answer: (request: IncomingMessage) => HttpAnswer | Promise<HttpAnswer>,
): Promise<HttpListener> {
  const handle: RequestListener = (request, response) => {
    Promise.resolve(request)
      .then(answer)
      .catch(() => text(500, 'internal error'))
      .then((one) => {
        request.resume()
        send(response, one)
      })
  }
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
  }
  const tlsServer =
    tls &&
    createTlsServer(
      { ...options, ...contextOf(tls), requestCert: tls.clientCa !== undefined, rejectUnauthorized: false },
      handle,
    )
  const server: Server = tlsServer ?? createServer(options, handle)
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, resolve)
  }).catch((cause: Error) =>
    fail('LISTEN_FAILED', {
      detail: `${host}:${port}: ${cause.message}`,
      fix: 'choose another address in the configuration',
      cause,
    }),
  )
  server.on('error', () => {})
  const bound = server.address()
  return {
    address: { host, port: typeof bound === 'object' && bound !== null ? bound.port : port },
    renewTls: (renewed) => tlsServer?.setSecureContext(contextOf(renewed)),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function contextOf({ cert, key, clientCa }: HttpTls): SecureContextOptions {
  // No session is resumed: a client certificate is looked at each time.
  return { cert, key, ca: clientCa, minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET }
}

function send(response: ServerResponse, { status, type, body }: HttpAnswer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  response.end(body)
}
