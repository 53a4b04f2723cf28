import { fail } from '../base/errors.ts'
import { CLIENT } from '../wire/client-messages.ts'
import { Framer, type FrameSink, tagText } from '../wire/framer.ts'
import { MAX_SASL_MESSAGE_BYTES } from '../wire/limits.ts'
import { bursts } from './burst-turns.ts'
import type { GateParts } from './gate-parts.ts'
import { StatementDesk } from './statement-desk.ts'

/** PQ_SMALL_MESSAGE_LIMIT (libpq.h): PostgreSQL closes the connection on a longer Close, Describe, Execute, CopyFail. */
const MAX_SMALL_BODY_BYTES = 10_000
/** A Bind or FunctionCall up to this size is held whole, so that it goes on in one piece with its neighbours. */
const MAX_WHOLE_BODY_BYTES = 16_384
/** Of a larger one this much is held: names are 63 bytes, and more than a few hundred argument formats are rare. */
const HEAD_BYTES = 4096
/** What a Parse may hold beside its SQL: a name and 65,535 parameter types. */
const PARSE_EXTRA_BYTES = 4 * 65_535 + 1024
/** As many messages as one turn of a client usually has; more in one go are a burst. */
const USUAL_MESSAGES = 6
const USUAL_BYTES = 4096

/**
 * The client's side of a gate: frames its bytes, keeps them in order while something must be waited for, and hands
 * what is judged to the desk. What is not judged passes.
 */
export class FromClient implements FrameSink {
  readonly #parts: GateParts
  readonly #framer: Framer
  readonly #desk: StatementDesk
  #waiting: Buffer | undefined
  #stalled = false
  /** What the caller was told last. */
  #saidStalled = false
  /** Messages taken in one go, and when what is counted of them as a burst began. */
  #taken = 0
  #takenSinceMs = 0
  /** Stalled until others have had their turn. */
  #isYielding = false

