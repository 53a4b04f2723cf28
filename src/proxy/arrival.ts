import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { fail } from '../base/errors.ts'
import { Inbox } from '../net/inbox.ts'
import type { CancelRequest, FirstPacket, StartupMessage } from '../wire/startup.ts'
import { looksLikeTls, readFirstPacket } from '../wire/startup.ts'

/** How the listener does TLS; what is read from files, once for all connections. */
export interface ArrivalTls {
  readonly context: SecureContext
  readonly required: boolean
  /** A certificate must check out against client_ca; without one there, it counts for bound tokens alone. */
  readonly checksClients: boolean
  readonly requiresClientCertificate: boolean
}

/** A client whose StartupMessage has been read. */
export interface Arrival {
  readonly socket: Socket
  readonly inbox: Inbox
  readonly isTls: boolean
  readonly clientCertificateSha256: Buffer | undefined
  readonly startup: StartupMessage
}

export type Arrived =
  | { readonly kind: 'startup'; readonly arrival: Arrival }
  | CancelRequest
  | { readonly kind: 'gone' }

const SUPPORTED = Buffer.from('S')
const UNSUPPORTED = Buffer.from('N')
/** PostgreSQL's ALPN name (manual section 54.2.9); direct TLS must say it. */
const ALPN = 'postgresql'

/** What a connection consists of so far, so that whoever gives up on it ends the right layer. */
export interface Stage {
  socket: Socket
  inbox: Inbox
  /** The client has sent a StartupMessage: an ErrorResponse will be understood. */
  speaksPostgres: boolean
}

/**
 * Leads a fresh connection to its StartupMessage: SSLRequest, GSSENCRequest and direct TLS on the way, each once.
 * `stage` is kept true on the way.
 *
 * @throws NOT_POSTGRES, BAD_STARTUP, PROTOCOL_UNSUPPORTED, BAD_FRAME, TLS_REQUIRED, CERTIFICATE_REQUIRED.
 * @see https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-SSL
 */
export async function receiveStartup(stage: Stage, tls: ArrivalTls | undefined): Promise<Arrived> {
  let secure: TLSSocket | undefined
  let hasAskedGss = false
  if (await beginsWithTls(stage.inbox)) {
    if (tls === undefined) fail('BAD_STARTUP', { detail: 'direct TLS, and this proxy has no certificate' })
    secure = await upgrade(stage, tls)
    if (secure.alpnProtocol !== ALPN) fail('BAD_STARTUP', { detail: 'direct TLS without ALPN' })
  }
  // Within direct TLS each may still be asked for, once, and is declined (ProcessStartupPacket in backend_startup.c).
  let hasAskedTls = false
  for (;;) {
    const packet = await nextPacket(stage.inbox)
    if (packet === undefined) return { kind: 'gone' }
    if (packet.kind === 'cancel') return packet
    if (packet.kind === 'startup') {
      stage.speaksPostgres = true
      if (tls?.required && secure === undefined) fail('TLS_REQUIRED')
      return { kind: 'startup', arrival: arrivalOf(stage, secure, tls, packet) }
    }
    if (packet.kind === 'ssl' ? hasAskedTls : hasAskedGss) {
      fail('PROTOCOL_UNSUPPORTED', { detail: `a ${packet.kind} request after the answer to it, or to the other` })
    }
    if (stage.inbox.waitingBytes > 0) fail('BAD_STARTUP', { detail: `bytes behind the ${packet.kind} request` })
    if (packet.kind === 'gssenc') {
      hasAskedGss = true
      stage.socket.write(UNSUPPORTED)
    } else if (tls === undefined || secure !== undefined) {
      hasAskedTls = true
      stage.socket.write(UNSUPPORTED)
    } else {
      hasAskedTls = true
      hasAskedGss = true
      stage.socket.write(SUPPORTED)
      secure = await upgrade(stage, tls)
    }
  }
}

function arrivalOf(
  { socket, inbox }: Stage,
  secure: TLSSocket | undefined,
  tls: ArrivalTls | undefined,
  startup: StartupMessage,
): Arrival {
  const certificate = secure?.getPeerCertificate()?.raw
  const mistake = secure && certificate && tls?.checksClients ? chainMistake(secure) : undefined
  if (mistake !== undefined) {
    fail('CERTIFICATE_REQUIRED', { detail: `the client certificate does not check out: ${mistake}` })
  }
  if (!certificate && tls?.requiresClientCertificate) fail('CERTIFICATE_REQUIRED', { detail: 'the client has none' })
  return {
    socket,
    inbox,
    isTls: secure !== undefined,
    clientCertificateSha256: certificate && createHash('sha256').update(certificate).digest(),
    startup,
  }
}

/**
 * What stands against the client's certificate. tls.Server asks this for its own connections; a TLSSocket over a
 * socket that was read from before leaves `authorized` false whatever it is.
 */
function chainMistake(secure: TLSSocket): string | undefined {
  const { ssl } = secure as unknown as { ssl?: { verifyError?(): (Error & { code?: string }) | null } }
  if (typeof ssl?.verifyError !== 'function') return 'this version of Node does not say'
  const error = ssl.verifyError()
  return error ? (error.code ?? error.message) : undefined
}

async function beginsWithTls(inbox: Inbox): Promise<boolean> {
  const first = await inbox.take((received) =>
    received.length === 0 ? undefined : { value: looksLikeTls(received), rest: received },
  )
  return first ?? false
}

function nextPacket(inbox: Inbox): Promise<FirstPacket | undefined> {
  return inbox.take((received) => {
    const read = readFirstPacket(received)
    return read && { value: read.packet, rest: read.rest }
  })
}

/** What was read ahead goes back first: with direct TLS it is the ClientHello. */
function upgrade(stage: Stage, { context }: ArrivalTls): Promise<TLSSocket> {
  const plain = stage.socket
  const ahead = stage.inbox.release()
  if (ahead.length > 0) plain.unshift(ahead)
  const secure = new TLSSocket(plain, {
    isServer: true,
    secureContext: context,
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: [ALPN],
  })
  stage.socket = secure
  return new Promise((resolve, reject) => {
    const onFailure = (cause?: Error) => {
      reject(new Error(`TLS handshake: ${cause?.message ?? 'the client went away'}`, { cause }))
    }
    secure.on('error', onFailure)
    secure.once('close', onFailure)
    secure.once('secure', () => {
      secure.off('close', onFailure)
      stage.inbox = new Inbox(secure)
      resolve(secure)
    })
  })
}
