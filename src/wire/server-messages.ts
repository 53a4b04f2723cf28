import { MAX_CANCEL_KEY_BYTES } from './limits.ts'
import { MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'
import type { ProtocolVersion } from './startup.ts'

/** Tags of the messages a server sends (manual section 54.7, those marked B). */
export const SERVER = {
  Authentication: 0x52, // R
  BackendKeyData: 0x4b, // K
  BindComplete: 0x32, // 2
  CloseComplete: 0x33, // 3
  CommandComplete: 0x43, // C
  CopyBothResponse: 0x57, // W
  CopyData: 0x64, // d
  CopyDone: 0x63, // c
  CopyInResponse: 0x47, // G
  CopyOutResponse: 0x48, // H
  DataRow: 0x44, // D
  EmptyQueryResponse: 0x49, // I
  ErrorResponse: 0x45, // E
  FunctionCallResponse: 0x56, // V
  NegotiateProtocolVersion: 0x76, // v
  NoData: 0x6e, // n
  NoticeResponse: 0x4e, // N
  NotificationResponse: 0x41, // A
  ParameterDescription: 0x74, // t
  ParameterStatus: 0x53, // S
  ParseComplete: 0x31, // 1
  PortalSuspended: 0x73, // s
  ReadyForQuery: 0x5a, // Z
  RowDescription: 0x54, // T
} as const

/** ReadyForQuery's status byte: idle, in a transaction block, in a failed one. */
export type TransactionStatus = 'I' | 'T' | 'E'

export interface ParameterStatus {
  readonly name: string
  readonly value: string
}

export interface BackendKeyData {
  readonly processId: number
  /** 4 bytes in protocol 3.0; 4 to 256 in 3.2. */
  readonly secretKey: Buffer
}

/** The newest version the server speaks, and the `_pq_.` options of the client that it does not know. */
export interface NegotiateProtocolVersion {
  readonly version: ProtocolVersion
  readonly unknownOptions: readonly string[]
}

export function parseReadyForQuery(body: Buffer): TransactionStatus {
  const reader = new MessageReader(body)
  const status = String.fromCharCode(reader.byte())
  reader.end()
  if (status === 'I' || status === 'T' || status === 'E') return status
  return reader.fail(`transaction status ${JSON.stringify(status)}`)
}

export function encodeReadyForQuery(status: TransactionStatus): Buffer {
  return new MessageWriter(6).begin('Z').byte(status.charCodeAt(0)).end().finish()
}

export function parseParameterStatus(body: Buffer): ParameterStatus {
  const reader = new MessageReader(body)
  const name = reader.cstring()
  const value = reader.cstring()
  reader.end()
  return { name, value }
}

export function encodeParameterStatus(name: string, value: string): Buffer {
  return new MessageWriter().begin('S').cstring(name).cstring(value).end().finish()
}

export function parseBackendKeyData(body: Buffer): BackendKeyData {
  const reader = new MessageReader(body)
  const processId = reader.int32()
  const secretKey = Buffer.from(reader.rest())
  if (secretKey.length < 4 || secretKey.length > MAX_CANCEL_KEY_BYTES) {
    reader.fail(`cancel key of ${secretKey.length} bytes`)
  }
  return { processId, secretKey }
}

export function encodeBackendKeyData({ processId, secretKey }: BackendKeyData): Buffer {
  return new MessageWriter().begin('K').int32(processId).bytes(secretKey).end().finish()
}

/** What ends a handshake, in one piece: AuthenticationOk, ParameterStatus of each, BackendKeyData, ReadyForQuery. */
export function encodeHandshakeEnd(
  parameters: readonly (readonly [name: string, value: string])[],
  { processId, secretKey }: BackendKeyData,
): Buffer {
  const writer = new MessageWriter(1024).begin('R').int32(0).end()
  for (const [name, value] of parameters) writer.begin('S').cstring(name).cstring(value).end()
  writer.begin('K').int32(processId).bytes(secretKey).end()
  return writer.begin('Z').byte(IDLE).end().finish()
}

const IDLE = 'I'.charCodeAt(0)

/** The wire carries the whole version number (3 << 16 | minor), as PostgreSQL sends it. */
export function parseNegotiateProtocolVersion(body: Buffer): NegotiateProtocolVersion {
  const reader = new MessageReader(body)
  const code = reader.int32()
  const count = reader.int32()
  if (count < 0 || count > reader.left) reader.fail(`${count} unknown options`)
  const unknownOptions = Array.from({ length: count }, () => reader.cstring())
  reader.end()
  return { version: { major: code >>> 16, minor: code & 0xffff }, unknownOptions }
}

export function encodeNegotiateProtocolVersion({ version, unknownOptions }: NegotiateProtocolVersion): Buffer {
  const code = (version.major << 16) | version.minor
  const writer = new MessageWriter().begin('v').int32(code).int32(unknownOptions.length)
  for (const option of unknownOptions) writer.cstring(option)
  return writer.end().finish()
}
