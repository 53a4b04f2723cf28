import { fail, PgoauthError } from '../base/errors.ts'
import { parseErrorFields, type RawErrorFields } from '../wire/error-response.ts'
import { Framer, type FrameSink, tagText } from '../wire/framer.ts'
import { parseParameterStatus, parseReadyForQuery, SERVER } from '../wire/server-messages.ts'
import { statementDone, transactionDone } from './completion.ts'
import type { GateParts } from './gate-parts.ts'
import type { Owed } from './reply-ledger.ts'
import { abandonNames } from './running-names.ts'
import { filteredError, shortenedError } from './server-error.ts'
import type { Note } from './session-state.ts'

/** An ErrorResponse or NoticeResponse is held up to this size; of a longer one (RAISE of a huge text) the beginning. */
const MAX_ERROR_BODY_BYTES = 65_536
const MAX_HELD_BYTES = 1024 * 1024

/** What the server says to anything but the end of a transaction that is aborted. */
const IN_FAILED_TRANSACTION = '25P02'

/** A server that reports these otherwise would read a statement in another way than it was judged (POLICY.md). */
const ONE_READING = new Map([
  // PostgreSQL spells every other name of UTF8 that way, and leaves this one as it was set (check_client_encoding).
  ['client_encoding', ['UTF8', 'UNICODE']],
  ['standard_conforming_strings', ['on']],
])

/**
 * The server's side of a gate: keeps the reply ledger, puts our error in the place of the one a stand-in drew, and
 * lets everything else pass. Rows and COPY data stream; they are never read.
 */
export class FromServer implements FrameSink {
  readonly #parts: GateParts
  readonly #framer = new Framer({ maxHeldBytes: MAX_HELD_BYTES })

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  push(chunk: Buffer): void {
    this.#framer.push(chunk, this)
  }

  /** The stream to the client stands between two messages. */
  get atBoundary(): boolean {
    return this.#framer.atBoundary
  }

  holds(tag: number, bodyBytes: number): boolean | number {
    const { ledger } = this.#parts.state
    switch (tag) {
      case SERVER.DataRow:
      case SERVER.CopyData:
        return ledger.head?.note.own ? 0 : false
      case SERVER.NotificationResponse:
        return false
      case SERVER.NoticeResponse:
      case SERVER.ErrorResponse:
        return Math.min(bodyBytes, MAX_ERROR_BODY_BYTES)
      case SERVER.ReadyForQuery:
      case SERVER.ParameterStatus:
        return true
      default: {
        const own = ledger.head?.note.own
        this.#settle(tag)
        return own ? 0 : false
      }
    }
  }

  onBytes(bytes: Buffer): void {
    this.#parts.toClient.add(bytes)
  }

  onMessage(tag: number, message: Buffer): void {
    switch (tag) {
      case SERVER.ErrorResponse:
        this.#error(message)
        return
      case SERVER.NoticeResponse:
        this.#notice(message)
        return
      case SERVER.ReadyForQuery:
        this.#ready(message)
        return
      case SERVER.ParameterStatus:
        this.#parameter(message)
        return
      default:
        // A part of the answer to a message of the gate's own.
        this.#framer.dropRest()
    }
  }

  #settle(tag: number): void {
    const { state } = this.#parts
    const head = state.ledger.head
    const note = head?.note
    if (note?.refusal && !note.refused) fail('SERVER_BAD', { detail: `${tagText(tag)} in answer to a stand-in` })
    const settlement = state.ledger.settle(tag)
    if (head === undefined || note === undefined || settlement === 'unexpected') {
      fail('SERVER_BAD', { detail: `${tagText(tag)} in answer to ${head?.message ?? 'nothing'}` })
    }
    if (tag === SERVER.CommandComplete && note.statements) statementDone(note, this.#parts)
    if (tag === SERVER.CopyInResponse) {
      if (note.copyIn === undefined) fail('SERVER_BAD', { detail: 'CopyInResponse to a statement that is no COPY' })
      note.copyIn.started++
    }
    if (settlement === 'done') this.#done(head)
  }

