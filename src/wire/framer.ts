import { fail } from '../base/errors.ts'
import { HEADER_BYTES, MAX_MESSAGE_BYTES } from './limits.ts'

/** DataRow; to a server it is a Describe, which nobody lets pass through unread. */
const ROW = 0x44
const COPY_DATA = 0x64

/** Where a Framer's output goes. The callbacks run inside `push` and must not call it. */
export interface FrameSink {
  /**
   * Decides from the header alone, once a message (once a run of DataRow or of CopyData that passes through): true to have it whole in `onMessage`, false to let its
   * bytes pass through `onBytes`, a number to have that many bytes of its body in `onMessage` and the rest in
   * `onBytes` (or nowhere: see `dropRest`). `bodyBytes` counts neither tag nor length word. May throw, which closes.
   */
  holds(tag: number, bodyBytes: number): boolean | number
  /**
   * A held message, or its held beginning: `message` starts at the tag, `message.subarray(5)` is the body. `isOwn`: it
   * is in memory of its own, which stays as it is.
   */
  onMessage(tag: number, message: Buffer, isOwn: boolean): void
  /** Bytes of messages that are not held; as many messages as stand side by side come in one call. */
  onBytes(bytes: Buffer): void
}

/**
 * Splits a byte stream into Postgres messages, in order, without copying those nobody reads.
 *
 * A chunk may hold half a message or fifty. A message is *held* until whole when `sink.holds` says so;
 * otherwise its bytes go to `sink.onBytes` as they arrive, so a 1 GB row costs one chunk of memory. A held
 * message grows with the bytes that came, never with the length that its header claims.
 *
 * Slices alias the chunk that was pushed: use them before returning, or copy them.
 *
 * A sink that has to wait (for a lease, for a parse elsewhere) calls `stall()` from `onMessage`: nothing
 * further is delivered, and what is pushed meanwhile is kept, until `proceed()`. Stop reading from the
 * socket while stalled, or what is kept has no bound.
 *
 * Lengths are bytes; the wire's length word counts itself but not the tag.
 *
 * @throws BAD_FRAME when the length word is below 4 or above what PostgreSQL takes, or a held message is
 *   longer than `maxHeldBytes`. The connection cannot be resynchronised: close it.
 * @see https://www.postgresql.org/docs/18/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS
 */
export class Framer {
  readonly #maxHeldBytes: number
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  /** Bytes of the current message's body still to come; 0 between messages. */
  #bodyLeft = 0
  /** The parts of a held message that did not end in its first chunk; null while none is being collected. */
  #held: Collected | null = null
  /** Bytes behind the part of a message that is held, still to come once that part is whole. */
  #restBytes = 0
  /** Whether what is left of the current message goes nowhere. */
  #dropping = false
  #stalled = false
  #backlog: Buffer[] = []

  constructor(options: { maxHeldBytes: number }) {
    this.#maxHeldBytes = options.maxHeldBytes
  }

  /** True between messages, with nothing kept back: the stream may end here. */
  get atBoundary(): boolean {
    return this.#headerBytes === 0 && this.#bodyLeft === 0 && this.#held === null && this.#backlog.length === 0
  }

  get stalled(): boolean {
    return this.#stalled
  }

  push(chunk: Buffer, sink: FrameSink): void {
    if (this.#stalled) {
      this.#backlog.push(Buffer.from(chunk))
      return
    }
    const used = this.#consume(chunk, sink)
    if (used < chunk.length) this.#backlog.unshift(Buffer.from(chunk.subarray(used)))
  }

  stall(): void {
    this.#stalled = true
  }

  /** Called from `onMessage` of a message held in part: the rest of it goes nowhere. */
  dropRest(): void {
    this.#dropping = true
  }

  /** Ends a stall and delivers what was kept meanwhile, up to the next stall. */
  proceed(sink: FrameSink): void {
    this.#stalled = false
    while (!this.#stalled) {
      const chunk = this.#backlog.shift()
      if (chunk === undefined) return
      this.push(chunk, sink)
    }
  }

  /** Delivers messages until the chunk ends or the sink stalls; the number of bytes used up. */
  #consume(chunk: Buffer, sink: FrameSink): number {
    let at = 0
    /** Where the run of bytes to pass through begins; -1 while there is none. */
    let run = -1

