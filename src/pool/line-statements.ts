import { encodeClose } from '../wire/client-messages.ts'
import { MessageWriter } from '../wire/message-writer.ts'
import { newStatementName } from './statement-names.ts'

/** Statements kept on one line; the oldest is closed for a new one. */
const MAX_STATEMENTS = 200

/** A statement that is prepared on a line. */
export interface LineStatement {
  readonly name: string
  readonly nameBytes: Buffer
  /** It was closed, or did not do: not to be used any more. */
  isGone: boolean
}

/** What goes ahead of a Bind so that its statement is there, and how many replies come for it. */
export interface Preparation {
  readonly statement: LineStatement
  readonly messages: readonly Buffer[]
  readonly replies: number
}

/**
 * The prepared statements of one line. Unlike those of a lease they are shared by all clients: whoever uses a line has the
 * same role and the same settings, so a text with its parameter types means the same to each of them.
 *
 * They are known by their definition, a letter a byte: the body of a Parse behind the name.
 */
export class LineStatements {
  readonly #known = new Map<string, LineStatement>()
  /** Of the connection: whoever leases it later closes what it has no room for. */
  readonly #prepared: Set<string>

  constructor(prepared: Set<string>) {
    this.#prepared = prepared
  }

  known(key: string): LineStatement | undefined {
    return this.#known.get(key)
  }

  prepare(key: string): Preparation {
    const messages: Buffer[] = []
    if (this.#known.size >= MAX_STATEMENTS) {
      for (const [oldest, statement] of this.#known) {
        statement.isGone = true
        this.#known.delete(oldest)
        this.#prepared.delete(statement.name)
        messages.push(encodeClose({ kind: 'statement', name: statement.name }))
        break
      }
    }
    const name = newStatementName()
    const nameBytes = Buffer.from(name, 'latin1')
    const statement: LineStatement = { name, nameBytes, isGone: false }
    this.#known.set(key, statement)
    this.#prepared.add(name)
    const definition = Buffer.from(key, 'latin1')
    messages.push(
      new MessageWriter(definition.length + name.length + 8).begin('P').cstring(name).bytes(definition).end().finish(),
    )
    return { statement, messages, replies: messages.length }
  }

  /** It did not do: it is prepared anew next time, under another name. */
  forget(key: string, statement: LineStatement): void {
    statement.isGone = true
    if (this.#known.get(key) === statement) this.#known.delete(key)
  }
}
