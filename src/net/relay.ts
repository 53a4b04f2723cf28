import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import { DirectReader } from './direct-reader.ts'
import { giveBack } from './spent-memory.ts'

export interface RelayDirection {
  /** Bytes that were read before the relay began and have not been sent on. */
  readonly first?: Buffer
  /** Sees each chunk before it is sent; what it gives is sent in its place. */
  readonly through?: (chunk: Buffer) => Buffer
}

export interface RelayOptions {
  readonly fromLocal: RelayDirection
  readonly fromRemote: RelayDirection
  /** Asked once, when the remote side is lost or ends: what the local side is told behind what had arrived. */
  readonly lastWord?: (error: Error | undefined) => Buffer | undefined
  readonly clock: Clock
}

export interface RelayResult {
  /** Whose end of stream or error came first. */
  readonly endedBy: 'local' | 'remote'
  /** Undefined where that side ended in order. */
  readonly error: Error | undefined
  readonly bytesFromLocal: number
  readonly bytesFromRemote: number
}

/** A Postgres server never ends its sending half alone: a client that has not closed by then is not going to. */
const LINGER_MS = 10_000

/**
 * Carries bytes both ways until both sides are done.
 *
 * Memory is bounded by the two streams' high-water marks: a side that does not read stops the other from
 * being read. The end of one direction is passed on alone (half-close). When a side is lost, the other still
 * gets everything that had arrived, and is then ended.
 */
export function relay(local: Duplex, remote: Duplex, options: RelayOptions): Promise<RelayResult> {
  return new Promise((resolve) => {
    const fromLocal = new Pump(local, remote, options.fromLocal)
    const fromRemote = new Pump(remote, local, options.fromRemote)
    let first: Pick<RelayResult, 'endedBy' | 'error'> | undefined
    let open = 2
    let stopLingering = () => {}

    const tellLocal = (error: Error | undefined) => {
      const word = options.lastWord?.(error)
      if (word !== undefined && local.writable) local.write(word)
    }
    const onEnd = (side: 'local' | 'remote') => {
      first ??= { endedBy: side, error: undefined }
      if (side === 'local') return remote.end()
      tellLocal(undefined)
      local.end()
      stopLingering = options.clock.after(LINGER_MS, () => {
        local.destroy()
        remote.destroy()
      })
    }
    const onClose = (side: 'local' | 'remote', ended: boolean) => {
      first ??= { endedBy: side, error: undefined }
      const other = side === 'local' ? remote : local
      if (side === 'remote' && !ended)
        tellLocal(first.error)
        // Nobody takes what the other still sends; it gets what is on its way to it, and is closed.
      ;(side === 'local' ? fromRemote : fromLocal).discard()
      other.end(() => other.destroy())
      open -= 1
      if (open > 0) return
      stopLingering()
      resolve({ ...first, bytesFromLocal: fromLocal.bytes, bytesFromRemote: fromRemote.bytes })
    }
    const watch = (stream: Duplex, side: 'local' | 'remote') => {
      stream.on('error', (error: Error) => {
        first ??= { endedBy: side, error }
      })
      if (stream.readableEnded) onEnd(side)
      else stream.once('end', () => onEnd(side))
      if (stream.closed) onClose(side, stream.readableEnded)
      else stream.once('close', () => onClose(side, stream.readableEnded))
    }
    fromLocal.start()
    fromRemote.start()
    watch(local, 'local')
    watch(remote, 'remote')
  })
}

/** One direction. */
class Pump {
  bytes = 0
  readonly #from: Duplex
  readonly #to: Duplex
  readonly #through: ((chunk: Buffer) => Buffer) | undefined
  readonly #first: Buffer | undefined
  /** Whether each chunk is memory of its own, as a socket reads it, that ends with its being written. */
  readonly #owned: boolean
  /** Given back at the next `drain`, which tells that all is written. */
  readonly #unwritten: Buffer[] = []

  constructor(from: Duplex, to: Duplex, { first, through }: RelayDirection) {
    this.#from = from
    this.#to = to
    this.#first = first
    this.#through = through
    this.#owned = from instanceof Socket && to instanceof Socket
  }

  start(): void {
    if (this.#first && this.#first.length > 0) this.#carry(this.#first)
    DirectReader.of(this.#from)?.consume((chunk) => {
      this.#carry(chunk)
      // Paused until all is written, it is not read into before.
      return this.#to.writableLength > 0 && !this.#to.writableNeedDrain
    })
    this.#from.on('data', this.#onData)
    this.#to.on('drain', this.#onDrain)
    if (!this.#to.writableNeedDrain) this.#from.resume()
  }

  /** Reads on without a place to put it, so that the end of the stream is still seen. */
  discard(): void {
    DirectReader.of(this.#from)?.consume(() => false)
    this.#from.off('data', this.#onData)
    this.#to.off('drain', this.#onDrain)
    this.#from.resume()
  }

  #carry(chunk: Buffer): void {
    this.bytes += chunk.length
    const out = this.#through ? this.#through(chunk) : chunk
    if (this.#to.writable && !this.#to.write(out)) this.#from.pause()
  }

  readonly #onData = (chunk: Buffer) => {
    this.#carry(chunk)
    if (!this.#owned) return
    if (this.#to.writableLength === 0) giveBack(chunk)
    else if (this.#to.writableNeedDrain) this.#unwritten.push(chunk)
  }

  readonly #onDrain = () => {
    for (const chunk of this.#unwritten) giveBack(chunk)
    this.#unwritten.length = 0
    this.#from.resume()
  }
}
