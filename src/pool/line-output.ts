/** Of each piece of memory; what is written together mostly fits. */
const PIECE_BYTES = 32_768

/**
 * What goes to a server with the next write, written where it will be sent from. Memory that was sent is not written
 * again, since the socket may still hold it.
 */
export class LineOutput {
  /** Where whoever took room writes to. */
  bytes = Buffer.allocUnsafeSlow(PIECE_BYTES)
  readonly #send: (bytes: Buffer) => void
  #start = 0
  #end = 0

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send
  }

  /** Where in `bytes` that many may be written, before anything else is called here. */
  take(length: number): number {
    if (this.#end + length > this.bytes.length) {
      this.flush()
      this.bytes = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, length))
      this.#start = this.#end = 0
    }
    const at = this.#end
    this.#end += length
    return at
  }

  add(message: Buffer): void {
    const at = this.take(message.length)
    message.copy(this.bytes, at)
  }

  flush(): void {
    if (this.#start === this.#end) return
    const bytes = this.bytes.subarray(this.#start, this.#end)
    this.#start = this.#end
    this.#send(bytes)
  }
}
