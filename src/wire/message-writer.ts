import { fail } from '../base/errors.ts'

/**
 * Builds messages, one or several after another, in one growing buffer; lengths are filled in by itself.
 *
 * `new MessageWriter().begin('Q').cstring(sql).end().finish()`
 *
 * @see https://www.postgresql.org/docs/18/protocol-message-formats.html
 */
export class MessageWriter {
  #buffer: Buffer
  #at = 0
  /** Where the current message's length word stands. */
  #lengthAt = 0

  constructor(expectedBytes = 256) {
    this.#buffer = Buffer.allocUnsafe(expectedBytes)
  }

  /** Starts a message; without a tag, one of the kind that opens a connection. */
  begin(tag?: string): this {
    if (tag !== undefined) this.byte(tag.charCodeAt(0))
    this.#lengthAt = this.#at
    return this.int32(0)
  }

  /** Ends the message that `begin` started. */
  end(): this {
    this.#buffer.writeInt32BE(this.#at - this.#lengthAt, this.#lengthAt)
    return this
  }

  byte(value: number): this {
    const at = this.#reserve(1)
    this.#buffer[at] = value
    return this
  }

  int16(value: number): this {
    const at = this.#reserve(2)
    this.#buffer.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#reserve(4)
    this.#buffer.writeInt32BE(value, at)
    return this
  }

  uint32(value: number): this {
    const at = this.#reserve(4)
    this.#buffer.writeUInt32BE(value, at)
    return this
  }

  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length)
    this.#buffer.set(value, at)
    return this
  }

  /**
   * Text and its NUL.
   *
   * @throws INTERNAL where the text holds a NUL: what follows it would be read as the next field.
   */
  cstring(value: string | Buffer): this {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value
    if (bytes.includes(0)) fail('INTERNAL', { detail: 'a NUL inside a protocol string' })
    return this.bytes(bytes).byte(0)
  }

  /** The bytes of all messages so far. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  /** Makes room and moves on; evaluate it before touching `#buffer`, which it may replace. */
  #reserve(count: number): number {
    const at = this.#at
    this.#at += count
    if (this.#at > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#at, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, at)
      this.#buffer = larger
    }
    return at
  }
}
