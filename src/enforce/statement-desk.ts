import { PgoauthError } from '../base/errors.ts'
import { CLIENT, encodeFlush } from '../wire/client-messages.ts'
import { shortText } from './error-source.ts'
import type { GateParts } from './gate-parts.ts'
import type { JudgedStatement } from './judge.ts'
import { Judging, type Pausable } from './judging.ts'
import { bindHead, executePortal, functionCallHead, parseHead, queryText, targetHead } from './message-heads.ts'
import { nameKey, UNNAMED } from './name-table.ts'
import { type Judged, Outbox } from './outbox.ts'
import { castsCustom, parameterObjection, parameterTypes, tellingTypes } from './parameter-types.ts'
import type { Portal, Prepared } from './prepared.ts'
import { errorResponse, unknownNameResponse } from './refusal.ts'
import { preparedBehind, RunningNames, type UnknownName } from './running-names.ts'
import { hazardOfPortals, hazardOfStatements, hazardOfUnnamed } from './server-hazard.ts'
import { beginCopy, NOTHING_NOTED } from './session-state.ts'
import type { StatementText } from './statement-text.ts'

/** What the desk needs of the stream it takes messages from. */
export interface DeskStream extends Pausable {
  dropRest(): void
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
  readonly #outbox: Outbox
  readonly #judging: Judging

  constructor(parts: GateParts, stream: DeskStream) {
    this.#parts = parts
    this.#outbox = new Outbox(parts, () => stream.dropRest())
    this.#judging = new Judging(parts, this.#outbox, stream)
  }

  /** A judgement is awaited. */
  get busy(): boolean {
    return this.#judging.busy
  }

