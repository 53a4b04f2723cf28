import { encodeRawErrorFields, type RawErrorFields } from '../wire/error-response.ts'
import type { GateParts } from './gate-parts.ts'

const MAX_SHORTENED_CHARACTERS = 1000

/** A server's error or notice as the client may see it; `message` itself where nothing has to go. */
export function filteredError(_tag: 'E' | 'N', message: Buffer, _fields: RawErrorFields, _parts: GateParts): Buffer {
  return message
}

/** The short fields of a message that is too long to be held, and the beginning of its text. */
export function shortenedError(tag: 'E' | 'N', fields: RawErrorFields): Buffer {
  const kept = new Map<string, string>()
  for (const type of ['S', 'V', 'C', 'M']) {
    const text = fields.get(type)
    if (text !== undefined) kept.set(type, text.slice(0, MAX_SHORTENED_CHARACTERS))
  }
  return encodeRawErrorFields(tag, kept)
}