    if (this.#held !== null) at = this.#collect(chunk, sink)

    while (at < chunk.length && !this.#stalled) {
      if (this.#bodyLeft > 0) {
        const pass = Math.min(this.#bodyLeft, chunk.length - at)
        if (run < 0 && !this.#dropping) run = at
        at += pass
        this.#bodyLeft -= pass
        continue
      }
      this.#dropping = false
      if (this.#headerBytes > 0 || chunk.length - at < HEADER_BYTES) {
        if (run >= 0) sink.onBytes(chunk.subarray(run, at))
        run = -1
        at = this.#acrossHeader(chunk, at, sink)
        continue
      }
      const tag = chunk[at] as number
      const bodyBytes = readLength(chunk, at + 1)
      const heldBytes = this.#heldBytes(sink.holds(tag, bodyBytes), tag, bodyBytes)
      if (heldBytes < 0) {
        if (run < 0) run = at
        const pass = Math.min(HEADER_BYTES + bodyBytes, chunk.length - at)
        at += pass
        this.#bodyLeft = HEADER_BYTES + bodyBytes - pass
        if (this.#bodyLeft === 0 && (tag === ROW || tag === COPY_DATA)) at = endOfRun(chunk, at, tag)
        continue
      }
      if (run >= 0) sink.onBytes(chunk.subarray(run, at))
      run = -1
      const end = at + HEADER_BYTES + heldBytes
      if (end <= chunk.length) {
        this.#bodyLeft = bodyBytes - heldBytes
        const message = chunk.subarray(at, end)
        at = end
        sink.onMessage(tag, message, false)
      } else {
        this.#held = new Collected(chunk.subarray(at))
        this.#bodyLeft = end - chunk.length
        this.#restBytes = bodyBytes - heldBytes
        at = chunk.length
      }
    }
    if (run >= 0) sink.onBytes(chunk.subarray(run, at))
    return at
  }

  /** Takes bytes of a header that does not lie in one chunk, and decides once it is whole; where to go on. */
  #acrossHeader(chunk: Buffer, from: number, sink: FrameSink): number {
    const take = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length - from)
    chunk.copy(this.#header, this.#headerBytes, from, from + take)
    this.#headerBytes += take
    const at = from + take
    if (this.#headerBytes < HEADER_BYTES) return at

    this.#headerBytes = 0
    const tag = this.#header[0] as number
    const bodyBytes = readLength(this.#header, 1)
    const heldBytes = this.#heldBytes(sink.holds(tag, bodyBytes), tag, bodyBytes)
    if (heldBytes >= 0) {
      this.#held = new Collected(this.#header)
      this.#bodyLeft = heldBytes
      this.#restBytes = bodyBytes - heldBytes
      return at + this.#collect(chunk.subarray(at), sink)
    }
    sink.onBytes(Buffer.from(this.#header))
    const pass = Math.min(bodyBytes, chunk.length - at)
    this.#bodyLeft = bodyBytes - pass
    if (pass > 0) sink.onBytes(chunk.subarray(at, at + pass))
    return at + pass
  }

  /** Adds to the held message and delivers it when it is whole; the number of bytes used up. */
  #collect(chunk: Buffer, sink: FrameSink): number {
    const held = this.#held as Collected
    const take = Math.min(this.#bodyLeft, chunk.length)
    if (take > 0) held.add(chunk.subarray(0, take), this.#bodyLeft - take)
    this.#bodyLeft -= take
    if (this.#bodyLeft === 0) {
      this.#held = null
      this.#bodyLeft = this.#restBytes
      this.#restBytes = 0
      const { bytes: message } = held
      sink.onMessage(message[0] as number, message, true)
    }
    return take
  }

  /** How much of a body to hold: none of the message at all is -1. */
  #heldBytes(wish: boolean | number, tag: number, bodyBytes: number): number {
    if (wish === false) return -1
    const bytes = wish === true ? bodyBytes : Math.min(wish, bodyBytes)
    if (bytes > this.#maxHeldBytes) {
      fail('BAD_FRAME', { detail: `message ${tagText(tag)} of ${bytes} bytes is over ${this.#maxHeldBytes}` })
    }
    return bytes
  }
}

/** Up to so much of a message that comes in parts is put together once it is there. */
const JOINED_BYTES = 256 * 1024

/**
 * The parts of a message. Those of a large one are put together as they come, in memory that doubles as it fills, so
 * that the last part of many megabytes costs no more than others.
 */
class Collected {
  #parts: Buffer[] = []
  #bytes: Buffer | undefined
  #length = 0

  constructor(first: Buffer) {
    this.#parts.push(Buffer.from(first))
    this.#length = first.length
  }

  /** `left`: bytes of the message that are still to come. */
  add(part: Buffer, left: number): void {
    const length = this.#length + part.length
    if (length + left <= JOINED_BYTES) {
      this.#parts.push(Buffer.from(part))
    } else {
      if (this.#bytes === undefined || this.#bytes.length < length) {
        const grown = Buffer.allocUnsafeSlow(Math.min(length + left, Math.max(2 * length, JOINED_BYTES)))
        let at = 0
        for (const one of this.#bytes === undefined ? this.#parts : [this.#bytes]) at += one.copy(grown, at)
        this.#parts = []
        this.#bytes = grown
      }
      part.copy(this.#bytes, this.#length)
    }
    this.#length = length
  }

  get bytes(): Buffer {
    return this.#bytes === undefined ? Buffer.concat(this.#parts) : this.#bytes.subarray(0, this.#length)
  }
}

/** A run of whole messages of one tag, from `at` on: where it ends. What has a length out of bounds is not part of it. */
function endOfRun(chunk: Buffer, at: number, tag: number): number {
  let end = at
  while (end + HEADER_BYTES <= chunk.length && chunk[end] === tag) {
    const next =
      end +
      1 +
      (((chunk[end + 1] as number) << 24) |
        ((chunk[end + 2] as number) << 16) |
        ((chunk[end + 3] as number) << 8) |
        (chunk[end + 4] as number))
    if (next < end + HEADER_BYTES || next > chunk.length) break
    end = next
  }
  return end
}

/** The number of body bytes that the length word at `offset` announces. */
function readLength(bytes: Buffer, offset: number): number {
  const length = bytes.readInt32BE(offset)
  if (length < 4 || length > MAX_MESSAGE_BYTES) fail('BAD_FRAME', { detail: `message length ${length}` })
  return length - 4
}

/** A tag as the manual writes it, or in hexadecimal where it is no printable character. */
export function tagText(tag: number): string {
  return tag > 0x20 && tag < 0x7f ? `"${String.fromCharCode(tag)}"` : `0x${tag.toString(16).padStart(2, '0')}`
}
