import { fail } from '../base/errors.ts'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the fields of one message body and cannot leave it: a field that would go past the body's end is a
 * protocol violation, however many bytes lie behind it in the socket's buffer.
 *
 * @throws BAD_FRAME from every method when the body is too short, or is not what the field needs.
 * @see https://www.postgresql.org/docs/18/protocol-message-types.html
 */
export class MessageReader {
  readonly #body: Buffer
  #at = 0

  constructor(body: Buffer) {
    this.#body = body
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#body.length - this.#at
  }

  byte(): number {
    return this.#body[this.#advance(1)] as number
  }

  int16(): number {
    return this.#body.readInt16BE(this.#advance(2))
  }

  /** For counts: the manual says Int16, and the server reads up to 65,535 (`pq_getmsgint` gives it unsigned). */
  uint16(): number {
    return this.#body.readUInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#body.readInt32BE(this.#advance(4))
  }

  uint32(): number {
    return this.#body.readUInt32BE(this.#advance(4))
  }

  /** `count` bytes; an alias of the message. A negative count is a violation, never a step back. */
  bytes(count: number): Buffer {
    const from = this.#advance(count)
    return this.#body.subarray(from, from + count)
  }

  /** The bytes before the next NUL, which is passed over; an alias of the message. */
  cstringBytes(): Buffer {
    const end = this.#body.indexOf(0, this.#at)
    if (end < 0) this.fail('string without its NUL')
    const bytes = this.#body.subarray(this.#at, end)
    this.#at = end + 1
    return bytes
  }

  /** As cstringBytes, decoded; what is not UTF-8 is a violation. */
  cstring(): string {
    return decodeUtf8(this.cstringBytes())
  }

  /** All that is left; an alias of the message. */
  rest(): Buffer {
    return this.bytes(this.left)
  }

  /** Checks that the message ends here, so that nothing rides along behind the fields. */
  end(): void {
    if (this.left !== 0) this.fail(`${this.left} bytes after the last field`)
  }

  /** For a field with a value that the message cannot have. */
  fail(detail: string): never {
    fail('BAD_FRAME', { detail })
  }

  #advance(count: number): number {
    if (count < 0 || count > this.left) this.fail(`field of ${count} bytes where ${this.left} are left`)
    const from = this.#at
    this.#at += count
    return from
  }
}

/**
 * The text of UTF-8 bytes; a byte order mark is kept, so that what is judged equals what is sent.
 *
 * @throws BAD_FRAME where they are not UTF-8.
 */
export function decodeUtf8(bytes: Buffer): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    fail('BAD_FRAME', { detail: 'text that is not UTF-8', cause })
  }
}
