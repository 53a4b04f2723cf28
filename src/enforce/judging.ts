import { isUtf8 } from 'node:buffer'
import { asPgoauthError } from '../base/errors.ts'
import { bursts } from './burst-turns.ts'
import type { GateParts } from './gate-parts.ts'
import type { Judgement, ParsedJudgement } from './judge.ts'
import type { Judged, Outbox } from './outbox.ts'
import { parameterObjection } from './parameter-types.ts'
import type { Prepared } from './prepared.ts'
import { errorResponse, invalidEncodingResponse, unparsableResponse } from './refusal.ts'
import type { RunningNames } from './running-names.ts'
import { MAX_QUICK_BYTES, quickText, type StatementText } from './statement-text.ts'

/** What judging needs of the stream of messages. */
export interface Pausable {
  /** Deliver nothing further until `resume`. */
  pause(): void
  resume(): void
}

/**
 * Asks the judge, at once where it answers at once, and with the stream paused where it has to think. What comes after
 * runs only where the answer is yes; else the message is refused.
 */
export class Judging {
  readonly #parts: GateParts
  readonly #outbox: Outbox
  readonly #stream: Pausable
  #thinking = 0

  constructor(parts: GateParts, outbox: Outbox, stream: Pausable) {
    this.#parts = parts
    this.#outbox = outbox
    this.#stream = stream
  }

  /** A judgement is awaited. */
  get busy(): boolean {
    return this.#thinking > 0
  }

  /** Calls `then` once the text was judged and found allowed; what more stands against it, and the count, is up to that. */
  ofText(owed: Judged, sql: Buffer, then: (judgement: ParsedJudgement, text: StatementText) => void): void {
    const { options, state } = this.#parts
    if (!isUtf8(sql)) {
      options.judge.tally.decisions.syntax++
      this.#outbox.refuse(owed, invalidEncodingResponse(sql))
      return
    }
    if (sql.length <= MAX_QUICK_BYTES) {
      const text = quickText(sql)
      this.#settled(owed, options.judge.judge(text, state), undefined, (judgement) =>
        this.#judged(owed, judgement, text, then),
      )
      return
    }
    const text = this.#outbox.keepPart(sql)
    this.#settled(owed, options.judge.judgeLarge(text, state), undefined, (judgement) =>
      this.#judged(owed, judgement, text, then),
    )
  }

  #judged(
    owed: Judged,
    judgement: Judgement,
    text: StatementText,
    then: (judgement: ParsedJudgement, text: StatementText) => void,
  ): void {
    const { options, denials } = this.#parts
    if (judgement.kind === 'unparsable') this.#refuseUnparsable(owed, judgement)
    else if (!judgement.allowed) this.#outbox.deny(owed, judgement, text)
    else {
      const records = denials.passed(judgement, text, options.judge)
      if (records === undefined) then(judgement, text)
      else this.inSteps(owed, records, undefined, () => then(judgement, text))
    }
  }

  /**
   * Calls `then` behind the last of these steps: at once where the first is the last, else a step a turn with the stream
   * paused. Refuses the message where the audit cannot be written.
   */
  inSteps(owed: Judged, steps: Iterator<void>, names: RunningNames | undefined, then: () => void): void {
    let isDone = false
    const step = () => {
      const isWritten = this.#outbox.audited(owed, () => {
        isDone = steps.next().done === true
      })
      if (!isWritten) names?.abandon()
      return isWritten
    }
    if (!step()) return
    if (isDone) {
      then()
      return
    }
    const { state, options } = this.#parts
    this.#wait()
    const later = () => {
      bursts.wait(() => {
        this.#parts.guarded(() => {
          const startedAtMs = options.clock.nowMs()
          if (!state.ledger.skippingToSync) {
            if (step() && !isDone) {
              bursts.spend(options.clock.nowMs() - startedAtMs)
              later()
              return
            }
          }
          this.#goOn(names, isDone ? then : () => {})
        })
      })
    }
    later()
  }

  /**
   * Calls `then` once everything that was prepared before and is about to run was found allowed under the grants and
   * the catalog of now. Otherwise `names` are taken back.
   */
  ofPrepared(
    owed: Judged,
    uses: readonly Prepared[],
    names: RunningNames | undefined,
    then: () => void,
    from = 0,
  ): void {
    const { state, options } = this.#parts
    for (let at = from; at < uses.length; at++) {
      const prepared = uses[at] as Prepared
      if (options.judge.holdsStill(prepared.judged, prepared.analysis, state)) continue
      this.#settled(owed, this.#judge(prepared.sql), names, (judgement) => {
        const isAllowed = judgement.kind === 'parsed' && judgement.allowed
        const { types } = prepared
        const objection =
          isAllowed && types && parameterObjection(types, state.grants, judgement.statements[0]?.analysis)
        if (objection) {
          names?.abandon()
          this.#outbox.denyFor(owed, objection)
          return
        }
        if (isAllowed) {
          options.judge.tally.decisions.allowed++
          prepared.judged = judgement.under
          this.ofPrepared(owed, uses, names, then, at + 1)
          return
        }
        names?.abandon()
        if (judgement.kind === 'parsed') this.#outbox.deny(owed, judgement, prepared.sql)
        else this.#refuseUnparsable(owed, judgement)
      })
      return
    }
    then()
  }

  #refuseUnparsable(owed: Judged, judgement: Judgement & { kind: 'unparsable' }): void {
    this.#parts.options.judge.tally.unparsable(judgement.code)
    this.#outbox.refuse(owed, unparsableResponse(judgement))
  }

  #settled(
    owed: Judged,
    judgement: Judgement | Promise<Judgement>,
    names: RunningNames | undefined,
    then: (judgement: Judgement) => void,
  ): void {
    if (!(judgement instanceof Promise)) {
      then(judgement)
      return
    }
    this.#wait()
    judgement.then(
      (found) => this.#awake(names, () => then(found)),
      (error: unknown) => {
        const failure = asPgoauthError(error)
        this.#parts.options.log.warn({ reason: failure.message }, 'a statement could not be judged')
        this.#awake(names, () => {
          names?.abandon()
          this.#outbox.refuse(owed, errorResponse(failure))
        })
      },
    )
  }

  #judge(sql: StatementText): Judgement | Promise<Judgement> {
    const { options, state } = this.#parts
    return typeof sql === 'string' ? options.judge.judge(sql, state) : options.judge.judgeLarge(sql, state)
  }

  #wait(): void {
    this.#thinking++
    this.#outbox.keep()
    this.#stream.pause()
  }

  #awake(names: RunningNames | undefined, action: () => void): void {
    this.#parts.guarded(() => this.#goOn(names, action))
  }

  /** Goes on with the message that was waited with, unless the server began to skip to Sync meanwhile. */
  #goOn(names: RunningNames | undefined, action: () => void): void {
    this.#thinking--
    if (this.#parts.state.ledger.skippingToSync) {
      names?.abandon()
      this.#outbox.discard()
    } else action()
    this.#stream.resume()
  }
}
