import { isAscii, isUtf8 } from 'node:buffer'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'
import {
  CLIENT,
  encodeBind,
  encodeClose,
  encodeExecute,
  encodeFlush,
  encodeParse,
  encodeSync,
} from '../wire/client-messages.ts'
import type { GateParts } from './gate-parts.ts'
import type { Judgement, ParsedJudgement } from './judge.ts'
import { bindHead, executePortal, functionCallHead, parseHead, queryText, targetHead } from './message-heads.ts'
import { nameKey } from './name-table.ts'
import { copiesIn, type Prepared } from './prepared.ts'
import {
  deniedResponse,
  errorResponse,
  invalidEncodingResponse,
  unknownNameResponse,
  unparsableResponse,
} from './refusal.ts'
import type { OwedMessage } from './reply-ledger.ts'
import { abandonNames, type NamedByRunning, namesOf } from './running-names.ts'
import { type CopyIn, NOTHING_NOTED, type Note, type RunningStatement } from './session-state.ts'

type Judged = Exclude<OwedMessage, 'close' | 'sync'>

/** What the desk needs of the stream it takes messages from. */
export interface DeskStream {
  dropRest(): void
  /** Deliver nothing further until `resume`. */
  pause(): void
  resume(): void
}

const FLUSH = encodeFlush()

/** The messages that make something run, or may. */
const RUNNING: ReadonlyMap<number, Judged> = new Map<number, Judged>([
  [CLIENT.Query, 'query'],
  [CLIENT.Parse, 'parse'],
  [CLIENT.Bind, 'bind'],
  [CLIENT.Execute, 'execute'],
  [CLIENT.FunctionCall, 'function-call'],
])

/**
 * Takes the client's messages one after another, in order: each goes to the server as it is, or a stand-in goes in its
 * place (DESIGN section 8).
 */
export class StatementDesk {
  readonly #parts: GateParts
  readonly #stream: DeskStream
  #thinking = 0
  /** The message being judged; a copy of it once it is waited with, since the chunk it came in may be gone by then. */
  #current: Buffer = FLUSH
  /** A message of this segment was refused, so the server discards the rest of it: nothing of it is sent or judged. */
  #refusedSegment = false
  #restoreAfterSync = false

  constructor(parts: GateParts, stream: DeskStream) {
    this.#parts = parts
    this.#stream = stream
  }

  /** A judgement is awaited. */
  get busy(): boolean {
    return this.#thinking > 0
  }

  take(tag: number, message: Buffer): void {
    const { state, toServer } = this.#parts
    if (tag === CLIENT.Sync) {
      this.#sync(message)
      return
    }
    if (tag === CLIENT.Terminate) {
      state.terminated = true
      return
    }
    if (this.#refusedSegment || state.ledger.skippingToSync) {
      this.#stream.dropRest()
      return
    }
    this.#current = message
    const body = message.subarray(5)
    const run = RUNNING.get(tag)
    const { audit } = this.#parts.options
    const unnamed = run === 'parse' && body[0] === 0
    if (run !== undefined && !this.#isAudited(run, unnamed, () => audit.assertWritable())) return
    switch (tag) {
      case CLIENT.Query:
        this.#query(body)
        return
      case CLIENT.Parse:
        this.#parse(body)
        return
      case CLIENT.Bind:
        this.#bind(body)
        return
      case CLIENT.Describe:
        this.#describe(body)
        return
      case CLIENT.Execute:
        this.#execute(body)
        return
      case CLIENT.Close: {
        const { kind, name } = targetHead(body)
        this.#pass('close', { closes: { kind, key: nameKey(name) } })
        return
      }
      case CLIENT.FunctionCall:
        this.#functionCall(body)
        return
      case CLIENT.Flush:
        toServer.add(message)
    }
  }

  /** Whether the audit could be written; else the message is refused: no audit, no statement. */
  #isAudited(owed: Judged, unnamed: boolean, write: () => void): boolean {
    try {
      write()
      return true
    } catch (thrown) {
      const error = asPgoauthError(thrown)
      if (error.code !== 'AUDIT_UNAVAILABLE') throw error
      this.#refuse(owed, errorResponse(error), unnamed)
      return false
    }
  }

