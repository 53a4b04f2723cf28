import { fail } from '../base/errors.ts'
import { encodeQuery } from '../wire/client-messages.ts'
import { parseErrorFields, type RawErrorFields } from '../wire/error-response.ts'
import { Framer, tagText } from '../wire/framer.ts'
import { MessageReader } from '../wire/message-reader.ts'
import { parseParameterStatus, parseReadyForQuery, SERVER, type TransactionStatus } from '../wire/server-messages.ts'

/** What came back for one of the statements of an exchange. */
export interface ExchangeReply {
  /** Text of each column, of each row. */
  readonly rows: readonly (readonly (string | null)[])[]
  readonly error: RawErrorFields | undefined
  readonly status: TransactionStatus
}

/** The pool's own statements return a row or two: more is not from them. */
const MAX_REPLY_BYTES = 1 << 20

/**
 * A conversation of the pool's own with a server that nobody is leasing: statements sent in one write, each as a Query
 * of its own, and their replies. ParameterStatus goes to `onParameter`; notices and notifications are dropped, since
 * they belong to nobody.
 */
export class Exchange {
  readonly request: Buffer
  readonly #expected: number
  readonly #onParameter: (name: string, value: string) => void
  readonly #framer = new Framer({ maxHeldBytes: MAX_REPLY_BYTES })
  readonly #replies: ExchangeReply[] = []
  #rows: (string | null)[][] = []
  #error: RawErrorFields | undefined

  constructor(statements: readonly string[], onParameter: (name: string, value: string) => void) {
    this.request = Buffer.concat(statements.map((sql) => encodeQuery(sql)))
    this.#expected = statements.length
    this.#onParameter = onParameter
  }

  /**
   * Takes the server's bytes; the replies, in order, once all are there.
   *
   * @throws SERVER_BAD or BAD_FRAME where the server says something else: close it.
   */
  push(chunk: Buffer): readonly ExchangeReply[] | undefined {
    this.#framer.push(chunk, {
      holds: () => true,
      onMessage: (tag, message) => this.#take(tag, message.subarray(5)),
      onBytes: () => {},
    })
    return this.#replies.length === this.#expected && this.#framer.atBoundary ? this.#replies : undefined
  }

  #take(tag: number, body: Buffer): void {
    if (this.#replies.length === this.#expected && tag !== SERVER.ParameterStatus && !ASYNCHRONOUS.has(tag)) {
      fail('SERVER_BAD', { detail: `message ${tagText(tag)} that nothing asked for` })
    }
    switch (tag) {
      case SERVER.DataRow:
        this.#rows.push(readRow(body))
        return
      case SERVER.ErrorResponse:
        this.#error = parseErrorFields(body)
        return
      case SERVER.ParameterStatus: {
        const { name, value } = parseParameterStatus(body)
        this.#onParameter(name, value)
        return
      }
      case SERVER.ReadyForQuery:
        this.#replies.push({ rows: this.#rows, error: this.#error, status: parseReadyForQuery(body) })
        this.#rows = []
        this.#error = undefined
        return
      case SERVER.RowDescription:
      case SERVER.CommandComplete:
      case SERVER.EmptyQueryResponse:
      case SERVER.NoticeResponse:
      case SERVER.NotificationResponse:
        return
    }
    fail('SERVER_BAD', { detail: `message ${tagText(tag)} in reply to a Query of the pool's` })
  }
}

const ASYNCHRONOUS: ReadonlySet<number> = new Set([SERVER.NoticeResponse, SERVER.NotificationResponse])

function readRow(body: Buffer): (string | null)[] {
  const reader = new MessageReader(body)
  const columns = reader.int16()
  if (columns < 0) reader.fail(`${columns} columns`)
  const row = Array.from({ length: columns }, () => {
    const length = reader.int32()
    return length === -1 ? null : reader.bytes(length).toString('utf8')
  })
  reader.end()
  return row
}
