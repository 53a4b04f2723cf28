import { encodeClose } from '../wire/client-messages.ts'
import { MessageWriter } from '../wire/message-writer.ts'
import { newStatementName } from './statement-names.ts'

/** Statements kept on one line; the oldest is closed for a new one. */
const MAX_STATEMENTS = 200

/** What goes ahead of a Bind so that its statement is there, and how many replies come for it. */
export interface Preparation {
  readonly name: string
  readonly messages: readonly Buffer[]
  readonly replies: number
}

const NOTHING: readonly Buffer[] = []

/**
 * The prepared statements of one line. Unlike those of a lease they are shared by all clients: whoever uses a line has the
 * same role and the same settings, so a text with its parameter types means the same to each of them.
 */
export class LineStatements {
  readonly #names = new Map<string, string>()
  /** Of the connection: whoever leases it later closes what it has no room for. */
  readonly #prepared: Set<string>

  constructor(prepared: Set<string>) {
    this.#prepared = prepared
  }

  /** `key` is the definition, a letter a byte: the body of a Parse behind the name. */
  prepare(key: string): Preparation {
    const known = this.#names.get(key)
    if (known !== undefined) return { name: known, messages: NOTHING, replies: 0 }
    const messages: Buffer[] = []
    if (this.#names.size >= MAX_STATEMENTS) {
      const [[oldest, name] = ['', '']] = this.#names
      this.#names.delete(oldest)
      this.#prepared.delete(name)
      messages.push(encodeClose({ kind: 'statement', name }))
    }
    const name = newStatementName()
    this.#names.set(key, name)
    this.#prepared.add(name)
    const definition = Buffer.from(key, 'latin1')
    messages.push(
      new MessageWriter(definition.length + name.length + 8).begin('P').cstring(name).bytes(definition).end().finish(),
    )
    return { name, messages, replies: messages.length }
  }

  /** It did not do: prepare it anew next time, under another name. */
  forget(key: string, name: string): void {
    if (this.#names.get(key) === name) this.#names.delete(key)
  }
}
