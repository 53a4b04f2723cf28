/** Gathers pieces and gives them on in as few buffers as they allow: neighbours in one chunk become one again. */
export class JoinedBytes {
  #pieces: Buffer[] = []

  add(piece: Buffer): void {
    if (piece.length === 0) return
    const last = this.#pieces.at(-1)
    if (last !== undefined && last.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset) {
      this.#pieces[this.#pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + piece.length)
    } else {
      this.#pieces.push(piece)
    }
  }

  /** All pieces since the last time, one buffer where they are few bytes. */
  take(): readonly Buffer[] {
    const pieces = this.#pieces
    if (pieces.length === 0) return NONE
    this.#pieces = []
    if (pieces.length === 1) return pieces
    let bytes = 0
    for (const piece of pieces) bytes += piece.length
    return bytes <= COPIED_BYTES ? [Buffer.concat(pieces, bytes)] : pieces
  }
}

const NONE: readonly Buffer[] = []
/** Copying this much costs less than a second write. */
const COPIED_BYTES = 16_384