  #sync(message: Buffer): void {
    this.#send('sync', message, NOTHING_NOTED)
    this.#refusedSegment = false
    if (this.#restoreAfterSync) this.#restore()
  }

  #query(body: Buffer): void {
    if (this.#isCut) {
      this.#refuseTooLong('query')
      return
    }
    this.#judge('query', queryText(body), false, (judgement, text) => {
      const { state } = this.#parts
      const names = namesOf(judgement.statements, text, state, judgement.under)
      if (names.unknown) {
        this.#refuseNames('query', names, names.unknown)
        return
      }
      this.#whenAllowed('query', names.uses, names, () => {
        const copies = judgement.statements.some((one) => one.analysis.effects.copy === 'in')
        for (const { analysis } of judgement.statements) this.#sending(analysis)
        for (const { analysis } of names.uses) this.#sending(analysis)
        state.copyIn = copies ? beginCopy('query') : undefined
        this.#pass('query', { statements: names.running, ...(state.copyIn && { copyIn: state.copyIn }) })
        if (judgement.statements.some((one) => losesSettings(one.analysis))) this.#restore()
      })
    })
  }

  #parse(body: Buffer): void {
    if (this.#isCut) {
      this.#refuseTooLong('parse', body[0] === 0)
      return
    }
    const { name, sql } = parseHead(body)
    if (sql.length > this.#parts.options.maxStatementBytes) {
      this.#refuseTooLong('parse', name.length === 0)
      return
    }
    const key = nameKey(name)
    this.#judge('parse', sql, name.length === 0, (judgement, text) => {
      const { state } = this.#parts
      const analysis = judgement.statements[0]?.analysis
      const prepared: Prepared = { sql: text, analysis, judged: judgement.under }
      this.#sending(analysis)
      this.#pass('parse', { statement: state.statements.expect(key, prepared, state.segment) })
    })
  }

  #bind(body: Buffer): void {
    const { state } = this.#parts
    const { portal, statement } = bindHead(body)
    const candidates = state.statements.candidates(nameKey(statement), state.segment)
    if (candidates.length === 0) {
      this.#refuse('bind', unknownNameResponse('statement', statement.toString()))
      return
    }
    const key = nameKey(portal)
    this.#whenAllowed('bind', candidates, undefined, () => {
      for (const { analysis } of candidates) this.#sending(analysis)
      const pending = state.portals.expect(key, { candidates, holdable: false }, state.segment)
      this.#pass('bind', { portal: pending })
    })
  }

  #describe(body: Buffer): void {
    const { state } = this.#parts
    const { kind, name } = targetHead(body)
    const owed = kind === 'statement' ? 'describe-statement' : 'describe-portal'
    const candidates =
      kind === 'statement' ? state.statements.candidates(nameKey(name), state.segment) : this.#portalCandidates(name)
    if (candidates.length === 0 && !(kind === 'portal' && state.transactionMayBeOpen)) {
      this.#refuse(owed, unknownNameResponse(kind, name.toString()))
      return
    }
    this.#whenAllowed(owed, candidates, undefined, () => this.#pass(owed, NOTHING_NOTED))
  }

  #execute(body: Buffer): void {
    const { state, toServer } = this.#parts
    const portal = executePortal(body)
    const candidates = this.#portalCandidates(portal)
    // A cursor that a function opened has no entry here; it lives in the transaction that opened it.
    if (candidates.length === 0 && !state.transactionMayBeOpen) {
      this.#refuse('execute', unknownNameResponse('portal', portal.toString()))
      return
    }
    this.#whenAllowed('execute', candidates, undefined, () => {
      const names = this.#namesOfPortal(candidates)
      if (names.unknown) {
        this.#refuseNames('execute', names, names.unknown)
        return
      }
      this.#whenAllowed('execute', names.uses, names, () => {
        const copies = candidates.some(copiesIn)
        for (const { analysis } of [...candidates, ...names.uses]) this.#sending(analysis)
        state.copyIn = copies ? beginCopy('execute') : undefined
        this.#pass('execute', { statements: names.running, ...(state.copyIn && { copyIn: state.copyIn }) })
        if (candidates.some(({ analysis }) => analysis && losesSettings(analysis))) this.#restoreAfterSync = true
        if (!copies) return
        // Whether the COPY began or what became of it must come now; the server itself flushes only at a Sync.
        toServer.add(FLUSH)
      })
    })
  }

  #functionCall(body: Buffer): void {
    const { options, state } = this.#parts
    const { oid, argumentCount } = functionCallHead(body)
    const sql = options.judge.functionCallText(oid, argumentCount)
    if (sql === undefined) {
      this.#isAudited('function-call', false, () => {
        const requestId = this.#parts.denials.deniedFor(`no function with OID ${oid} is known`)
        this.#refuse('function-call', deniedResponse(undefined, requestId, state.grants.policy.help))
      })
      return
    }
    this.#judge('function-call', Buffer.from(sql), false, ({ statements }) => {
      for (const { analysis } of statements) this.#sending(analysis)
      this.#pass('function-call', NOTHING_NOTED)
    })
  }

  #portalCandidates(name: Buffer): readonly Prepared[] {
    const { state } = this.#parts
    const portals = state.portals.candidates(nameKey(name), state.segment)
    const only = portals.length === 1 ? portals[0] : undefined
    return only ? only.candidates : portals.flatMap((portal) => portal.candidates)
  }

  /** The names that running one of these gives and uses; what it gives is only sure where it is the only one. */
  #namesOfPortal(candidates: readonly Prepared[]): NamedByRunning {
    const { state } = this.#parts
    const running: RunningStatement[] = []
    const uses: Prepared[] = []
    for (const { analysis, sql, judged } of candidates) {
      if (analysis === undefined) continue
      const names = namesOf([{ analysis }], sql, state, judged)
      if (names.unknown) return names
      running.push(...names.running)
      uses.push(...names.uses)
    }
    return { running: candidates.length === 1 ? running : [], uses, unknown: undefined }
  }

  /** Calls `then` once the text was judged and found allowed; else refuses it. */
  #judge(owed: Judged, sql: Buffer, unnamed: boolean, then: (judgement: ParsedJudgement, text: string) => void): void {
    const { options, state, denials } = this.#parts
    if (!isUtf8(sql)) {
      this.#refuse(owed, invalidEncodingResponse(sql), unnamed)
      return
    }
    const text = sql.toString(isAscii(sql) ? 'latin1' : 'utf8')
    this.#settled(owed, options.judge.judge(text, state), unnamed, undefined, (judgement) => {
      if (judgement.kind === 'unparsable') {
        this.#refuse(owed, unparsableResponse(judgement), unnamed)
        return
      }
      if (!judgement.allowed) {
        this.#deny(owed, judgement, text, unnamed)
        return
      }
      if (!this.#isAudited(owed, unnamed, () => denials.passed(judgement, text, options.judge))) return
      then(judgement, text)
    })
  }

  /** Calls `then` once everything that is about to run was found allowed under the grants and catalog of now. */
  #whenAllowed(
    owed: Judged,
    uses: readonly Prepared[],
    names: NamedByRunning | undefined,
    then: () => void,
    from = 0,
  ): void {
    const { judge } = this.#parts.options
    const { state } = this.#parts
    for (let at = from; at < uses.length; at++) {
      const prepared = uses[at] as Prepared
      if (judge.holdsStill(prepared.judged, prepared.analysis, state)) continue
      this.#settled(owed, judge.judge(prepared.sql, state), false, names, (judgement) => {
        if (judgement.kind === 'parsed' && judgement.allowed) {
          prepared.judged = judgement.under
          this.#whenAllowed(owed, uses, names, then, at + 1)
          return
        }
        if (names) abandonNames(names.running, state)
        if (judgement.kind === 'parsed') this.#deny(owed, judgement, prepared.sql, false)
        else this.#refuse(owed, unparsableResponse(judgement))
      })
      return
    }
    then()
  }

  #settled(
    owed: Judged,
    judgement: Judgement | Promise<Judgement>,
    unnamed: boolean,
    names: NamedByRunning | undefined,
    then: (judgement: Judgement) => void,
  ): void {
    if (!(judgement instanceof Promise)) {
      then(judgement)
      return
    }
    this.#thinking++
    this.#current = Buffer.from(this.#current)
    this.#stream.pause()
    judgement.then(
      (found) => this.#awake(names, () => then(found)),
      (error: unknown) => {
        const failure = asPgoauthError(error)
        this.#parts.options.log.warn({ reason: failure.message }, 'a statement could not be judged')
        this.#awake(names, () => this.#refuse(owed, errorResponse(failure), unnamed))
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
        this.#stream.dropRest()
      } else action()
      this.#stream.resume()
    })
  }

  #deny(owed: Judged, judgement: ParsedJudgement, text: string, unnamed: boolean): void {
    const { denials, options } = this.#parts
    const { help } = judgement.under.grants.policy
    this.#isAudited(owed, unnamed, () => {
      const { requestId, decision } = denials.denied(judgement, text, options.judge)
      this.#refuse(owed, deniedResponse(decision, requestId, help), unnamed, requestId)
    })
  }

  #refuseNames(owed: Judged, names: NamedByRunning, response: Buffer): void {
    abandonNames(names.running, this.#parts.state)
    this.#refuse(owed, response)
  }

  #refuseTooLong(owed: Judged, unnamed = false): void {
    this.#refuse(owed, errorResponse(new PgoauthError('STATEMENT_TOO_LONG')), unnamed)
  }

  #refuse(owed: Judged, refusal: Buffer, unnamed = false, requestId = '-'): void {
    this.#stream.dropRest()
    this.#send(owed, this.#parts.state.standIns.for(owed, requestId, unnamed), { refusal })
    if (owed !== 'query' && owed !== 'function-call') this.#refusedSegment = true
  }

  /** The body is longer than what was held of it. */
  get #isCut(): boolean {
    return this.#current.length < this.#current.readInt32BE(1) + 1
  }

  #sending(analysis: StatementAnalysis | undefined): void {
    if (analysis) this.#parts.sinks.onSending?.(analysis)
  }

  /** The message goes on as it is. */
  #pass(owed: OwedMessage, note: Note): void {
    this.#send(owed, this.#current, note)
  }

  #send(owed: OwedMessage, message: Buffer, note: Note): void {
    const { state, toServer } = this.#parts
    toServer.add(message)
    state.ledger.expect(owed, note)
    const closes = owed === 'query' || owed === 'function-call' || owed === 'sync'
    if (closes) state.segment++
    state.segmentOpen = !closes
  }

  /** Puts the proxy's own settings back on the server, under names of its own, answers unseen. */
  #restore(): void {
    this.#restoreAfterSync = false
    const { restoreSql } = this.#parts.options
    if (restoreSql === undefined) return
    const { ownName: name } = this.#parts.state
    const own = { own: true } as const
    this.#send('close', encodeClose({ kind: 'statement', name }), own)
    this.#send('parse', encodeParse(name, restoreSql), own)
    this.#send('bind', encodeBind(name, name), own)
    this.#send('execute', encodeExecute(name), own)
    this.#send('sync', encodeSync(), own)
  }
}

function beginCopy(by: CopyIn['by']): CopyIn {
  return { by, started: 0, ended: 0 }
}

function losesSettings({ effects }: StatementAnalysis): boolean {
  return effects.discard === 'all' || (effects.reset !== undefined && effects.reset.name === undefined)
}
