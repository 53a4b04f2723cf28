import { HEADER_BYTES } from '../wire/limits.ts'
import { frameWholeTurn, readWholeTurn, type TurnAnswer, type WholeTurn } from '../wire/whole-turn.ts'
import type { DirectTurn } from './direct-turn.ts'
import type { GateParts } from './gate-parts.ts'
import { KnownTurn } from './known-turn.ts'
import { nameKey, UNNAMED } from './name-table.ts'
import { parameterObjection, parameterTypes, tellingTypes } from './parameter-types.ts'

/** What the offer needs of the gate around it. */
export interface TurnOfferHooks {
  /** Both streams stand between messages and nothing is being judged. */
  readonly atRest: () => boolean
  /** The long way has stalled the client for reasons of its own. */
  readonly isStalled: () => boolean
  /** Takes bytes of the client as if nobody had looked at them. */
  readonly takeBytes: (chunk: Buffer) => void
}

/** Turns that are recognised without being judged anew: what a client sends next is mostly what it sent last. */
const MAX_KNOWN = 4
const NO_TYPES: readonly number[] = []

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
  /** Of the turn that is away: its bytes, and what was judged of it. */
  #turn: WholeTurn | undefined
  #away: KnownTurn | undefined
  #answer: TurnAnswer
  #backlog: Buffer[] = []
  readonly #known: KnownTurn[] = []

  constructor(parts: GateParts, direct: DirectTurn, hooks: TurnOfferHooks) {
    this.#parts = parts
    this.#direct = direct
    this.#hooks = hooks
  }

  /** A turn is away, or bytes behind it are kept. */
  get busy(): boolean {
    return this.#away !== undefined
  }

  /** True: the bytes were taken, or are kept until their turn comes. */
  take(chunk: Buffer): boolean {
    if (this.#away !== undefined) {
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
    const turn = frameWholeTurn(chunk)
    const known = turn && (this.#again(turn) ?? this.#judged(chunk))
    if (turn === undefined || known === undefined) return false
    if (sinks.onWholeTurn !== undefined && state.status === 'I') {
      this.#turn = turn
      this.#away = known
      if (sinks.onWholeTurn(turn, known.analysis, this.#onAnswer)) return true
      this.#turn = undefined
      this.#away = undefined
    }
    return this.#direct.send(turn, known)
  }

  /** What is known of such a turn, where it still holds. */
  #again(turn: WholeTurn): KnownTurn | undefined {
    const known = this.#known
    const { statements } = this.#parts.state
    for (let at = 0; at < known.length; at++) {
      const one = known[at] as KnownTurn
      if (one.isOf(turn, statements.version)) return this.#holds(one, turn) ? one : undefined
    }
    return undefined
  }

  #holds(known: KnownTurn, turn: WholeTurn): boolean {
    const { options, state, denials } = this.#parts
    const { judgement } = known
    if (!options.judge.holdsStill(known.under, known.analysis, state)) return false
    const { audit } = options
    try {
      audit.assertWritable()
      if (judgement !== undefined && (judgement.observing || audit.recordsAllowed)) {
        // Of one statement that is one step.
        denials.passed(judgement, turn.sql ?? '', options.judge)?.next()
      }
      return true
    } catch {
      // The long way says what there is to say.
      return false
    }
  }

  #judged(chunk: Buffer): KnownTurn | undefined {
    const turn = readWholeTurn(chunk)
    const known = turn && (turn.sql === undefined ? this.#named(turn) : this.#judgedText(turn, turn.sql))
    if (turn === undefined || known === undefined || !this.#holds(known, turn)) return undefined
    if (known.isRecognised) {
      this.#known.unshift(known)
      if (this.#known.length > MAX_KNOWN) this.#known.pop()
    }
    return known
  }

  /** A Bind of a statement that was prepared before. */
  #named(turn: WholeTurn): KnownTurn | undefined {
    if (turn.kind !== 'bind') return undefined
    const { statements, segment } = this.#parts.state
    const candidates = statements.candidates(nameKey(turn.bytes.subarray(turn.nameStart, turn.nameEnd)), segment)
    const [prepared] = candidates
    if (prepared?.analysis === undefined || candidates.length !== 1) return undefined
    return KnownTurn.named(turn, prepared.analysis, prepared, statements.version)
  }

  #judgedText(turn: WholeTurn, sql: string): KnownTurn | undefined {
    const { options, state } = this.#parts
    const judgement = options.judge.known(sql, state)
    const analysis = judgement?.statements[0]?.analysis
    if (judgement === undefined || analysis === undefined || judgement.statements.length !== 1) return undefined
    if (turn.kind === 'query') return KnownTurn.query(analysis, judgement, options.judge.patternOf(sql, state))
    const types = turn.hasTypes ? parameterTypes(turn.bytes.subarray(HEADER_BYTES, turn.definitionEnd)) : NO_TYPES
    if (parameterObjection(types, state.grants, analysis) !== undefined) return undefined
    const unnamed = { sql, analysis, judged: judgement.under, types: tellingTypes(types) }
    return KnownTurn.parsed(turn, analysis, judgement, unnamed)
  }

  readonly #onAnswer = (answer: TurnAnswer) => {
    if (this.#away === undefined) return
    this.#answer = answer
    if (this.#parts.state.ended) this.#away = undefined
    else this.#parts.guarded(this.#takeAnswer)
  }

  readonly #takeAnswer = () => {
    const { state, sinks, options } = this.#parts
    const [turn, known, answer] = [this.#turn, this.#away, this.#answer]
    this.#turn = undefined
    this.#away = undefined
    this.#answer = undefined
    if (turn === undefined || known === undefined) return
    if (answer === undefined) this.#hooks.takeBytes(turn.bytes)
    else {
      if (known.judgement !== undefined) options.judge.tally.known()
      if (turn.kind === 'bind' && turn.parses && known.prepared !== undefined) {
        state.statements.set(UNNAMED, known.prepared)
      }
      state.segment++
      sinks.toClient(answer.reply)
      if (answer.completed) sinks.onCompleted?.(known.analysis)
      sinks.onReady?.(state.status)
    }
    if (this.#backlog.length > 0) this.#takeBacklog()
  }

  #takeBacklog(): void {
    const backlog = this.#backlog
    this.#backlog = []
    for (const [at, chunk] of backlog.entries()) {
      if (this.#parts.state.ended) return
      if (!this.take(chunk)) this.#hooks.takeBytes(chunk)
      if (this.#away === undefined) continue
      // It was offered again: what is behind it goes on waiting.
      this.#backlog = backlog.slice(at + 1)
      if (this.#backlog.length > 0) return
    }
    if (!this.#hooks.isStalled()) this.#parts.sinks.onStall(false)
  }
}
