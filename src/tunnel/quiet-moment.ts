/** ReadyForQuery but for its status: tag, length word. */
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5])
const READY_FOR_QUERY_BYTES = 6

/**
 * Whether a session is at rest: the last thing that passed is a ReadyForQuery. Only then can something be said to
 * the client that would not fall into the middle of a message. Looks at the end of each chunk and at nothing else.
 */
export class QuietMoment {
  #now = true

  get now(): boolean {
    return this.#now
  }

  readonly fromClient = (chunk: Buffer): Buffer => {
    this.#now = false
    return chunk
  }

  readonly fromServer = (chunk: Buffer): Buffer => {
    const at = chunk.length - READY_FOR_QUERY_BYTES
    this.#now = at >= 0 && READY_FOR_QUERY.compare(chunk, at, at + READY_FOR_QUERY.length) === 0
    return chunk
  }
}
