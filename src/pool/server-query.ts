import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { fail, PgoauthError } from '../base/errors.ts'
import { encodeQuery } from '../wire/client-messages.ts'
import { parseErrorFields } from '../wire/error-response.ts'
import { MessageReader } from '../wire/message-reader.ts'
import { parseParameterStatus, SERVER } from '../wire/server-messages.ts'
import { isAside, ServerMessagesInbox } from './server-messages-inbox.ts'

export type Row = readonly (string | null)[]

/** A connection that nobody leases. */
export interface Askable {
  readonly socket: Socket
  readonly parameters: Map<string, string>
}

/**
 * Runs one statement of our own as a simple Query and gives its rows as text.
 *
 * @throws SERVER_LOST, SERVER_BAD; SERVER_REFUSED where the statement failed. Close the connection after any of them.
 */
export async function queryServer(
  { socket, parameters }: Askable,
  sql: string,
  { clock, timeoutMs }: { clock: Clock; timeoutMs: number },
): Promise<readonly Row[]> {
  const inbox = new ServerMessagesInbox(socket)
  const stopTimer = clock.after(timeoutMs, () => {
    inbox.interrupt(new PgoauthError('SERVER_LOST', { detail: `no answer within ${timeoutMs} ms` }))
  })
  try {
    socket.write(encodeQuery(sql))
    const rows: Row[] = []
    for (;;) {
      const { tag, body } = await inbox.next()
      if (tag === SERVER.ErrorResponse) {
        fail('SERVER_REFUSED', { detail: parseErrorFields(body).get('M') ?? 'a statement of ours failed' })
      }
      if (tag === SERVER.DataRow) rows.push(readRow(body))
      else if (tag === SERVER.ParameterStatus) {
        const { name, value } = parseParameterStatus(body)
        parameters.set(name, value)
      } else if (tag === SERVER.ReadyForQuery) return rows
      else if (tag !== SERVER.RowDescription && tag !== SERVER.CommandComplete && !isAside(tag)) {
        fail('SERVER_BAD', { detail: `message ${tag} in answer to a Query` })
      }
    }
  } finally {
    stopTimer()
    inbox.release()
  }
}

/** Text as an SQL literal; every connection has standard_conforming_strings on. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function readRow(body: Buffer): Row {
  const reader = new MessageReader(body)
  const count = reader.int16()
  const row = Array.from({ length: Math.max(count, 0) }, () => {
    const length = reader.int32()
    return length === -1 ? null : reader.bytes(length).toString('utf8')
  })
  reader.end()
  return row
}
