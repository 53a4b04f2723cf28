import type { OnReadOpts, Socket } from 'node:net'

/** Takes bytes that are in a reused buffer; true where it still needs them after it has returned. */
export type DirectConsumer = (chunk: Buffer) => boolean

/** An idle connection keeps this much; a read that fills it makes the next one the larger. */
const SMALL_BYTES = 4 * 1024
/** What libuv reads at most at a time. */
const LARGE_BYTES = 64 * 1024
const COPIED_BYTES = 8 * 1024

const readers = new WeakMap<object, DirectReader>()
/** The readers of memory that was given away. */
const lenders = new WeakMap<object, DirectReader>()
/** Given-away buffers that came back, kept for the next reads; a COPY keeps one being written and one being read into. */
const MAX_SPARE = 2

/**
 * Reads a socket into a buffer that is used again, which halves what carrying bulk costs: the memory stays warm, and
 * nothing is left for the garbage collector. Without a consumer the bytes arrive as `data` events like any socket's.
 *
 * A buffer whose bytes still wait to be written is given away and replaced: it must not be read into again.
 */
export class DirectReader {
  readonly options: OnReadOpts
  #socket: Socket | undefined
  #consumer: DirectConsumer | undefined
  #buffer: Buffer = Buffer.allocUnsafeSlow(SMALL_BYTES)
  readonly #spare: Buffer[] = []

  constructor() {
    this.options = {
      buffer: () => this.#buffer,
      callback: (count) => this.#read(count),
    }
  }

  /** The reader of a socket that was made with one. */
  static of(stream: object): DirectReader | undefined {
    return readers.get(stream)
  }

  /**
   * Takes back the memory of a large chunk that nobody reads or writes from any more, to be read into again. What is
   * not given back is left to the garbage collector, which that much memory keeps busy.
   */
  static giveBack(memory: ArrayBufferLike): void {
    const reader = lenders.get(memory)
    if (reader === undefined || reader.#spare.length >= MAX_SPARE) return
    lenders.delete(memory)
    reader.#spare.push(Buffer.from(memory))
  }

  attach(socket: Socket): void {
    this.#socket = socket
    readers.set(socket, this)
  }

  /** From now on bytes go there; pausing and resuming stay the socket's. */
  consume(consumer: DirectConsumer): void {
    this.#consumer = consumer
  }

  /** False where whoever listens has not taken what was read before: then the socket is not read until they have. */
  #read(count: number): boolean {
    const size = this.#buffer.length
    const chunk = this.#buffer.subarray(0, count)
    let lent = false
    let takesMore = true
    if (this.#consumer) lent = this.#consumer(chunk)
    else {
      // Whoever listens keeps what it gets. Little is copied out, much is given away with its buffer.
      lent = count > COPIED_BYTES
      takesMore = this.#socket?.push(lent ? chunk : Buffer.from(chunk)) ?? true
    }
    const next = count === size ? LARGE_BYTES : count <= SMALL_BYTES ? SMALL_BYTES : size
    if (!lent && next === size) return takesMore
    if (lent && this.#consumer === undefined && size === LARGE_BYTES) lenders.set(chunk.buffer, this)
    this.#buffer = (next === LARGE_BYTES && this.#spare.pop()) || Buffer.allocUnsafeSlow(next)
    return takesMore
  }
}
