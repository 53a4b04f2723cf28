/** ReadyForQuery but for its status: tag, length word. */
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5])
const READY_FOR_QUERY_BYTES = 6
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4])

/**
 * Whether a session is at rest: the last thing that passed is a ReadyForQuery. Only then can something be said to
 * the client that would not fall into the middle of a message. Looks at the end of each chunk and at nothing else.
 *
 * A client that has said Terminate is told nothing more, though a ReadyForQuery was still on its way: drivers tell of
 * an error before that arrives, and their program may hang up in between.
 */
export class QuietMoment {
  #now = true
  #leaving = false

  get now(): boolean {
    return this.#now && !this.#leaving
  }

  readonly fromClient = (chunk: Buffer): Buffer => {
    this.#now = false
    this.#leaving = chunk.length >= TERMINATE.length && chunk.subarray(-TERMINATE.length).equals(TERMINATE)
    return chunk
  }

  readonly fromServer = (chunk: Buffer): Buffer => {
    const at = chunk.length - READY_FOR_QUERY_BYTES
    this.#now = at >= 0 && READY_FOR_QUERY.compare(chunk, at, at + READY_FOR_QUERY.length) === 0
    return chunk
  }
}