  constructor(parts: GateParts) {
    this.#parts = parts
    this.#framer = new Framer({ maxHeldBytes: parts.options.maxStatementBytes + PARSE_EXTRA_BYTES })
    this.#desk = new StatementDesk(parts, {
      dropRest: () => this.#framer.dropRest(),
      pause: () => this.#stall(),
      resume: () => this.resume(),
    })
  }

  push(chunk: Buffer): void {
    this.#taken = 0
    this.#takenSinceMs = chunk.length > USUAL_BYTES ? this.#parts.options.clock.nowMs() : 0
    this.#framer.push(chunk, this)
  }

  /** The caller was told to stop reading from the client. */
  get stalled(): boolean {
    return this.#saidStalled
  }

  /** Nothing is half read, kept back or being judged. */
  get atBoundary(): boolean {
    return this.#framer.atBoundary && this.#waiting === undefined && !this.#desk.busy
  }

  holds(tag: number, bodyBytes: number): boolean | number {
    const { maxStatementBytes } = this.#parts.options
    switch (tag) {
      case CLIENT.CopyData:
        return false
      case CLIENT.Query:
        return bodyBytes - 1 > maxStatementBytes ? 0 : true
      case CLIENT.Parse:
        return bodyBytes > maxStatementBytes + PARSE_EXTRA_BYTES ? 1 : true
      case CLIENT.Bind:
      case CLIENT.FunctionCall:
        return bodyBytes > MAX_WHOLE_BODY_BYTES ? HEAD_BYTES : true
      case CLIENT.Close:
      case CLIENT.Describe:
      case CLIENT.Execute:
      case CLIENT.CopyFail:
        return bodyBytes <= MAX_SMALL_BODY_BYTES || tooLong(tag, bodyBytes)
      case CLIENT.Sync:
      case CLIENT.Flush:
      case CLIENT.CopyDone:
      case CLIENT.Terminate:
        return bodyBytes === 0 || tooLong(tag, bodyBytes)
      case CLIENT.Password:
        return bodyBytes <= MAX_SASL_MESSAGE_BYTES || tooLong(tag, bodyBytes)
      default:
        return fail('BAD_FRAME', { detail: `unknown message ${tagText(tag)} from the client` })
    }
  }

  onBytes(bytes: Buffer): void {
    if (!this.#parts.state.terminated) this.#parts.toServer.add(bytes)
  }

  onMessage(tag: number, message: Buffer, isOwn: boolean): void {
    const { state, sinks, toServer } = this.#parts
    if (state.ended || state.terminated) {
      this.#framer.dropRest()
      return
    }
    if (tag === CLIENT.Password) {
      if (!sinks.onRenewal) fail('BAD_FRAME', { detail: 'a SASLResponse in mid-session' })
      sinks.onRenewal(message.subarray(5))
      return
    }
    if (tag === CLIENT.CopyDone || tag === CLIENT.CopyFail) {
      if (state.copyIn) state.copyIn.ended++
      toServer.add(message)
      return
    }
    switch (this.#turn(tag)) {
      case 'now':
        this.#desk.take(tag, message, isOwn)
        this.#yieldWhereDue(tag)
        return
      case 'later':
        this.#waiting = isOwn ? message : Buffer.from(message)
        this.#stall()
        return
      case 'never':
        return
    }
  }

  /** Takes up what was waited with, where its turn has come. */
  resume(): void {
    if (!this.#stalled || this.#isYielding || this.#desk.busy || this.#parts.state.ended) return
    const message = this.#waiting
    if (message !== undefined) {
      const tag = message[0] as number
      const turn = this.#turn(tag)
      if (turn === 'later') return
      this.#waiting = undefined
      if (turn === 'now') this.#desk.take(tag, message, true)
      if (this.#desk.busy) return
    }
    this.#stalled = false
    this.#framer.proceed(this)
    if (this.#stalled) return
    this.#saidStalled = false
    this.#parts.sinks.onStall(false)
  }

  /** Of a burst, the rest waits for a later turn of the event loop once this one's share is spent. */
  #yieldWhereDue(tag: number): void {
    this.#taken++
    // What may have to be parsed takes longer.
    const mayTakeLong = tag === CLIENT.Query || tag === CLIENT.Parse
    if (this.#takenSinceMs === 0 ? this.#taken === 1 : !mayTakeLong && this.#taken <= USUAL_MESSAGES) return
    const { clock } = this.#parts.options
    const nowMs = clock.nowMs()
    const tookMs = this.#takenSinceMs === 0 ? 0 : nowMs - this.#takenSinceMs
    this.#takenSinceMs = nowMs
    if (tookMs > 0) bursts.spend(tookMs)
    if (!bursts.isOver || this.#isYielding) return
    this.#isYielding = true
    this.#stall()
    bursts.wait(() =>
      this.#parts.guarded(() => {
        this.#isYielding = false
        this.#takenSinceMs = clock.nowMs()
        this.resume()
      }),
    )
  }

  #stall(): void {
    this.#framer.stall()
    this.#stalled = true
    if (this.#saidStalled) return
    this.#saidStalled = true
    this.#parts.sinks.onStall(true)
  }

  /**
   * Whether a message may go on. While a COPY FROM STDIN may be under way, only its data may: what the server does
   * with anything else depends on whether that COPY began, and on when it failed (CopyGetData in copyfromparse.c
   * ignores Sync and Flush; outside a COPY they count). So others wait until the server has said.
   */
  #turn(tag: number): 'now' | 'later' | 'never' {
    const { state } = this.#parts
    if (tag === CLIENT.Terminate) return 'now'
    if (state.ending?.when === 'statement' && !state.segmentOpen) return 'later'
    const copy = state.copyIn
    if (copy === undefined) return 'now'
    if (copy.started > copy.ended) {
      if (tag === CLIENT.Sync || tag === CLIENT.Flush) return 'never'
      return fail('BAD_FRAME', { detail: `unexpected message ${tagText(tag)} during COPY from stdin` })
    }
    if (copy.by === 'execute' && copy.ended > 0) {
      state.copyIn = undefined
      return 'now'
    }
    return 'later'
  }
}

function tooLong(tag: number, bodyBytes: number): never {
  return fail('BAD_FRAME', { detail: `message ${tagText(tag)} of ${bodyBytes} bytes from the client` })
}
