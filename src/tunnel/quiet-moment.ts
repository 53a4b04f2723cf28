/** ReadyForQuery but for its status: tag, length word. */
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5])
const READY_FOR_QUERY_BYTES = 6
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4])

/** What a server may send on its own: NotificationResponse, NoticeResponse, ParameterStatus. */
const UNASKED = [0x41, 0x4e, 0x53]
const HEADER_BYTES = 5

/**
 * Whether a session is at rest: the last thing that passed is a ReadyForQuery, or behind it what a server sends on its
 * own. Only then can something be said to the client that would not fall into the middle of a message. Looks at the end
 * of each chunk, and at the whole of it only while at rest.
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
    const isReady = at >= 0 && READY_FOR_QUERY.compare(chunk, at, at + READY_FOR_QUERY.length) === 0
    this.#now = isReady || (this.#now && isUnasked(chunk))
    return chunk
  }
}

/** Whether these are whole messages that a server sends on its own, and nothing else. */
function isUnasked(chunk: Buffer): boolean {
  let at = 0
  while (at + HEADER_BYTES <= chunk.length && UNASKED.includes(chunk[at] as number)) {
    const length = chunk.readInt32BE(at + 1)
    if (length < 4) return false
    at += 1 + length
  }
  return at === chunk.length
}
