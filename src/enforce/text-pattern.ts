import { DECIMAL, INTEGER, STRING } from './sql-template.ts'

const NUL = 0
const BACKSLASH = 0x5c
const QUOTE = 0x27
const DOT = 0x2e
/** As in sql-template.ts. */
const MAX_INTEGER_DIGITS = 9

/**
 * Recognises texts of one template in the bytes of a message, without decoding or folding them: whatever stands between
 * literals must be there byte by byte, and a literal's place holds one of its kind.
 *
 * What it recognises is a text whose template is the same: `foldLiterals` looks at what a literal is and at the
 * characters beside it, and those are equal. It may fail to recognise one, such as a string beyond ASCII.
 */
export class TextPattern {
  readonly #parts: readonly Buffer[]
  /** Of the literal behind each part but the last. */
  readonly #kinds: readonly number[]

  /** `template` as foldLiterals gives it. */
  constructor(template: string) {
    const parts: Buffer[] = []
    const kinds: number[] = []
    let from = 0
    for (let at = 0; at < template.length; at++) {
      const code = template.charCodeAt(at)
      if (code !== INTEGER_CODE && code !== DECIMAL_CODE && code !== STRING_CODE) continue
      parts.push(Buffer.from(template.slice(from, at)))
      kinds.push(code)
      from = at + 1
    }
    parts.push(Buffer.from(template.slice(from)))
    this.#parts = parts
    this.#kinds = kinds
  }

  /** Whether the text from `start` to `end` has the template. */
  matches(bytes: Buffer, start: number, end: number): boolean {
    const parts = this.#parts
    const kinds = this.#kinds
    let at = start
    for (let index = 0; ; index++) {
      const part = parts[index] as Buffer
      const { length } = part
      if (end - at < length) return false
      for (let inside = 0; inside < length; inside++) if (bytes[at + inside] !== part[inside]) return false
      at += length
      if (index === kinds.length) return at === end
      at = literalEnd(bytes, at, end, kinds[index] as number)
      if (at < 0) return false
    }
  }
}

const INTEGER_CODE = INTEGER.charCodeAt(0)
const DECIMAL_CODE = DECIMAL.charCodeAt(0)
const STRING_CODE = STRING.charCodeAt(0)

/** Behind a literal of that kind; -1 where none begins, or one that is not to be sure of. */
function literalEnd(bytes: Buffer, start: number, end: number, kind: number): number {
  if (kind === STRING_CODE) return stringEnd(bytes, start, end)
  const integerEnd = digitsEnd(bytes, start, end)
  if (integerEnd === start) return -1
  if (kind === INTEGER_CODE) return integerEnd - start > MAX_INTEGER_DIGITS ? -1 : integerEnd
  if (integerEnd >= end || bytes[integerEnd] !== DOT) return -1
  const decimalEnd = digitsEnd(bytes, integerEnd + 1, end)
  return decimalEnd === integerEnd + 1 ? -1 : decimalEnd
}

function digitsEnd(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at++
  return at
}

function stringEnd(bytes: Buffer, start: number, end: number): number {
  if (start >= end || bytes[start] !== QUOTE) return -1
  for (let at = start + 1; at < end; at++) {
    const code = bytes[at] as number
    if (code === BACKSLASH || code === NUL || code >= 0x80) return -1
    if (code !== QUOTE) continue
    if (at + 1 === end || bytes[at + 1] !== QUOTE) return at + 1
    at++
  }
  return -1
}
