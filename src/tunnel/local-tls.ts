import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket } from 'node:tls'
import { fail } from '../base/errors.ts'
import { reasonOf } from '../net/dial.ts'
import { POSTGRES_ALPN } from '../net/tls-client.ts'
import type { StartLocalTls } from './local-opening.ts'

/**
 * TLS for the local side, for tools that insist on it; SSLRequest and direct TLS alike.
 *
 * @throws CONFIG_INVALID where key and certificate cannot be used; the returned function TLS_FAILED.
 */
export function localTls(certificate: { readonly cert: string; readonly key: string }): StartLocalTls {
  const secureContext = (() => {
    try {
      return createSecureContext({ ...certificate, minVersion: 'TLSv1.2' })
    } catch (cause) {
      return fail('CONFIG_INVALID', { detail: `local TLS: ${reasonOf(cause)}`, cause })
    }
  })()
  return (stream: Duplex) =>
    new Promise((resolve, reject) => {
      const options = { isServer: true, secureContext, ALPNProtocols: [POSTGRES_ALPN] }
      const secure = new TLSSocket(stream as Socket, options)
      const refuse = (cause?: unknown) => {
        stream.destroy()
        reject(refusal(cause))
      }
      secure.once('error', refuse)
      secure.once('close', refuse)
      secure.once('secure', () => {
        secure.off('error', refuse)
        secure.off('close', refuse)
        resolve(secure)
      })
    })
}

function refusal(cause: unknown): unknown {
  try {
    fail('TLS_FAILED', {
      detail: `the local client: ${cause ? reasonOf(cause) : 'it closed the connection during the TLS handshake'}`,
      fix: 'a client that checks certificates has to be told of the local one',
      cause,
    })
  } catch (error) {
    return error
  }
}
