import { fail, PgoauthError } from '../base/errors.ts'
import { MAX_CANCEL_KEY_BYTES, MAX_STARTUP_PACKET_BYTES } from './limits.ts'
import { MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'

/** Request codes stand where a protocol version would: 1234 in the high half (pqcomm.h). */
const SSL_REQUEST_CODE = (1234 << 16) | 5679
const GSSENC_REQUEST_CODE = (1234 << 16) | 5680
const CANCEL_REQUEST_CODE = (1234 << 16) | 5678

export interface ProtocolVersion {
  readonly major: number
  readonly minor: number
}

export interface StartupMessage {
  readonly kind: 'startup'
  readonly version: ProtocolVersion
  /** In the order they came; `_pq_.` options among them. No name comes twice. */
  readonly parameters: ReadonlyMap<string, string>
}

export interface CancelRequest {
  readonly kind: 'cancel'
  readonly processId: number
  readonly secretKey: Buffer
}

/** What the first packet of a connection, or the first after TLS, can be. */
export type FirstPacket = { readonly kind: 'ssl' } | { readonly kind: 'gssenc' } | CancelRequest | StartupMessage

/** The first packet and whatever came behind it in the same bytes. */
export interface FirstPacketRead {
  readonly packet: FirstPacket
  readonly rest: Buffer
}

/**
 * Reads the packet that opens a connection from the bytes received so far; undefined while it is not whole.
 *
 * @throws NOT_POSTGRES when the bytes are HTTP; PROTOCOL_UNSUPPORTED when its version is not 3; BAD_STARTUP when
 *   the packet is too short or too long, its parameters do not end where the packet does, or a parameter comes twice.
 * @see https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-START-UP
 */
export function readFirstPacket(received: Buffer): FirstPacketRead | undefined {
  if (looksLikeHttp(received)) fail('NOT_POSTGRES', { detail: 'the client speaks HTTP' })
  if (received.length < 4) return undefined
  const length = received.readInt32BE(0)
  if (length < 8 || length > MAX_STARTUP_PACKET_BYTES) fail('BAD_STARTUP', { detail: `packet length ${length}` })
  if (received.length < length) return undefined
  return { packet: parseFirstPacket(received.subarray(4, length)), rest: received.subarray(length) }
}

function parseFirstPacket(body: Buffer): FirstPacket {
  try {
    const reader = new MessageReader(body)
    const code = reader.int32()
    if (code === CANCEL_REQUEST_CODE) return parseCancelRequest(reader)
    if (code === SSL_REQUEST_CODE || code === GSSENC_REQUEST_CODE) {
      reader.end()
      return { kind: code === SSL_REQUEST_CODE ? 'ssl' : 'gssenc' }
    }
    const version = { major: code >>> 16, minor: code & 0xffff }
    if (version.major !== 3) {
      fail('PROTOCOL_UNSUPPORTED', { detail: `protocol ${version.major}.${version.minor}` })
    }
    return { kind: 'startup', version, parameters: parseParameters(reader) }
  } catch (error) {
    if (error instanceof PgoauthError && error.code === 'BAD_FRAME') fail('BAD_STARTUP', { detail: error.detail ?? '' })
    throw error
  }
}

function parseCancelRequest(reader: MessageReader): CancelRequest {
  const processId = reader.int32()
  const secretKey = Buffer.from(reader.rest())
  if (secretKey.length < 4 || secretKey.length > MAX_CANCEL_KEY_BYTES) {
    reader.fail(`cancel key of ${secretKey.length} bytes`)
  }
  return { kind: 'cancel', processId, secretKey }
}

function parseParameters(reader: MessageReader): Map<string, string> {
  const parameters = new Map<string, string>()
  for (let name = reader.cstring(); name !== ''; name = reader.cstring()) {
    if (parameters.has(name)) reader.fail(`parameter ${JSON.stringify(name)} comes twice`)
    parameters.set(name, reader.cstring())
  }
  reader.end()
  return parameters
}

const HTTP_METHODS = ['GET ', 'POST', 'HEAD', 'PUT ', 'OPTI', 'DELE', 'PATC', 'CONN', 'TRAC', 'PRI ']

function looksLikeHttp(received: Buffer): boolean {
  return received.length >= 4 && HTTP_METHODS.includes(received.toString('latin1', 0, 4))
}

/** Whether the bytes begin with a TLS handshake record: a client that starts TLS without SSLRequest. */
export function looksLikeTls(received: Buffer): boolean {
  return received[0] === 0x16
}

export function encodeSslRequest(): Buffer {
  return new MessageWriter(8).begin().int32(SSL_REQUEST_CODE).end().finish()
}

export function encodeGssencRequest(): Buffer {
  return new MessageWriter(8).begin().int32(GSSENC_REQUEST_CODE).end().finish()
}

export function encodeCancelRequest(processId: number, secretKey: Uint8Array): Buffer {
  return new MessageWriter(16).begin().int32(CANCEL_REQUEST_CODE).int32(processId).bytes(secretKey).end().finish()
}

export function encodeStartupMessage(
  version: ProtocolVersion,
  parameters: Iterable<readonly [name: string, value: string]>,
): Buffer {
  const writer = new MessageWriter().begin().int32((version.major << 16) | version.minor)
  for (const [name, value] of parameters) writer.cstring(name).cstring(value)
  return writer.byte(0).end().finish()
}
