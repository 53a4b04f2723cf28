import type { OnReadOpts, Socket } from 'node:net'

/** Takes bytes that are in a reused buffer; true where it still needs them after it has returned. */
export type DirectConsumer = (chunk: Buffer) => boolean

/** An idle connection keeps this much; a read that fills it makes the next one the larger. */
const SMALL_BYTES = 4 * 1024
/** What libuv reads at most at a time. */
const LARGE_BYTES = 64 * 1024
const COPIED_BYTES = 8 * 1024

const readers = new WeakMap<object, DirectReader>()

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

  constructor() {
    this.options = {
      buffer: () => this.#buffer,
      callback: (count) => {
        this.#read(count)
        return true
      },
    }
  }

  /** The reader of a socket that was made with one. */
  static of(stream: object): DirectReader | undefined {
    return readers.get(stream)
  }

  attach(socket: Socket): void {
    this.#socket = socket
    readers.set(socket, this)
  }

  /** From now on bytes go there; pausing and resuming stay the socket's. */
  consume(consumer: DirectConsumer): void {
    this.#consumer = consumer
  }

  #read(count: number): void {
    const size = this.#buffer.length
    const chunk = this.#buffer.subarray(0, count)
    let lent = false
    if (this.#consumer) lent = this.#consumer(chunk)
    else {
      // Whoever listens keeps what it gets. Little is copied out, much is given away with its buffer.
      lent = count > COPIED_BYTES
      this.#socket?.push(lent ? chunk : Buffer.from(chunk))
    }
    const next = count === size ? LARGE_BYTES : count <= SMALL_BYTES ? SMALL_BYTES : size
    if (lent || next !== size) this.#buffer = Buffer.allocUnsafeSlow(next)
  }
}
