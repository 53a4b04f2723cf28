import { SERVER } from '../wire/server-messages.ts'

/** The messages of a client that the server answers, and `sync`, which it answers with ReadyForQuery alone. */
export type OwedMessage =
  | 'query'
  | 'function-call'
  | 'parse'
  | 'bind'
  | 'describe-statement'
  | 'describe-portal'
  | 'execute'
  | 'close'
  | 'sync'

/** One message that went to the server and is not answered in full. `Note` is whatever the caller keeps with it. */
export interface Owed<Note> {
  readonly message: OwedMessage
  readonly note: Note
}

/**
 * What one message of the server means for the message at the head of the ledger: `part` of its answer; `step`: one
 * of its statements is done; `done`: answered in full, and the ledger has moved on; `unexpected`: no server that
 * keeps the protocol sends that now.
 */
export type Settlement = 'part' | 'step' | 'done' | 'unexpected'

/**
 * Says which reply of the server answers which message of the client. Pure: it sees tags alone.
 *
 *   message              answer
 *   Query                (T? D* C | T? D* s | I | G … C | H d* c C)* E? Z
 *   FunctionCall         V Z | E Z
 *   Parse, Bind, Close   1, 2, 3 | E
 *   Describe statement   t (T | n) | E
 *   Describe portal      T | n | E
 *   Execute              D* (C | I | s) | G … C | H d* c C | E
 *   Sync                 Z | E Z
 *
 * An error of an extended-query message makes the server discard everything up to the next Sync, a Query or a
 * FunctionCall too (`ignore_till_sync` in postgres.c): so does the ledger, with what was expected already and with
 * what will be. Messages that come by themselves (NoticeResponse, ParameterStatus, NotificationResponse) and
 * CopyData are no business of the ledger, and neither are the client's Flush, CopyData, CopyDone and CopyFail.
 *
 * @see https://www.postgresql.org/docs/18/protocol-flow.html
 */
export class ReplyLedger<Note> {
  /**
   * A queue in an array, from `#first` to before `#end`: it begins again at the front whenever it is empty, and is cut now and
   * then where it never is. Setting an array's length costs more than the rest of a step.
   */
  #owed: (Owed<Note> | undefined)[] = []
  #first = 0
  #end = 0
  #skippingToSync = false
  #copy: 'in' | 'out' | 'out-done' | undefined
  #described = false

  /** The message that the next reply answers. */
  get head(): Owed<Note> | undefined {
    return this.#first === this.#end ? undefined : this.#owed[this.#first]
  }

  get empty(): boolean {
    return this.#first === this.#end
  }

  get length(): number {
    return this.#end - this.#first
  }

  /** The server discards whatever it is sent until a Sync, and no Sync has been sent. */
  get skippingToSync(): boolean {
    return this.#skippingToSync
  }

  /** The server sent CopyInResponse, and neither the end nor the failure of that COPY was seen. */
  get copyingIn(): boolean {
    return this.#copy === 'in'
  }

  /** A message went to the server. False: it is one the server discards, and nothing is owed for it. */
  expect(message: OwedMessage, note: Note): boolean {
    if (this.#skippingToSync) {
      if (message !== 'sync') return false
      this.#skippingToSync = false
    }
    this.#owed[this.#end++] = { message, note }
    return true
  }

  /** A message of the server other than ErrorResponse and those that come by themselves. */
  settle(tag: number): Settlement {
    const head = this.head
    if (head === undefined) return 'unexpected'
    switch (head.message) {
      case 'query':
        return tag === SERVER.ReadyForQuery && this.#copy === undefined ? this.#done() : this.#statement(tag, true)
      case 'execute': {
        const settlement = this.#statement(tag, false)
        return settlement === 'step' ? this.#done() : settlement
      }
      case 'parse':
        return tag === SERVER.ParseComplete ? this.#done() : 'unexpected'
      case 'bind':
        return tag === SERVER.BindComplete ? this.#done() : 'unexpected'
      case 'close':
        return tag === SERVER.CloseComplete ? this.#done() : 'unexpected'
      case 'describe-statement':
        if (tag === SERVER.ParameterDescription && !this.#described) {
          this.#described = true
          return 'part'
        }
        return this.#described && isRowShape(tag) ? this.#done() : 'unexpected'
      case 'describe-portal':
        return isRowShape(tag) ? this.#done() : 'unexpected'
      case 'function-call':
        if (tag === SERVER.FunctionCallResponse) return 'part'
        return tag === SERVER.ReadyForQuery ? this.#done() : 'unexpected'
      case 'sync':
        return tag === SERVER.ReadyForQuery ? this.#done() : 'unexpected'
    }
  }

  /**
   * An ErrorResponse of severity ERROR: gives the messages that will have no answer because of it, in order, the one
   * that failed first where it is among them. A Query, a FunctionCall and a Sync still wait for ReadyForQuery.
   * Undefined: nothing was owed, so the error answers nothing.
   */
  fail(): readonly Owed<Note>[] | undefined {
    const head = this.head
    if (head === undefined) return undefined
    this.#copy = undefined
    if (head.message === 'query' || head.message === 'function-call' || head.message === 'sync') return []
    const dropped: Owed<Note>[] = []
    for (let next = this.head; next !== undefined && next.message !== 'sync'; next = this.head) {
      dropped.push(next)
      this.#done()
    }
    this.#skippingToSync = this.empty
    return dropped
  }

  /** One message of the answer to a Query or an Execute. */
  #statement(tag: number, simple: boolean): Settlement {
    if (this.#copy === 'out') {
      if (tag !== SERVER.CopyDone) return 'unexpected'
      this.#copy = 'out-done'
      return 'part'
    }
    switch (tag) {
      case SERVER.CommandComplete:
        this.#copy = undefined
        return 'step'
      case SERVER.EmptyQueryResponse:
      case SERVER.PortalSuspended:
        return this.#copy === undefined ? 'step' : 'unexpected'
      case SERVER.RowDescription:
        return simple && this.#copy === undefined ? 'part' : 'unexpected'
      case SERVER.CopyInResponse:
        return this.#begin('in')
      case SERVER.CopyOutResponse:
        return this.#begin('out')
      default:
        return 'unexpected'
    }
  }

  #begin(copy: 'in' | 'out'): Settlement {
    if (this.#copy !== undefined) return 'unexpected'
    this.#copy = copy
    return 'part'
  }

  #done(): 'done' {
    this.#described = false
    this.#copy = undefined
    this.#owed[this.#first++] = undefined
    if (this.#first === this.#end) {
      this.#first = 0
      this.#end = 0
    } else if (this.#first >= 1024) {
      this.#owed = this.#owed.slice(this.#first, this.#end)
      this.#end -= this.#first
      this.#first = 0
    }
    return 'done'
  }
}

function isRowShape(tag: number): boolean {
  return tag === SERVER.RowDescription || tag === SERVER.NoData
}
