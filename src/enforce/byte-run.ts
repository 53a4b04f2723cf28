/**
 * Puts bytes that lie side by side in memory into one write. `flush` before the chunk they came in is given back.
 */
export class ByteRun {
  readonly #write: (chunk: Buffer) => void
  #memory: ArrayBufferLike | undefined
  #start = 0
  #end = 0

  constructor(write: (chunk: Buffer) => void) {
    this.#write = write
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (bytes.buffer === this.#memory && bytes.byteOffset === this.#end) {
      this.#end += bytes.length
      return
    }
    this.flush()
    this.#memory = bytes.buffer
    this.#start = bytes.byteOffset
    this.#end = bytes.byteOffset + bytes.length
  }

  flush(): void {
    if (this.#memory === undefined) return
    const run = Buffer.from(this.#memory, this.#start, this.#end - this.#start)
    this.#memory = undefined
    this.#write(run)
  }
}
