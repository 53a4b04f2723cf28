import type { Duplex } from 'node:stream'
import { fail } from '../base/errors.ts'
import { Inbox } from '../net/inbox.ts'
import { type CancelRequest, looksLikeTls, readFirstPacket, type StartupMessage } from '../wire/startup.ts'

/** Puts TLS on a local connection; the bytes of its ClientHello are still unread. */
export type StartLocalTls = (stream: Duplex) => Promise<Duplex>

/** What a local client opened its connection for, on the stream that is to be used from here on. */
export interface LocalOpening {
  readonly packet: StartupMessage | CancelRequest
  readonly inbox: Inbox
  readonly encrypted: boolean
}

/** A client asks for GSSAPI and for TLS, once each; each may be asked for again inside TLS. */
const MAX_REQUESTS = 4
const NO = Buffer.from('N')
const YES = Buffer.from('S')

/**
 * Answers SSLRequest and GSSENCRequest until the client says what it wants; undefined when it leaves first.
 * Without `startTls` both are answered `N`: the port is this machine's own.
 *
 * @throws NOT_POSTGRES, BAD_STARTUP; TLS_FAILED where the local TLS handshake fails.
 * @see https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-SSL
 */
export async function receiveOpening(first: Inbox, startTls?: StartLocalTls): Promise<LocalOpening | undefined> {
  let inbox = first
  let encrypted = false
  const secure = async () => {
    const stream = inbox.stream
    const unread = inbox.release()
    if (unread.length > 0) stream.unshift(unread)
    inbox = new Inbox(await (startTls as StartLocalTls)(stream))
    encrypted = true
  }

  const directTls = await inbox.take((received) =>
    received.length === 0 ? undefined : { value: looksLikeTls(received), rest: received },
  )
  if (directTls === undefined) return undefined
  if (directTls) {
    if (!startTls) fail('BAD_STARTUP', { detail: 'the client starts TLS; this port takes it only with --local-tls' })
    await secure()
  }

  for (let request = 0; request <= MAX_REQUESTS; request++) {
    const packet = await inbox.take((received) => {
      const read = readFirstPacket(received)
      return read && { value: read.packet, rest: read.rest }
    })
    if (packet === undefined) return undefined
    if (packet.kind === 'startup' || packet.kind === 'cancel') return { packet, inbox, encrypted }
    if (packet.kind === 'ssl' && startTls && !encrypted) {
      // Bytes sent ahead of TLS could be somebody else's: they must not count as sent inside it (CVE-2021-23214).
      if (inbox.waitingBytes > 0) fail('BAD_STARTUP', { detail: 'unencrypted bytes after SSLRequest' })
      inbox.stream.write(YES)
      await secure()
    } else {
      inbox.stream.write(NO)
    }
  }
  return fail('BAD_STARTUP', { detail: 'too many encryption requests' })
}
