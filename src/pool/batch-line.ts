import { PgoauthError } from '../base/errors.ts'
import { Framer, type FrameSink } from '../wire/framer.ts'
import { SERVER } from '../wire/server-messages.ts'
import { JoinedBytes } from './joined-bytes.ts'
import type { PooledServer } from './pooled-server.ts'

/** One client's turn on a line: what the server answers up to its ReadyForQuery. */
export interface BatchTurn {
  onBytes(chunk: Buffer): void
  onLost(error: PgoauthError): void
  /** When the server began with it, as far as can be told: when the one before it ended. Kept by the line. */
  headAtMs: number
}

/**
 * A server connection on which turns of many clients are pipelined: what they send in one turn of the event loop goes
 * out in one write, and what comes back is dealt out, in order, up to one ReadyForQuery each.
 *
 * Only for turns that leave nothing behind and end by themselves: a single SELECT, by Query, or by extended-query
 * messages with their own Sync, so that an error stays with whose it is.
 */
export class BatchLine implements FrameSink {
  readonly server: PooledServer
  readonly #owed: BatchTurn[] = []
  readonly #out = new JoinedBytes()
  readonly #in = new JoinedBytes()
  readonly #framer = new Framer({ maxHeldBytes: 64 })
  readonly #onEmpty: () => void
  readonly #onLost: () => void
  #isFlushing = false
  #isLost = false

  constructor(server: PooledServer, hooks: { onEmpty: () => void; onLost: () => void }) {
    this.server = server
    this.#onEmpty = hooks.onEmpty
    this.#onLost = hooks.onLost
    server.readBy({
      onData: (chunk) => this.#fromServer(chunk),
      onDrain: () => {},
      onLost: (error) => this.#lose(error),
    })
  }

  /** Turns under way. */
  get depth(): number {
    return this.#owed.length
  }

  /** How long the server has been at the turn it is at; 0 where it is at none. */
  get headMs(): number {
    const head = this.#owed[0]
    return head === undefined ? 0 : performance.now() - head.headAtMs
  }

  get isLost(): boolean {
    return this.#isLost
  }

  /** Adds a turn; its bytes go out with those of the others who come in this turn of the event loop. */
  add(turn: BatchTurn, pieces: readonly Buffer[]): void {
    this.#owed.push(turn)
    for (const piece of pieces) this.#out.add(piece)
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(() => {
      this.#isFlushing = false
      for (const piece of this.#out.take()) this.server.write(piece)
    })
  }

  holds(tag: number): boolean {
    return tag === SERVER.ReadyForQuery
  }

  onBytes(bytes: Buffer): void {
    this.#in.add(bytes)
  }

  onMessage(_tag: number, message: Buffer): void {
    this.#in.add(message)
    const turn = this.#owed.shift()
    if (turn === undefined) throw new Error('a ReadyForQuery that no turn is owed')
    const next = this.#owed[0]
    if (next !== undefined) next.headAtMs = performance.now()
    for (const piece of this.#in.take()) turn.onBytes(piece)
  }

  #fromServer(chunk: Buffer): void {
    try {
      this.#framer.push(chunk, this)
      for (const piece of this.#in.take()) this.#owed[0]?.onBytes(piece)
    } catch {
      // The stream cannot be told apart any more: whoever waits on this line is told that it was lost.
      this.server.destroy()
      this.#lose(new PgoauthError('SERVER_BAD', { detail: 'a shared connection cannot be read on' }))
      return
    }
    if (this.#owed.length === 0) this.#onEmpty()
  }

  #lose(error: PgoauthError): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#onLost()
    for (const turn of this.#owed.splice(0)) turn.onLost(error)
  }
}
