import type { Duplex } from 'node:stream'

/** What `read` makes of the bytes received so far: undefined while they do not suffice. */
export type Reader<T> = (received: Buffer) => { readonly value: T; readonly rest: Buffer } | undefined

/** A handshake's messages are small; a peer that has sent this much unread is not read further. */
const PAUSE_ABOVE_BYTES = 128 * 1024

/**
 * Reads a stream piece by piece, as a handshake does, and then gives it back with nothing lost.
 *
 * One `take` at a time. Bytes that no `take` has used stay here; `release` hands them over, and whoever
 * calls it must attach its own listener in the same turn of the event loop.
 */
export class Inbox {
  readonly stream: Duplex
  #received: Buffer = Buffer.alloc(0)
  #ended = false
  #error: unknown
  #released = false
  #wake: (() => void) | undefined

  readonly #onData = (chunk: Buffer) => {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    if (this.#received.length > PAUSE_ABOVE_BYTES) this.stream.pause()
    this.#wake?.()
  }
  readonly #onEnd = () => {
    this.#ended = true
    this.#wake?.()
  }
  readonly #onError = (error: unknown) => {
    this.#error ??= error
    this.#wake?.()
  }

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('data', this.#onData)
    stream.on('end', this.#onEnd)
    stream.on('close', this.#onEnd)
    stream.on('error', this.#onError)
    stream.resume()
  }

  /**
   * Waits until `read` finds what it looks for and takes that away; undefined when the stream ends first.
   *
   * @throws the stream's error, what `read` throws, or what `interrupt` was given.
   */
  async take<T>(read: Reader<T>): Promise<T | undefined> {
    while (true) {
      if (this.#error !== undefined) throw this.#error
      const found = read(this.#received)
      if (found !== undefined) {
        this.#received = found.rest
        return found.value
      }
      if (this.#ended) return undefined
      this.stream.resume()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }

  /** Ends the current and every later `take` with this error; the stream stays open for a last word. */
  interrupt(error: unknown): void {
    this.#onError(error)
  }

  /** Bytes received that nothing has taken yet. */
  get waitingBytes(): number {
    return this.#received.length
  }

  /** Whether somebody else has the stream now. */
  get released(): boolean {
    return this.#released
  }

  /** Stops reading and gives the bytes that nobody took. The stream is paused; its error listener stays. */
  release(): Buffer {
    this.#released = true
    this.stream.off('data', this.#onData)
    this.stream.off('end', this.#onEnd)
    this.stream.off('close', this.#onEnd)
    this.stream.pause()
    return this.#received
  }
}
