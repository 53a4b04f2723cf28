import { HEADER_BYTES } from '../wire/limits.ts'
import { readWholeTurn, type TurnAnswer, type WholeBind, type WholeTurn } from '../wire/whole-turn.ts'
import { type DirectTurn, type Flight, UNNAMED } from './direct-turn.ts'
import type { GateParts } from './gate-parts.ts'
import { nameKey } from './name-table.ts'
import { parameterObjection, parameterTypes } from './parameter-types.ts'

/** What the offer needs of the gate around it. */
export interface TurnOfferHooks {
  /** Both streams stand between messages and nothing is being judged. */
  readonly atRest: () => boolean
  /** The long way has stalled the client for reasons of its own. */
  readonly isStalled: () => boolean
  /** Takes bytes of the client as if nobody had looked at them. */
  readonly takeBytes: (chunk: Buffer) => void
}

/**
 * The short way of turns that are one settled statement and nothing else: they are judged as ever, and then offered
 * whole to whoever runs turns of many clients side by side. Where the offer is declined it is sent directly; where what
 * comes back is not plain rows, the turn goes the long way, from the beginning; nothing of it has reached the client by then.
 *
 * Bytes that come while a turn is away are kept, and the client is not read.
 */
export class TurnOffer {
  readonly #parts: GateParts
  readonly #hooks: TurnOfferHooks
  readonly #direct: DirectTurn
  #flight: Flight | undefined
  #backlog: Buffer[] = []

  constructor(parts: GateParts, direct: DirectTurn, hooks: TurnOfferHooks) {
    this.#parts = parts
    this.#direct = direct
    this.#hooks = hooks
  }

  /** A turn is away, or bytes behind it are kept. */
  get busy(): boolean {
    return this.#flight !== undefined
  }

  /** True: the bytes were taken, or are kept until their turn comes. */
  take(chunk: Buffer): boolean {
    if (this.#flight !== undefined) {
      if (this.#backlog.length === 0) this.#parts.sinks.onStall(true)
      this.#backlog.push(Buffer.from(chunk))
      return true
    }
    const { sinks, state } = this.#parts
    if (state.status === 'E' || this.#direct.busy || !state.ledger.empty || state.segmentOpen) return false
    if (state.copyIn !== undefined || state.ending !== undefined || state.terminated || !this.#hooks.atRest())
      return false
    // A text that is too long may have a template that is known.
    if (chunk.length > this.#parts.options.maxStatementBytes) return false
    const turn = readWholeTurn(chunk)
    const flight = turn && this.#judged(turn)
    if (flight === undefined) return false
    if (sinks.onWholeTurn !== undefined && state.status === 'I') {
      this.#flight = flight
      if (sinks.onWholeTurn(flight.turn, flight.analysis, (answer) => this.#answered(flight, answer))) return true
      this.#flight = undefined
    }
    return this.#direct.send(flight)
  }

  #judged(turn: WholeTurn): Flight | undefined {
    const { options, state, denials } = this.#parts
    const { sql } = turn
    try {
      options.audit.assertWritable()
      if (sql === undefined) return turn.kind === 'bind' ? this.#judgedBefore(turn) : undefined
      const judgement = options.judge.known(sql, state)
      const analysis = judgement?.statements[0]?.analysis
      if (judgement === undefined || analysis === undefined || judgement.statements.length !== 1) return undefined
      if (turn.kind === 'bind' && turn.hasTypes) {
        const types = parameterTypes(turn.bytes.subarray(HEADER_BYTES, turn.definitionEnd))
        if (parameterObjection(types, state.grants.policy, analysis) !== undefined) return undefined
      }
      denials.passed(judgement, sql, options.judge)
      const prepared = turn.kind === 'bind' ? { sql, analysis, judged: judgement.under } : undefined
      return { turn, analysis, isDecision: true, prepared }
    } catch {
      // The long way says what there is to say.
      return undefined
    }
  }

  /** A turn of a statement that was prepared before, where nothing has changed since it was judged. */
  #judgedBefore(turn: WholeBind): Flight | undefined {
    const { options, state } = this.#parts
    const candidates = state.statements.candidates(
      nameKey(turn.bytes.subarray(turn.nameStart, turn.nameEnd)),
      state.segment,
    )
    const [prepared] = candidates
    if (prepared?.analysis === undefined || candidates.length !== 1) return undefined
    if (!options.judge.holdsStill(prepared.judged, prepared.analysis, state)) return undefined
    return { turn, analysis: prepared.analysis, isDecision: false, prepared }
  }

  #answered(flight: Flight, answer: TurnAnswer): void {
    const { state, sinks, options } = this.#parts
    if (this.#flight !== flight) return
    this.#flight = undefined
    if (state.ended) return
    this.#parts.guarded(() => {
      if (answer === undefined) this.#hooks.takeBytes(flight.turn.bytes)
      else {
        if (flight.isDecision) options.judge.tally.known()
        const { turn, prepared } = flight
        if (turn.sql !== undefined && prepared !== undefined) state.statements.set(UNNAMED, prepared)
        state.segment++
        sinks.toClient(answer.reply)
        if (answer.completed) sinks.onCompleted?.(flight.analysis)
        sinks.onReady?.(state.status)
      }
      this.#takeBacklog()
    })
  }

  #takeBacklog(): void {
    if (this.#backlog.length === 0) return
    const backlog = this.#backlog
    this.#backlog = []
    for (const [at, chunk] of backlog.entries()) {
      if (this.#parts.state.ended) return
      if (!this.take(chunk)) this.#hooks.takeBytes(chunk)
      if (this.#flight === undefined) continue
      // It was offered again: what is behind it goes on waiting.
      this.#backlog = backlog.slice(at + 1)
      if (this.#backlog.length > 0) return
    }
    if (!this.#hooks.isStalled()) this.#parts.sinks.onStall(false)
  }
}
