import { fail } from '../base/errors.ts'
import { encodeRawErrorFields, parseErrorFields, type RawErrorFields } from '../wire/error-response.ts'
import { Framer, type FrameSink } from '../wire/framer.ts'
import { HEADER_BYTES } from '../wire/limits.ts'
import {
  encodeParameterStatus,
  parseParameterStatus,
  parseReadyForQuery,
  SERVER,
  type TransactionStatus,
} from '../wire/server-messages.ts'
import { JoinedBytes } from './joined-bytes.ts'
import type { RepliesOwed } from './replies-owed.ts'
import { ReportedSettings } from './reported-settings.ts'
import { type ClientStatement, clientText } from './statement-names.ts'

/** Errors up to this size have the pool's names in them turned back; a longer one passes as it is. */
const MAX_ERROR_BYTES = 65_536
/** Where PostgreSQL says "cached plan must not change result type", in whatever language (plancache.c). */
const STALE_ROUTINE = 'RevalidateCachedQuery'

/**
 * What servers answer to one session in transaction pooling, made to look like the answers of one server: the pool's
 * own turns and what the client did not ask for are taken out, its names are turned back, and where a connection
 * reports other settings than the last one did, the client is told.
 */
export class TransactionReplies implements FrameSink {
  /** Of the last ReadyForQuery. */
  status: TransactionStatus = 'I'
  readonly #owed: RepliesOwed
  readonly #statements: ReadonlyMap<string, ClientStatement>
  readonly #told: ReportedSettings
  readonly #framer = new Framer({ maxHeldBytes: MAX_ERROR_BYTES })
  readonly #toClient = new JoinedBytes()
  readonly #onStale: (isTold: boolean) => boolean
  /** Something of the turn under way has gone to the client. */
  #isTold = false
  #isDropping = false
  #parameters: Map<string, string> = new Map()

  /**
   * `onStale`: a statement prepared on the connection gives rows of another shape since a table changed; `isTold`: the
   * client has part of the turn's answer. True takes the error out, and the ReadyForQuery behind it (see `isDropping`).
   */
  constructor(
    owed: RepliesOwed,
    statements: ReadonlyMap<string, ClientStatement>,
    told: ReadonlyMap<string, string>,
    onStale: (isTold: boolean) => boolean,
  ) {
    this.#owed = owed
    this.#onStale = onStale
    this.#statements = statements
    this.#told = new ReportedSettings(told)
  }

  /** What comes next comes from this connection, which is idle; its `parameters` are kept true. */
  startOn({ parameters }: { readonly parameters: Map<string, string> }): void {
    this.#parameters = parameters
    this.status = 'I'
    this.#isTold = false
  }

  /** An error was taken out, and the ReadyForQuery behind it is still to come. */
  get isDropping(): boolean {
    return this.#isDropping
  }

  get atBoundary(): boolean {
    return this.#framer.atBoundary
  }

  push(chunk: Buffer): void {
    this.#framer.push(chunk, this)
  }

  /** What is for the client, since the last time. */
  take(): readonly Buffer[] {
    return this.#toClient.take()
  }

  /** Tells the client what this connection reports otherwise than the last one did. */
  tell(): void {
    const parameters = this.#parameters
    if (parameters instanceof ReportedSettings && parameters.text === this.#told.text) return
    for (const [name, value] of parameters) {
      if (this.#told.get(name) === value) continue
      this.#told.set(name, value)
      this.#toClient.add(encodeParameterStatus(name, value))
    }
  }

  holds(tag: number, bodyBytes: number): boolean | number {
    const isNews = tag === SERVER.ReadyForQuery || tag === SERVER.ParameterStatus
    if (this.#owed.isTaking) return isNews || (tag === SERVER.ErrorResponse ? true : 0)
    switch (tag) {
      case SERVER.ParseComplete:
        return this.#isTaken('parse')
      case SERVER.CloseComplete:
        return this.#isTaken('close')
      case SERVER.ErrorResponse:
        return bodyBytes <= MAX_ERROR_BYTES
    }
    return isNews
  }

  onBytes(bytes: Buffer): void {
    this.#isTold = true
    this.#toClient.add(bytes)
  }

  onMessage(tag: number, message: Buffer): void {
    const body = message.subarray(HEADER_BYTES)
    switch (tag) {
      case SERVER.ReadyForQuery: {
        this.status = parseReadyForQuery(body)
        const whose = this.#owed.endTurn()
        if (whose === undefined) fail('SERVER_BAD', { detail: 'a ReadyForQuery that nobody asked for' })
        if (whose === 'pool') this.tell()
        else if (!this.#isDropping) this.#toClient.add(message)
        this.#isDropping = false
        this.#isTold = false
        return
      }
      case SERVER.ParameterStatus: {
        const { name, value } = parseParameterStatus(body)
        this.#parameters.set(name, value)
        if (this.#owed.isTaking) return
        this.#told.set(name, value)
        this.#toClient.add(message)
        return
      }
      case SERVER.ErrorResponse:
        if (this.#owed.isTaking) this.#ownTurnFailed(body)
        else this.#error(message, body)
        return
      case SERVER.ParseComplete:
      case SERVER.CloseComplete:
        return
      default:
        this.#framer.dropRest()
    }
  }

  #isTaken(kind: 'parse' | 'close'): boolean {
    const taken = this.#owed.complete(kind)
    return taken ?? fail('SERVER_BAD', { detail: `${kind} completed that nobody asked for` })
  }

  #error(message: Buffer, body: Buffer): void {
    const fields = parseErrorFields(body)
    const isStale = fields.get('C') === '0A000' && fields.get('R') === STALE_ROUTINE
    if (isStale && this.#onStale(this.#isTold)) this.#isDropping = true
    else this.#toClient.add(this.#withClientNames(message, fields))
  }

  /** A server's message names the statement as the server knows it: turned back, or the client would learn our names. */
  #withClientNames(message: Buffer, fields: RawErrorFields): Buffer {
    const own = new Map([...fields].map(([type, text]) => [type, clientText(text, this.#statements)]))
    return [...fields].every(([type, text]) => own.get(type) === text) ? message : encodeRawErrorFields('E', own)
  }

  /** Settings that were taken once are refused now: what the client sent behind them may not run as it should. */
  #ownTurnFailed(body: Buffer): void {
    const fields = parseErrorFields(body)
    if (this.status !== 'I') return
    fail('SERVER_BAD', { detail: `the session's settings were refused: ${fields.get('C')} ${fields.get('M')}` })
  }
}
