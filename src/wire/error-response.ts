import { MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'

export type Severity = 'ERROR' | 'FATAL' | 'PANIC' | 'WARNING' | 'NOTICE' | 'DEBUG' | 'INFO' | 'LOG'

/** The fields of an ErrorResponse or NoticeResponse that have a use here, by the manual's names. */
export interface ErrorFields {
  readonly severity: Severity
  /** SQLSTATE. */
  readonly code: string
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  /** Index into the query, in characters from 1. */
  readonly position?: number | undefined
}

/** All fields of a server's error as they came: field type character → text. */
export type RawErrorFields = ReadonlyMap<string, string>

/** An ErrorResponse. @see https://www.postgresql.org/docs/18/protocol-error-fields.html */
export function encodeErrorResponse(fields: ErrorFields): Buffer {
  return encodeFields('E', fields)
}

export function encodeNoticeResponse(fields: ErrorFields): Buffer {
  return encodeFields('N', fields)
}

function encodeFields(tag: 'E' | 'N', fields: ErrorFields): Buffer {
  const raw = new Map([
    ['S', fields.severity as string],
    ['V', fields.severity],
    ['C', fields.code],
    ['M', fields.message],
  ])
  if (fields.detail !== undefined) raw.set('D', fields.detail)
  if (fields.hint !== undefined) raw.set('H', fields.hint)
  if (fields.position !== undefined) raw.set('P', String(fields.position))
  return encodeRawErrorFields(tag, raw)
}

/** An ErrorResponse (`E`) or NoticeResponse (`N`) of exactly these fields, in this order. */
export function encodeRawErrorFields(tag: 'E' | 'N', fields: RawErrorFields): Buffer {
  const writer = new MessageWriter().begin(tag)
  for (const [type, text] of fields) writer.byte(type.charCodeAt(0)).cstring(text.replaceAll('\0', ''))
  return writer.byte(0).end().finish()
}

/**
 * Reads the body of an ErrorResponse or NoticeResponse. Text that is not UTF-8 (a server's own messages before
 * the encoding is agreed) is decoded with replacement characters rather than refused.
 *
 * @throws BAD_FRAME when the fields do not end where the message does.
 */
export function parseErrorFields(body: Buffer): RawErrorFields {
  const reader = new MessageReader(body)
  const fields = new Map<string, string>()
  for (let type = reader.byte(); type !== 0; type = reader.byte()) {
    fields.set(String.fromCharCode(type), reader.cstringBytes().toString('utf8'))
  }
  reader.end()
  return fields
}
