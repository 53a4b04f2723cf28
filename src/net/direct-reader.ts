import type { OnReadOpts, Socket } from 'node:net'

/**
 * Takes bytes that are in a reused buffer; true where it still needs them and goes on reading. One that has paused the
 * socket until it needs them no more says false.
 */
export type DirectConsumer = (chunk: Buffer) => boolean

/** An idle connection keeps the first; a read that fills its buffer makes the next one the larger. */
const SIZES = [4 * 1024, 64 * 1024, 256 * 1024] as const
/**
 * After so many reads in a row that the smallest buffer would have held, it is that again. Not before: the pieces of a bulk
 * transfer are of all sizes, and a buffer that follows them is new memory, unmapped pages, for each: half of what they cost.
 */
const SMALL_READS = 4
/** Of what nobody here consumes, little is copied out, much is given away with its buffer. */
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
  #step = 0
  #smallReads = 0
  #buffer: Buffer = Buffer.allocUnsafeSlow(SIZES[0])
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
    if (memory.byteLength !== SIZES[reader.#step]) return
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
    const buffer = this.#buffer
    let lent = false
    let takesMore = true
    if (this.#consumer) lent = this.#consumer(buffer.subarray(0, count))
    else {
      lent = count > COPIED_BYTES
      takesMore = this.#socket?.push(lent ? buffer.subarray(0, count) : copyOf(buffer, count)) ?? true
    }
    const step = this.#nextStep(count)
    if (!lent && step === this.#step) return takesMore
    if (lent && this.#consumer === undefined && this.#step > 0) lenders.set(buffer.buffer, this)
    if (step !== this.#step) this.#spare.length = 0
    this.#step = step
    const size = SIZES[step] as number
    const spare = this.#spare.pop()
    this.#buffer = spare ?? Buffer.allocUnsafeSlow(size)
    return takesMore
  }

  #nextStep(count: number): number {
    const isFull = count === this.#buffer.length
    this.#smallReads = !isFull && count <= SIZES[0] ? this.#smallReads + 1 : 0
    if (isFull) return Math.min(this.#step + 1, SIZES.length - 1)
    return this.#smallReads >= SMALL_READS ? 0 : this.#step
  }
}

/** So few bytes are copied one by one in less time than a view of them takes to be made. */
const FEW_BYTES = 256

function copyOf(buffer: Buffer, count: number): Buffer {
  const copy = Buffer.allocUnsafe(count)
  if (count > FEW_BYTES) buffer.copy(copy, 0, 0, count)
  else for (let at = 0; at < count; at++) copy[at] = buffer[at] as number
  return copy
}
