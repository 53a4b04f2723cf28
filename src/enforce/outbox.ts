import { asPgoauthError } from '../base/errors.ts'
import type { SessionEffects, StatementAnalysis } from '../sql/analysis.ts'
import { encodeBind, encodeClose, encodeExecute, encodeParse, encodeSync } from '../wire/client-messages.ts'
import type { GateParts } from './gate-parts.ts'
import type { ParsedJudgement } from './judge.ts'
import { LostSettings } from './lost-settings.ts'
import { deniedResponse, errorResponse } from './refusal.ts'
import type { OwedMessage } from './reply-ledger.ts'
import type { UnknownName } from './running-names.ts'
import type { Note } from './session-state.ts'
import type { StatementText } from './statement-text.ts'

/** The messages that can be refused: a Close frees, a Sync only ends. */
export type Judged = Exclude<OwedMessage, 'close' | 'sync'>

/**
 * Where the message that is being judged goes: to the server as it is, or nowhere, with a stand-in in its place. Keeps
 * the ledger.
 */
export class Outbox {
  readonly #parts: GateParts
  readonly #dropRest: () => void
  #current: Buffer = Buffer.alloc(0)
  /** It is in memory of its own. */
  #isKept = false
  /** Of a Parse: of the unnamed statement, which the server drops before it fails. */
  #isUnnamed = false
  /** A message of this segment was refused, so the server discards the rest of it: nothing of it is sent or judged. */
  refusedSegment = false
  /** What this segment put back of the settings that the session began with. */
  #lost = new LostSettings()

  constructor(parts: GateParts, dropRest: () => void) {
    this.#parts = parts
    this.#dropRest = dropRest
  }

  /**
   * Begins with a message, which may be in memory of its own. It may be cut behind what is read of it; its rest then
   * streams behind it.
   */
  take(message: Buffer, isUnnamed: boolean, isOwn: boolean): void {
    this.#current = message
    this.#isKept = isOwn
    this.#isUnnamed = isUnnamed
  }

  /** The body is longer than what was held of it. */
  get isCut(): boolean {
    return this.#current.length < this.#current.readInt32BE(1) + 1
  }

  /** The message is waited with, and the chunk it came in may be gone when its turn comes. */
  keep(): void {
    if (this.#isKept) return
    this.#current = Buffer.from(this.#current)
    this.#isKept = true
  }

  /** As `keep`; gives the copy's part that lies where that part of the message does. */
  keepPart(part: Buffer): Buffer {
    const start = part.byteOffset - this.#current.byteOffset
    this.keep()
    return this.#current.subarray(start, start + part.length)
  }

  /** The message goes on as it is. */
  pass(owed: OwedMessage, note: Note): void {
    this.send(owed, this.#current, note)
  }

  /** The message goes nowhere, and nothing in its place: the server would discard it. */
  discard(): void {
    this.#dropRest()
  }

  /** A stand-in goes in the message's place, and `refusal` is the answer to it. */
  refuse(owed: Judged, refusal: Buffer, requestId = '-'): void {
    this.#dropRest()
    this.send(owed, this.#parts.state.standIns.for(owed, requestId, this.#isUnnamed), { refusal })
    if (owed !== 'query' && owed !== 'function-call') this.refusedSegment = true
  }

  /** A Query or an Execute uses a name that means nothing: another such goes in its place, which fails as it would have failed. */
  refuseName(owed: 'query' | 'execute', name: UnknownName): void {
    this.#dropRest()
    this.send(owed, this.#parts.state.standIns.forName(owed, name), { refusal: name.response, unlessAborted: true })
    if (owed === 'execute') this.refusedSegment = true
  }

  deny(owed: Judged, judgement: ParsedJudgement, sql: StatementText): void {
    const { denials, options } = this.#parts
    const { help } = judgement.under.grants.policy
    options.judge.tally.decisions.denied++
    this.audited(owed, () => {
      const { requestId, decision, fingerprint } = denials.denied(judgement, sql, options.judge)
      this.refuse(owed, deniedResponse(decision, fingerprint, requestId, help), requestId)
    })
  }

  /** Denies what its text alone does not show. */
  denyFor(owed: Judged, reason: string): void {
    const { state, denials, options } = this.#parts
    options.judge.tally.decisions.denied++
    this.audited(owed, () => {
      const requestId = denials.deniedFor(reason)
      this.refuse(owed, deniedResponse(undefined, '', requestId, state.grants.policy.help), requestId)
    })
  }

  /** Whether the audit could be written; else the message is refused: no audit, no statement. */
  audited(owed: Judged, write: () => void): boolean {
    try {
      write()
      return true
    } catch (thrown) {
      const error = asPgoauthError(thrown)
      if (error.code !== 'AUDIT_UNAVAILABLE') throw error
      this.refuse(owed, errorResponse(error))
      return false
    }
  }

  send(owed: OwedMessage, message: Buffer, note: Note): void {
    const { state, toServer } = this.#parts
    // At its end, and at an error in it, a transaction that nobody began takes its cursors along.
    if (owed === 'function-call' || ((owed === 'sync' || owed === 'query') && !state.transactionIsOpen))
      state.closings++
    if (owed === 'query') state.queries++
    toServer.add(message)
    state.ledger.expect(owed, note)
    const closes = owed === 'query' || owed === 'function-call' || owed === 'sync'
    if (closes) state.segment++
    state.segmentOpen = !closes
  }

  /** Tells who listens what is about to be sent. */
  announce(analysis: StatementAnalysis | undefined): void {
    if (analysis) this.#parts.sinks.onSending?.(analysis)
  }

  /** Notes what runs before the next `restore`. */
  noteSettings(effects: readonly SessionEffects[]): void {
    for (const one of effects) this.#lost.note(one)
  }

  /** Puts what was lost of the session's settings back on the server, under names of its own, answers unseen. */
  restore(): void {
    if (this.#lost.isEmpty) return
    const lost = this.#lost
    this.#lost = new LostSettings()
    const restoreSql = this.#parts.options.restoreSql?.((name) => lost.has(name))
    if (restoreSql === undefined) return
    const { state } = this.#parts
    const { ownName: name } = state
    const own = { own: true } as const
    this.send('close', encodeClose({ kind: 'statement', name }), own)
    this.send('parse', encodeParse(name, restoreSql), own)
    this.send('bind', encodeBind(name, name), own)
    state.closings++
    this.send('execute', encodeExecute(name), own)
    // It would live as long as the transaction, and another of its name could not be opened there.
    this.send('close', encodeClose({ kind: 'portal', name }), own)
    this.send('sync', encodeSync(), own)
  }
}
