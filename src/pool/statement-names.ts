import { randomBytes } from 'node:crypto'
import { MessageWriter } from '../wire/message-writer.ts'

/** A prepared statement of one client's, under a name of its own on whatever server connection it is needed. */
export interface ClientStatement {
  readonly serverName: string
  /** The Parse message's body behind the name: text and parameter types. */
  readonly definition: Buffer
}

/**
 * Begins every name the pool gives. Random for each process, so that no client can name a statement that is not its
 * own: what a client asks for and did not make goes to the server by its own name, which no server has.
 */
const PREFIX = `pgoauth_${randomBytes(12).toString('hex')}_`
const NAME = new RegExp(`${PREFIX}\\d+`, 'g')
let lastNumber = 0

export function newClientStatement(definition: Buffer): ClientStatement {
  return { serverName: newStatementName(), definition }
}

/** A name for one prepared statement, never given before. */
export function newStatementName(): string {
  lastNumber += 1
  return `${PREFIX}${lastNumber}`
}

/** A name that no server connection knows. */
export const NO_STATEMENT = `${PREFIX}0`

/** PostgreSQL tells names of prepared statements apart by so many of their first bytes (NAMEDATALEN - 1). */
export const MAX_NAME_BYTES = 63

/** A name as statements are told apart by it; as text, a byte a letter. */
export function statementKey(name: string): string {
  return Buffer.from(name).toString('latin1', 0, MAX_NAME_BYTES)
}

/** A Parse of a statement, under its own name or as the unnamed one. */
export function encodeParseOf({ definition }: ClientStatement, name: string): Buffer {
  return new MessageWriter(definition.length + name.length + 8)
    .begin('P')
    .cstring(name)
    .bytes(definition)
    .end()
    .finish()
}

/** A server's text with the pool's names turned back into the client's. */
export function clientText(text: string, statements: ReadonlyMap<string, ClientStatement>): string {
  if (!text.includes(PREFIX)) return text
  return text.replace(NAME, (serverName) => {
    for (const [key, statement] of statements) {
      if (statement.serverName === serverName) return Buffer.from(key, 'latin1').toString('utf8')
    }
    return ''
  })
}
