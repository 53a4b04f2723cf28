import { isUtf8 } from 'node:buffer'
import { asPgoauthError } from '../base/errors.ts'
import type { GateParts } from './gate-parts.ts'
import type { Judgement, ParsedJudgement } from './judge.ts'
import type { Judged, Outbox } from './outbox.ts'
import type { Prepared } from './prepared.ts'
import { errorResponse, invalidEncodingResponse, unparsableResponse } from './refusal.ts'
import { abandonNames, type NamedByRunning } from './running-names.ts'
import { largeText, MAX_QUICK_BYTES, quickText } from './statement-text.ts'

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
  ofText(owed: Judged, sql: Buffer, then: (judgement: ParsedJudgement, text: string) => void): void {
    const { options, state, denials } = this.#parts
    if (!isUtf8(sql)) {
      options.judge.tally.decisions.syntax++
      this.#outbox.refuse(owed, invalidEncodingResponse(sql))
      return
    }
    let text = ''
    const judged = (judgement: Judgement) => {
      if (judgement.kind === 'unparsable') this.#refuseUnparsable(owed, judgement)
      else if (!judgement.allowed) this.#outbox.deny(owed, judgement, text)
      else if (this.#outbox.audited(owed, () => denials.passed(judgement, text, options.judge))) then(judgement, text)
    }
    if (sql.length <= MAX_QUICK_BYTES) {
      text = quickText(sql)
      this.#settled(owed, options.judge.judge(text, state), undefined, judged)
      return
    }
    const read = largeText(this.#outbox.keepPart(sql)).then((whole) => {
      text = whole
      return options.judge.judge(whole, state)
    })
    this.#settled(owed, read, undefined, judged)
  }

  /**
   * Calls `then` once everything that was prepared before and is about to run was found allowed under the grants and
   * the catalog of now. Otherwise `names` are taken back.
   */
  ofPrepared(
    owed: Judged,
    uses: readonly Prepared[],
    names: NamedByRunning | undefined,
    then: () => void,
    from = 0,
  ): void {
    const { state, options } = this.#parts
    for (let at = from; at < uses.length; at++) {
      const prepared = uses[at] as Prepared
      if (options.judge.holdsStill(prepared.judged, prepared.analysis, state)) continue
      this.#settled(owed, options.judge.judge(prepared.sql, state), names, (judgement) => {
        if (judgement.kind === 'parsed' && judgement.allowed) {
          options.judge.tally.decisions.allowed++
          prepared.judged = judgement.under
          this.ofPrepared(owed, uses, names, then, at + 1)
          return
        }
        if (names) abandonNames(names.running, state)
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
    names: NamedByRunning | undefined,
    then: (judgement: Judgement) => void,
  ): void {
    if (!(judgement instanceof Promise)) {
      then(judgement)
      return
    }
    this.#thinking++
    this.#outbox.keep()
    this.#stream.pause()
    judgement.then(
      (found) => this.#awake(names, () => then(found)),
      (error: unknown) => {
        const failure = asPgoauthError(error)
        this.#parts.options.log.warn({ reason: failure.message }, 'a statement could not be judged')
        this.#awake(names, () => {
          if (names) abandonNames(names.running, this.#parts.state)
          this.#outbox.refuse(owed, errorResponse(failure))
        })
      },
    )
  }

  /** Goes on with the message that was waited with, unless the server began to skip to Sync meanwhile. */
  #awake(names: NamedByRunning | undefined, action: () => void): void {
    const { state } = this.#parts
    this.#parts.guarded(() => {
      this.#thinking--
      if (state.ledger.skippingToSync) {
        if (names) abandonNames(names.running, state)
        this.#outbox.discard()
      } else action()
      this.#stream.resume()
    })
  }
}
