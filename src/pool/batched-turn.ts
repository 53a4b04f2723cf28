import type { PgoauthError } from '../base/errors.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'
import { CLIENT, encodeDescribe, encodeExecute, encodeSync } from '../wire/client-messages.ts'
import { encodeErrorResponse } from '../wire/error-response.ts'
import { HEADER_BYTES } from '../wire/limits.ts'
import { encodeReadyForQuery } from '../wire/server-messages.ts'
import type { TurnAnswer, WholeBind, WholeQuery, WholeTurn } from '../wire/whole-turn.ts'
import type { BatchTurn, Elsewhere } from './batch-line.ts'
import type { Batching, LineGroup, OpenLine, Template } from './batching.ts'
import type { LineStatement } from './line-statements.ts'
import type { Settings } from './settings.ts'

export interface BatchedTurnOptions {
  readonly batching: Batching
  /** Of server connections that are alike. */
  readonly key: string
  /** Text and parameter types of the client's statement of that name; undefined where it has none. */
  readonly definitionOf: (name: string) => Buffer | undefined
  /** No turn is under way any more, called before its answer; with the turn where that was completed. */
  readonly onEnd: (turn: WholeTurn | undefined) => void
  readonly onLost: (error: PgoauthError) => void
}

/** What a client is told whose statement on a line was cancelled, as PostgreSQL tells it. */
const CANCELLED = Buffer.concat([
  encodeErrorResponse({ severity: 'ERROR', code: '57014', message: 'canceling statement due to user request' }),
  encodeReadyForQuery('I'),
])

const PARSE_COMPLETE = Buffer.from([0x31, 0, 0, 0, 4])
const AFTER_BIND = Buffer.concat([encodeDescribe({ kind: 'portal', name: '' }), encodeExecute(''), encodeSync()])

/**
 * The turns of one client on lines that others use too, one at a time. Made once for a session, since turns come by the
 * hundred thousand: what the last one found, template, line and statement, mostly holds for the next.
 */
export class BatchedTurn implements BatchTurn {
  unasked = 0
  prefix: Buffer | undefined
  readonly #options: BatchedTurnOptions
  /** The line it is under way on. */
  #open: OpenLine | undefined
  #turn: WholeTurn | undefined
  #answer: (answer: TurnAnswer) => void = () => {}
  /** Of the statement that came last. */
  #statement: StatementAnalysis | undefined
  #template: Template | undefined
  /** Of the settings that came last. */
  #settings: Settings | undefined
  #group: LineGroup | undefined
  /** The statement prepared on the line that it uses, and for which line it was found. */
  #uses: LineStatement | undefined
  #usesKey = ''
  #usesOn: OpenLine | undefined
  #isSplit = false
  readonly #places: number[] = []

  constructor(options: BatchedTurnOptions) {
    this.#options = options
  }

