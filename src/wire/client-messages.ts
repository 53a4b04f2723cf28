import { MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'

/** Tags of the messages a client sends (manual section 54.7, those marked F). */
export const CLIENT = {
  Bind: 0x42, // B
  Close: 0x43, // C
  CopyData: 0x64, // d
  CopyDone: 0x63, // c
  CopyFail: 0x66, // f
  Describe: 0x44, // D
  Execute: 0x45, // E
  Flush: 0x48, // H
  FunctionCall: 0x46, // F
  Parse: 0x50, // P
  /** PasswordMessage, SASLInitialResponse, SASLResponse and GSSResponse share it. */
  Password: 0x70, // p
  Query: 0x51, // Q
  Sync: 0x53, // S
  Terminate: 0x58, // X
} as const

/** A prepared statement or a portal, by name; the empty name is the unnamed one. */
export interface NamedTarget {
  readonly kind: 'statement' | 'portal'
  readonly name: string
}

export interface ParseMessage {
  readonly statement: string
  /** Not decoded: what is judged must be the very bytes. */
  readonly sql: Buffer
  readonly parameterTypes: readonly number[]
}

export interface BindTarget {
  readonly portal: string
  readonly statement: string
}

export interface ExecuteMessage {
  readonly portal: string
  /** 0 is no limit. */
  readonly maxRows: number
}

/** Reads the body of a Query: its SQL, not decoded. */
export function parseQuery(body: Buffer): Buffer {
  const reader = new MessageReader(body)
  const sql = reader.cstringBytes()
  reader.end()
  return sql
}

export function parseParse(body: Buffer): ParseMessage {
  const reader = new MessageReader(body)
  const statement = reader.cstring()
  const sql = reader.cstringBytes()
  const count = reader.uint16()
  if (count * 4 > reader.left) reader.fail(`${count} parameter types`)
  const parameterTypes = Array.from({ length: count }, () => reader.uint32())
  reader.end()
  return { statement, sql, parameterTypes }
}

/** Reads the names at the head of a Bind; the values behind them are the server's to read. */
export function parseBindTarget(body: Buffer): BindTarget {
  const reader = new MessageReader(body)
  return { portal: reader.cstring(), statement: reader.cstring() }
}

/** Reads the body of a Describe or a Close. */
export function parseNamedTarget(body: Buffer): NamedTarget {
  const reader = new MessageReader(body)
  const type = reader.byte()
  const name = reader.cstring()
  reader.end()
  if (type === 0x53) return { kind: 'statement', name }
  if (type === 0x50) return { kind: 'portal', name }
  return reader.fail(`target type ${type}`)
}

export function parseExecute(body: Buffer): ExecuteMessage {
  const reader = new MessageReader(body)
  const portal = reader.cstring()
  const maxRows = reader.int32()
  reader.end()
  return { portal, maxRows }
}

/** The OID of the function that a FunctionCall names. */
export function parseFunctionCallOid(body: Buffer): number {
  return new MessageReader(body).uint32()
}

export function encodeQuery(sql: string | Buffer): Buffer {
  return new MessageWriter().begin('Q').cstring(sql).end().finish()
}

export function encodeParse(statement: string, sql: string | Buffer, parameterTypes: readonly number[] = []): Buffer {
  const writer = new MessageWriter().begin('P').cstring(statement).cstring(sql).int16(parameterTypes.length)
  for (const oid of parameterTypes) writer.uint32(oid)
  return writer.end().finish()
}

/** A Bind with text parameters and text results. */
export function encodeBind(portal: string, statement: string, values: readonly (string | null)[] = []): Buffer {
  const writer = new MessageWriter().begin('B').cstring(portal).cstring(statement).int16(0).int16(values.length)
  for (const value of values) {
    if (value === null) {
      writer.int32(-1)
      continue
    }
    const bytes = Buffer.from(value, 'utf8')
    writer.int32(bytes.length).bytes(bytes)
  }
  return writer.int16(0).end().finish()
}

export function encodeDescribe(target: NamedTarget): Buffer {
  return encodeNamedTarget('D', target)
}

export function encodeClose(target: NamedTarget): Buffer {
  return encodeNamedTarget('C', target)
}

function encodeNamedTarget(tag: string, { kind, name }: NamedTarget): Buffer {
  const type = kind === 'statement' ? 0x53 : 0x50
  return new MessageWriter().begin(tag).byte(type).cstring(name).end().finish()
}

export function encodeExecute(portal: string, maxRows = 0): Buffer {
  return new MessageWriter().begin('E').cstring(portal).int32(maxRows).end().finish()
}

/** A FunctionCall without arguments. */
export function encodeFunctionCall(oid: number): Buffer {
  return new MessageWriter().begin('F').uint32(oid).int16(0).int16(0).int16(0).end().finish()
}

export function encodeSync(): Buffer {
  return encodeBare('S')
}

export function encodeFlush(): Buffer {
  return encodeBare('H')
}

export function encodeTerminate(): Buffer {
  return encodeBare('X')
}

export function encodeCopyDone(): Buffer {
  return encodeBare('c')
}

export function encodeCopyData(data: Uint8Array): Buffer {
  return new MessageWriter(data.length + 5).begin('d').bytes(data).end().finish()
}

export function encodeCopyFail(reason: string): Buffer {
  return new MessageWriter().begin('f').cstring(reason).end().finish()
}

function encodeBare(tag: string): Buffer {
  return new MessageWriter(5).begin(tag).end().finish()
}
