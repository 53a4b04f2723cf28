/**
 * Follows a stream of tagged messages to know where one ends, without looking at what they say.
 * A length word that cannot be is the far side's to complain of: from there on no boundary is ever reported.
 */
export class MessageBoundary {
  #header = 0
  #lengthBytes = 0
  #bodyLeft = 0
  #lost = false

  /** Whether everything seen so far is whole messages. */
  get here(): boolean {
    return !this.#lost && this.#header === 0 && this.#bodyLeft === 0
  }

  /** Takes in a chunk; gives the offset behind the first message that ends in it, or -1 where none does. */
  advance(chunk: Buffer): number {
    let first = -1
    let at = 0
    while (at < chunk.length && !this.#lost) {
      if (this.#bodyLeft > 0) {
        const step = Math.min(this.#bodyLeft, chunk.length - at)
        at += step
        this.#bodyLeft -= step
      } else if (this.#header === 0 && chunk.length - at >= 5) {
        this.#begin(chunk.readInt32BE(at + 1))
        at += 5
      } else {
        this.#headerByte(chunk[at] as number)
        at += 1
      }
      if (first < 0 && this.here) first = at
    }
    return first
  }

  #headerByte(byte: number): void {
    if (this.#header > 0) this.#lengthBytes = (this.#lengthBytes << 8) | byte
    this.#header += 1
    if (this.#header < 5) return
    this.#header = 0
    const length = this.#lengthBytes
    this.#lengthBytes = 0
    this.#begin(length)
  }

  #begin(length: number): void {
    if (length < 4) this.#lost = true
    else this.#bodyLeft = length - 4
  }
}
