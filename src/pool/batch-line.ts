import { PgoauthError } from '../base/errors.ts'
import { HEADER_BYTES } from '../wire/limits.ts'
import { parseParameterStatus, SERVER } from '../wire/server-messages.ts'
import type { PooledServer } from './pooled-server.ts'

/** One client's turn on a line: what the server answers up to its ReadyForQuery. */
export interface BatchTurn {
  /** Replies at the beginning (to a Parse, a Close, a Bind of the line's own) that the client did not ask for. */
  readonly unasked: number
  /** What the client asked for and the line did not: goes before the reply. */
  readonly prefix: Buffer | undefined
  /** The whole reply, rows and nothing else. The bytes are the turn's to keep. */
  onReply(reply: Buffer, tookMs: number): void
  /** The turn is to be run again elsewhere. */
  onElsewhere(why: Elsewhere): void
  onLost(error: PgoauthError): void
}

/** Why a turn is not answered on its line: there came more than rows, or too many; or another's took too long. */
export type Elsewhere = 'odd' | 'long' | 'behind'

export interface LineHooks {
  /** Nothing is under way any more. */
  onEmpty(): void
  /** The line ended by itself; its turns were told. */
  onLost(): void
  /** What runs there is nobody's any more, and takes long: cancel it and close the connection. */
  onDeserted(): void
  after(ms: number, action: () => void): void
}

/** A server that has been at one turn for so long keeps its line from taking more, and those behind it go elsewhere. */
const STUCK_MS = 30
/** Replies are held until they are whole; a longer one is not waited for. */
const MAX_REPLY_BYTES = 65_536
/** Of what nobody waits for, messages up to this size are kept until they are whole. */
const MAX_SMALL_BYTES = 1024
/** ReadyForQuery's status outside a transaction. */
const IDLE = 0x49

/**
 * A server connection on which turns of many clients are pipelined: what they send in one turn of the event loop goes
 * out in one write, and what comes back is dealt out, in order, up to one ReadyForQuery each.
 *
 * Only for turns that read and leave nothing behind: a single SELECT, with its own Sync, so that an error stays with
 * whose it is. Nothing reaches a client before the whole reply is there. So whatever is no plain reply, and whoever
 * waits behind a statement that takes long, is run again on a connection of its own.
 */
export class BatchLine {
  readonly server: PooledServer
  readonly #hooks: LineHooks
  /** A queue in an array; undefined for a turn that is nobody's any more. */
  readonly #owed: (BatchTurn | undefined)[] = []
  #first = 0
  #live = 0
  readonly #out: Buffer[] = []
  /** Of the first turn: what came of its reply so far. */
  #rest: Buffer | undefined
  /** Of a message of a turn that is nobody's: bytes still to pass over. */
  #skipBytes = 0
  #unasked = 0
  #isOdd = false
  #headAtMs = 0
  #isFlushing = false
  #isWatching = false
  #isStuck = false
  #isLost = false
  #isRetiring = false

  constructor(server: PooledServer, hooks: LineHooks) {
    this.server = server
    this.#hooks = hooks
    server.readBy({
      onData: (chunk) => this.#fromServer(chunk),
      onDrain: () => {},
      onLost: (error) => this.#lose(error),
    })
  }

  /** Turns under way. */
  get depth(): number {
    return this.#owed.length - this.#first
  }

  get isLost(): boolean {
    return this.#isLost
  }

  /** It takes nothing more: give its connection back once it is empty. */
  get isRetiring(): boolean {
    return this.#isRetiring
  }

  /** Whether another turn may be added now. */
  get isOpen(): boolean {
    return !this.#isLost && !this.#isRetiring && !this.#isStuck && !this.server.connection.socket.writableNeedDrain
  }