  /** Sends a turn with those of others, where its statement has settled; false where it may not go. */
  start(
    turn: WholeTurn,
    statement: StatementAnalysis,
    settings: Settings,
    answer: (answer: TurnAnswer) => void,
  ): boolean {
    const { batching, key } = this.#options
    if (statement !== this.#statement || this.#template === undefined) {
      this.#template = batching.templateOf(statement)
      this.#statement = statement
    }
    const template = this.#template
    if (template === undefined || !template.isSettled) return false
    if (settings !== this.#settings || this.#group === undefined || this.#group.isGone) {
      this.#group = batching.groupOf(key, settings)
      this.#settings = settings
    }
    const open = batching.lineOf(this.#group)
    if (open === undefined) return false
    if (turn.kind === 'query') this.#sendQuery(turn, open, template)
    else if (!this.#sendBind(turn, open)) return false
    this.#open = open
    this.#turn = turn
    this.#answer = answer
    open.line.add(this)
    return true
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.#open?.line.abandon(this)
    this.#open = undefined
    this.#turn = undefined
  }

  /** What the server runs may be a neighbour's: the client is answered, and its own statement's reply goes nowhere. */
  cancel(): void {
    this.abandon()
    this.#options.onEnd(undefined)
    this.#answer({ reply: CANCELLED, completed: false })
  }

  onReply(reply: Buffer, tookMs: number): void {
    const turn = this.#turn
    this.#open = undefined
    this.#turn = undefined
    this.#template?.noteReply(tookMs, this.#isSplit)
    this.#options.onEnd(turn)
    this.#answer({ reply, completed: true })
  }

  onElsewhere(why: Elsewhere): void {
    const open = this.#open
    this.#open = undefined
    this.#turn = undefined
    this.#template?.noteElsewhere(why, this.#isSplit)
    if (why === 'odd' && this.#uses !== undefined) open?.statements.forget(this.#usesKey, this.#uses)
    this.#options.onEnd(undefined)
    this.#answer(undefined)
  }

  onLost(error: PgoauthError): void {
    this.#open = undefined
    this.#options.onLost(error)
  }

  /** A Query whose literals can be parameters becomes a Bind of a statement that the line keeps; another goes as it is. */
  #sendQuery(turn: WholeQuery, open: OpenLine, template: Template): void {
    const { bytes, sqlStart, sqlEnd } = turn
    const split = template.split(turn)
    this.prefix = undefined
    if (split === undefined || !split.findValues(bytes, sqlStart, sqlEnd, this.#places)) {
      this.#isSplit = false
      this.#uses = undefined
      this.unasked = 0
      open.line.output.add(bytes)
      return
    }
    this.#isSplit = true
    // The BindComplete too: to a Query there is none.
    this.unasked = this.#use(split.key, open) + 1
    this.#writeValues(bytes, split.parameters, open)
  }

  #sendBind(turn: WholeBind, open: OpenLine): boolean {
    const { bytes, nameStart, nameEnd, definitionStart, definitionEnd } = turn
    const key = turn.parses
      ? bytes.toString('latin1', definitionStart, definitionEnd)
      : this.#options.definitionOf(bytes.toString('utf8', nameStart, nameEnd))?.toString('latin1')
    if (key === undefined) return false
    this.#isSplit = false
    this.prefix = turn.parses ? PARSE_COMPLETE : undefined
    this.unasked = this.#use(key, open)
    this.#writeRenamed(turn, open)
    return true
  }

  /** Sees to it that the statement is prepared there; how many replies come for that. */
  #use(key: string, open: OpenLine): number {
    if (this.#usesOn === open && this.#usesKey === key && this.#uses?.isGone === false) return 0
    this.#usesOn = open
    this.#usesKey = key
    this.#uses = open.statements.known(key)
    if (this.#uses !== undefined) return 0
    const { statement, messages, replies } = open.statements.prepare(key)
    this.#uses = statement
    for (const message of messages) open.line.output.add(message)
    return replies
  }

  /** Bind with the values found, as text, results as text; Describe, Execute, Sync. */
  #writeValues(from: Buffer, parameters: number, { line }: OpenLine): void {
    const name = (this.#uses as LineStatement).nameBytes
    const places = this.#places
    let length = HEADER_BYTES + 1 + name.length + 1 + 2 + 2 + 2
    for (let index = 0; index < parameters; index++) {
      length += 4 + (places[index * 2 + 1] as number) - (places[index * 2] as number)
    }
    let at = line.output.take(length + AFTER_BIND.length)
    const { bytes } = line.output
    bytes[at] = CLIENT.Bind
    bytes.writeInt32BE(length - 1, at + 1)
    bytes[at + HEADER_BYTES] = 0
    at = copy(name, 0, name.length, bytes, at + HEADER_BYTES + 1)
    bytes[at] = 0
    bytes.writeInt16BE(0, at + 1)
    bytes.writeInt16BE(parameters, at + 3)
    at += 5
    for (let index = 0; index < parameters; index++) {
      const start = places[index * 2] as number
      const end = places[index * 2 + 1] as number
      bytes.writeInt32BE(end - start, at)
      at = copy(from, start, end, bytes, at + 4)
    }
    bytes.writeInt16BE(0, at)
    copy(AFTER_BIND, 0, AFTER_BIND.length, bytes, at + 2)
  }

  /** The turn from its Bind on, of the statement of another name. */
  #writeRenamed({ bytes: from, nameStart, nameEnd, bindEnd }: WholeBind, { line }: OpenLine): void {
    const name = (this.#uses as LineStatement).nameBytes
    const at = line.output.take(HEADER_BYTES + 1 + name.length + from.length - nameEnd)
    const { bytes } = line.output
    bytes[at] = CLIENT.Bind
    bytes.writeInt32BE(bindEnd - nameStart + 5 - (nameEnd - nameStart) + name.length, at + 1)
    bytes[at + HEADER_BYTES] = 0
    const end = copy(name, 0, name.length, bytes, at + HEADER_BYTES + 1)
    copy(from, nameEnd, from.length, bytes, end)
  }
}

/** Copies some bytes, or many; where they end. */
function copy(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  if (end - start > 100) from.copy(to, at, start, end)
  else for (let inside = start; inside < end; inside++) to[at + inside - start] = from[inside] as number
  return at + end - start
}