  #done({ message, note }: Owed<Note>): void {
    const { state } = this.#parts
    if (message === 'parse' && note.statement) state.statements.confirm(note.statement)
    if (message === 'bind' && note.portal) state.portals.confirm(note.portal)
    if (message === 'close' && note.closes) {
      const names = note.closes.kind === 'statement' ? state.statements : state.portals
      names.remove(note.closes.key)
    }
    if (note.copyIn !== undefined && note.copyIn === state.copyIn) state.copyIn = undefined
  }

  #ready(message: Buffer): void {
    const { state, toClient, sinks, options } = this.#parts
    const own = state.ledger.head?.note.own
    const wasStatus = state.status
    this.#settle(SERVER.ReadyForQuery)
    state.statusCame(parseReadyForQuery(message.subarray(5)))
    if (state.status === 'I') {
      state.portals.clear((portal) => portal.holdable)
      if (state.changedCatalog && wasStatus !== 'I') options.judge.catalog.markStale()
      state.changedCatalog = false
      if (state.temporary.length > 0) transactionDone(state)
    }
    if (own) return
    toClient.add(message)
    sinks.onReady?.(state.status)
  }

  #parameter(message: Buffer): void {
    const { name, value } = parseParameterStatus(message.subarray(5))
    if (ONE_READING.get(name)?.includes(value) === false) {
      throw new PgoauthError('SERVER_BAD', { detail: `the server reports ${name} = ${value}` })
    }
    if (this.#parts.sinks.onParameterStatus?.(name, value) ?? true) this.#parts.toClient.add(message)
  }

  #notice(message: Buffer): void {
    const { state, toClient } = this.#parts
    if (state.ledger.head?.note.own) {
      this.#framer.dropRest()
      return
    }
    const fields = this.#fields(message)
    toClient.add(
      fields.cut ? shortenedError('N', fields.raw, this.#parts) : filteredError('N', message, fields.raw, this.#parts),
    )
  }

  #error(message: Buffer): void {
    const { state, toClient, finish } = this.#parts
    const { raw, cut } = this.#fields(message)
    const shown = cut ? shortenedError('E', raw, this.#parts) : filteredError('E', message, raw, this.#parts)
    const severity = raw.get('V') ?? raw.get('S')
    if (severity === 'FATAL' || severity === 'PANIC') {
      toClient.add(shown)
      finish(undefined)
      return
    }
    const head = state.ledger.head
    const unanswered = state.ledger.fail()
    if (head === undefined || unanswered === undefined) {
      toClient.add(shown)
      fail('SERVER_BAD', { detail: 'an ErrorResponse that answers nothing' })
    }
    this.#abandon(head.note)
    for (const { note } of unanswered) {
      this.#abandon(note)
      if (note.copyIn !== undefined && note.copyIn === state.copyIn) state.copyIn = undefined
    }
    const { note } = head
    if (note.own) return
    const isAborted = note.unlessAborted === true && raw.get('C') === IN_FAILED_TRANSACTION
    if (note.refusal === undefined || note.refused || isAborted) {
      if (isAborted) note.refused = true
      toClient.add(shown)
      return
    }
    toClient.add(note.refusal)
    note.refused = true
  }

  /** What these statements would have named, they do not name now. */
  #abandon(note: Note): void {
    const { state } = this.#parts
    if (note.statement) state.statements.abandon(note.statement)
    if (note.portal) state.portals.abandon(note.portal)
    if (note.statements) abandonNames(note.statements, state, note.steps ?? 0)
  }

  #fields(message: Buffer): { raw: RawErrorFields; cut: boolean } {
    const cut = message.length < message.readInt32BE(1) + 1
    if (!cut) return { raw: parseErrorFields(message.subarray(5)), cut }
    this.#framer.dropRest()
    // The last field is cut off somewhere: end it and the message, and it can be read.
    return { raw: parseErrorFields(Buffer.concat([message.subarray(5), Buffer.alloc(2)])), cut }
  }
}