  /** `isOwn`: the message is in memory of its own. */
  take(tag: number, message: Buffer, isOwn: boolean): void {
    const { state, options, toServer } = this.#parts
    const outbox = this.#outbox
    if (tag === CLIENT.Sync) {
      this.#sync(message)
      return
    }
    if (tag === CLIENT.Terminate) {
      state.terminated = true
      return
    }
    if (outbox.refusedSegment || state.ledger.skippingToSync) {
      outbox.discard()
      return
    }
    const body = message.subarray(5)
    const run = RUNNING.get(tag)
    outbox.take(message, run === 'parse' && body[0] === 0, isOwn)
    if (run !== undefined && !outbox.audited(run, () => options.audit.assertWritable())) return
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
        if (kind === 'portal') state.closings++
        outbox.pass('close', { closes: { kind, key: nameKey(name) } })
        return
      }
      case CLIENT.FunctionCall:
        this.#functionCall(body)
        return
      case CLIENT.Flush:
        toServer.add(message)
    }
  }

  #sync(message: Buffer): void {
    this.#outbox.send('sync', message, NOTHING_NOTED)
    this.#outbox.refusedSegment = false
    this.#outbox.restore()
  }

  #query(body: Buffer): void {
    const { state, options } = this.#parts
    const outbox = this.#outbox
    if (outbox.isCut) {
      this.#refuseTooLong('query')
      return
    }
    this.#judging.ofText('query', queryText(body), ({ statements, distinct, under }, text) => {
      options.judge.tally.decisions.allowed++
      const names = new RunningNames(state)
      const steps = names.follow(statements, text, under)
      if (steps === undefined) this.#runQuery(distinct, names, text)
      else this.#judging.inSteps('query', steps, names, () => this.#runQuery(distinct, names, text))
    })
  }

  #runQuery(distinct: readonly JudgedStatement[], names: RunningNames, text: StatementText): void {
    const { state } = this.#parts
    const outbox = this.#outbox
    if (names.unknown) {
      this.#refuseName('query', names, names.unknown)
      return
    }
    this.#judging.ofPrepared('query', names.uses, names, () => {
      for (const { analysis } of distinct) outbox.announce(analysis)
      for (const { analysis } of names.uses) outbox.announce(analysis)
      if (!names.keepsCursors) state.closings++
      state.copyIn = names.copies ? beginCopy('query') : undefined
      const { copyIn } = state
      outbox.pass('query', { statements: names.running, sql: shortText(text), ...(copyIn && { copyIn }) })
      outbox.noteSettings(names.settings)
      outbox.restore()
    })
  }

  #parse(body: Buffer): void {
    const { state, options } = this.#parts
    if (this.#outbox.isCut) {
      this.#refuseTooLong('parse')
      return
    }
    const { name, sql } = parseHead(body)
    if (sql.length > options.maxStatementBytes) {
      this.#refuseTooLong('parse')
      return
    }
    const key = nameKey(name)
    const types = parameterTypes(body)
    this.#judging.ofText('parse', sql, ({ statements, under }, text) => {
      const shown = statements[0]?.analysis
      const objection = parameterObjection(types, state.grants, shown)
      if (objection !== undefined) {
        this.#outbox.denyFor('parse', objection)
        return
      }
      options.judge.tally.decisions.allowed++
      const isOpaque = shown !== undefined && castsCustom(types, shown)
      const analysis = isOpaque ? { ...shown, opaque: true, readOnly: false, plain: false } : shown
      this.#outbox.announce(analysis)
      const prepared: Prepared = {
        sql: text,
        analysis,
        judged: under,
        parsedAt: state.closings,
        types: tellingTypes(types),
      }
      this.#outbox.pass('parse', { statement: state.statements.expect(key, prepared, state.segment) })
    })
  }

  #bind(body: Buffer): void {
    const { state } = this.#parts
    const { portal, statement } = bindHead(body)
    const candidates = state.statements.candidates(nameKey(statement), state.segment)
    if (candidates.length === 0) {
      this.#outbox.refuse('bind', unknownNameResponse('statement', statement.toString()))
      return
    }
    const key = nameKey(portal)
    this.#judging.ofPrepared('bind', candidates, undefined, () => {
      for (const { analysis } of candidates) this.#outbox.announce(analysis)
      const portal = { candidates, holdable: false, boundAt: state.closings, boundBehind: state.queries }
      const pending = state.portals.expect(key, portal, state.segment)
      this.#outbox.pass('bind', { portal: pending })
    })
  }

  #describe(body: Buffer): void {
    const { state } = this.#parts
    const { kind, name } = targetHead(body)
    const owed = kind === 'statement' ? 'describe-statement' : 'describe-portal'
    const key = nameKey(name)
    const portals = kind === 'portal' ? state.portals.candidates(key, state.segment) : []
    const candidates = kind === 'statement' ? state.statements.candidates(key, state.segment) : runBy(portals)
    if (candidates.length === 0 && !(kind === 'portal' && state.transactionMayBeOpen)) {
      this.#outbox.refuse(owed, unknownNameResponse(kind, name.toString()))
      return
    }
    const hazard = kind === 'statement' ? hazardOfStatements(candidates, state) : hazardOfPortals(portals, state)
    if (hazard !== undefined) {
      this.#outbox.refuse(owed, hazard)
      return
    }
    // Of an EXECUTE or a FETCH the server describes what is behind it.
    const all = [...candidates, ...preparedBehind(candidates, state)]
    this.#judging.ofPrepared(owed, all, undefined, () => this.#outbox.pass(owed, NOTHING_NOTED))
  }

  #execute(body: Buffer): void {
    const { state, toServer } = this.#parts
    const outbox = this.#outbox
    const portal = executePortal(body)
    const key = nameKey(portal)
    const candidates = runBy(state.portals.candidates(key, state.segment))
    // A cursor that a function opened has no entry here; it lives in the transaction that opened it.
    if (candidates.length === 0 && !state.transactionMayBeOpen) {
      outbox.refuse('execute', unknownNameResponse('portal', portal.toString()))
      return
    }
    const hazard = key === UNNAMED ? hazardOfUnnamed(state) : undefined
    if (hazard !== undefined) {
      outbox.refuse('execute', hazard)
      return
    }
    this.#judging.ofPrepared('execute', candidates, undefined, () => {
      const names = new RunningNames(state)
      names.followPortal(candidates)
      if (names.unknown) {
        this.#refuseName('execute', names, names.unknown)
        return
      }
      this.#judging.ofPrepared('execute', names.uses, names, () => {
        for (const { analysis } of candidates) outbox.announce(analysis)
        for (const { analysis } of names.uses) outbox.announce(analysis)
        if (!names.keepsCursors) state.closings++
        state.copyIn = names.copies ? beginCopy('execute') : undefined
        outbox.pass('execute', { statements: names.running, ...(state.copyIn && { copyIn: state.copyIn }) })
        outbox.noteSettings(names.settings)
        // Whether a COPY began or what became of it must come now; the server itself flushes only at a Sync.
        if (state.copyIn) toServer.add(FLUSH)
      })
    })
  }

  #functionCall(body: Buffer): void {
    const { options } = this.#parts
    const { oid, argumentCount } = functionCallHead(body)
    const sql = options.judge.functionCallText(oid, argumentCount)
    if (sql !== undefined) {
      this.#judging.ofText('function-call', Buffer.from(sql), ({ statements }) => {
        options.judge.tally.decisions.allowed++
        for (const { analysis } of statements) this.#outbox.announce(analysis)
        this.#outbox.pass('function-call', NOTHING_NOTED)
      })
      return
    }
    this.#outbox.denyFor('function-call', `no function with OID ${oid} is known`)
  }

  #refuseName(owed: 'query' | 'execute', names: RunningNames, name: UnknownName): void {
    names.abandon()
    this.#outbox.refuseName(owed, name)
  }

  #refuseTooLong(owed: Judged): void {
    this.#parts.options.judge.tally.decisions.limit++
    this.#outbox.refuse(owed, errorResponse(new PgoauthError('STATEMENT_TOO_LONG')))
  }
}

/** What these portals may run. */
function runBy(portals: readonly Portal[]): readonly Prepared[] {
  const [only] = portals
  return only !== undefined && portals.length === 1 ? only.candidates : portals.flatMap(({ candidates }) => candidates)
}