  /** Adds a turn; its bytes go out with those of the others who come in this turn of the event loop. */
  add(turn: BatchTurn, pieces: readonly Buffer[]): void {
    if (this.depth === 0) this.#begin(turn, performance.now())
    this.#owed.push(turn)
    this.#live++
    for (const piece of pieces) this.#out.push(piece)
    if (!this.#isFlushing) {
      this.#isFlushing = true
      setImmediate(() => this.#flush())
    }
    if (!this.#isWatching) this.#watch()
  }

  /** The turn is nobody's any more: its reply goes nowhere. */
  abandon(turn: BatchTurn): void {
    const at = this.#owed.indexOf(turn, this.#first)
    if (at < 0) return
    this.#owed[at] = undefined
    this.#live--
  }

  #flush(): void {
    this.#isFlushing = false
    if (this.#isLost || this.#out.length === 0) return
    const bytes = this.#out.length === 1 ? (this.#out[0] as Buffer) : Buffer.concat(this.#out)
    this.#out.length = 0
    this.server.write(bytes)
  }

  /** The server is at that turn from now on. */
  #begin(turn: BatchTurn | undefined, nowMs: number): void {
    this.#headAtMs = nowMs
    this.#isOdd = false
    this.#isStuck = false
    this.#unasked = turn?.unasked ?? 0
  }

  #fromServer(chunk: Buffer): void {
    try {
      this.#take(chunk, performance.now())
    } catch (cause) {
      // The stream cannot be told apart any more: whoever waits on this line is told that it was lost.
      this.server.destroy()
      this.#lose(new PgoauthError('SERVER_BAD', { detail: 'a shared connection cannot be read on', cause }))
    }
    if (this.depth === 0 && !this.#isLost) this.#hooks.onEmpty()
  }

  #take(chunk: Buffer, nowMs: number): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = undefined
    const { length } = bytes
    let at = Math.min(this.#skipBytes, length)
    this.#skipBytes -= at
    /** Where what is held of the reply begins: bytes from here on stay until the reply is whole. */
    let start = at
    while (at + HEADER_BYTES <= length) {
      const tag = bytes[at] as number
      const end = at + 1 + bytes.readUInt32BE(at + 1)
      if (end < at + HEADER_BYTES) throw new Error('a message length below 4')
      const turn = this.#isOdd ? undefined : this.#owed[this.#first]
      if (end > length) {
        const isHeld = turn !== undefined && end - start <= MAX_REPLY_BYTES
        if (isHeld || end - at <= MAX_SMALL_BYTES) break
        if (tag === SERVER.ReadyForQuery) throw new Error('a ReadyForQuery of another length')
        this.#giveUp()
        this.#skipBytes = end - length
        return
      }
      if (tag === SERVER.ReadyForQuery) {
        if (this.depth === 0 || end !== at + 6 || bytes[at + 5] !== IDLE) throw new Error('a ReadyForQuery out of turn')
        this.#ready(bytes, start, end, nowMs)
        start = end
      } else if (this.#unasked > 0 && isUnasked(tag)) {
        this.#unasked--
        start = end
      } else if (turn === undefined || !isPlain(tag)) {
        this.#other(tag, bytes.subarray(at + HEADER_BYTES, end))
        start = end
      } else if (end - start > MAX_REPLY_BYTES) {
        this.#giveUp()
        start = end
      }
      at = end
    }
    if (start < length) this.#rest = Buffer.from(bytes.subarray(start))
  }

  /** The first turn's reply is whole. */
  #ready(bytes: Buffer, start: number, end: number, nowMs: number): void {
    const turn = this.#owed[this.#first]
    const tookMs = nowMs - this.#headAtMs
    const isOdd = this.#isOdd
    this.#first++
    if (this.#first === this.#owed.length) {
      this.#owed.length = 0
      this.#first = 0
    } else if (this.#first >= 1024) {
      this.#owed.splice(0, this.#first)
      this.#first = 0
    }
    this.#begin(this.#owed[this.#first], nowMs)
    if (turn === undefined) return
    this.#live--
    if (isOdd) {
      turn.onElsewhere('odd')
      return
    }
    const reply = bytes.subarray(start, end)
    turn.onReply(turn.prefix === undefined ? reply : Buffer.concat([turn.prefix, reply]), tookMs)
  }

  /** A message that is no part of a plain reply, or of one that nobody waits for. */
  #other(tag: number, body: Buffer): void {
    if (tag === SERVER.ParameterStatus) {
      const { name, value } = parseParameterStatus(body)
      this.server.parameters.set(name, value)
      this.#isRetiring = true
    }
    if (this.depth > 0) this.#isOdd = true
    else if (tag === SERVER.ErrorResponse) this.#isRetiring = true
    else if (!ASYNCHRONOUS.has(tag)) throw new Error('a message that no turn is owed')
  }

  /** The first turn's reply is longer than is waited for. */
  #giveUp(): void {
    const turn = this.#owed[this.#first]
    if (turn === undefined) return
    this.#owed[this.#first] = undefined
    this.#live--
    turn.onElsewhere('long')
  }

  /** Looks now and then whether those behind the first turn have waited too long for it. */
  #watch(): void {
    this.#isWatching = true
    this.#hooks.after(STUCK_MS, () => {
      this.#isWatching = false
      if (this.#isLost || this.depth === 0) return
      // Where this process was kept waiting itself, the answer is there and only has to be read.
      if (this.#isLate) setImmediate(() => this.#look())
      else this.#watch()
    })
  }

  #look(): void {
    if (this.#isLost || this.depth === 0) return
    if (this.#isLate) this.#rescue()
    if (!this.#isLost && !this.#isWatching) this.#watch()
  }

  get #isLate(): boolean {
    return performance.now() - this.#headAtMs >= STUCK_MS
  }

  /** Sends everybody behind the first turn elsewhere; with nobody left, what runs there need not go on. */
  #rescue(): void {
    this.#isStuck = true
    const others = this.#owed.slice(this.#first + 1)
    this.#owed.fill(undefined, this.#first + 1)
    for (const turn of others) {
      if (turn === undefined) continue
      this.#live--
      turn.onElsewhere('behind')
    }
    if (this.#live > 0) return
    this.#isLost = true
    this.#hooks.onDeserted()
  }

  #lose(error: PgoauthError): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#hooks.onLost()
    for (const turn of this.#owed.splice(0).slice(this.#first)) turn?.onLost(error)
    this.#first = 0
  }
}

function isUnasked(tag: number): boolean {
  return tag === SERVER.ParseComplete || tag === SERVER.BindComplete || tag === SERVER.CloseComplete
}

/** What the answer to a SELECT consists of. */
function isPlain(tag: number): boolean {
  return (
    tag === SERVER.DataRow ||
    tag === SERVER.RowDescription ||
    tag === SERVER.CommandComplete ||
    tag === SERVER.BindComplete
  )
}

const ASYNCHRONOUS: ReadonlySet<number> = new Set([
  SERVER.ParameterStatus,
  SERVER.NoticeResponse,
  SERVER.NotificationResponse,
])
