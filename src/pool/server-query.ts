import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { asPgoauthError, PgoauthError } from '../base/errors.ts'
import { encodeQuery } from '../wire/client-messages.ts'
import { parseErrorFields } from '../wire/error-response.ts'
import { Framer, type FrameSink, tagText } from '../wire/framer.ts'
import { HEADER_BYTES } from '../wire/limits.ts'
import { MessageReader } from '../wire/message-reader.ts'
import { parseParameterStatus, SERVER } from '../wire/server-messages.ts'

export type Row = readonly (string | null)[]

/** A connection that nobody leases. */
export interface Askable {
  readonly socket: Socket
  readonly parameters: Map<string, string>
}

/** A catalog snapshot of a very large database is the longest answer there is. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024

/**
 * Runs SQL of our own as one simple Query and gives the rows of all its results, as text.
 *
 * @throws SERVER_LOST, SERVER_BAD; SERVER_REFUSED where the statement failed. Close the connection after any of them.
 */
export function queryServer(
  { socket, parameters }: Askable,
  sql: string,
  { clock, timeoutMs }: { clock: Clock; timeoutMs: number },
): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    const rows: Row[] = []
    let error: PgoauthError | undefined
    const framer = new Framer({ maxHeldBytes: MAX_ANSWER_BYTES })
    const sink: FrameSink = {
      holds: () => true,
      onBytes: () => {},
      onMessage(tag, message) {
        const body = message.subarray(HEADER_BYTES)
        if (tag === SERVER.DataRow) rows.push(readRow(body))
        else if (tag === SERVER.ErrorResponse) {
          error ??= new PgoauthError('SERVER_REFUSED', {
            detail: parseErrorFields(body).get('M') ?? 'a statement failed',
          })
        } else if (tag === SERVER.ParameterStatus) {
          const { name, value } = parseParameterStatus(body)
          parameters.set(name, value)
        } else if (tag === SERVER.ReadyForQuery) finish(error)
        else if (!EXPECTED.has(tag))
          finish(new PgoauthError('SERVER_BAD', { detail: `message ${tagText(tag)} to a Query` }))
      },
    }
    const onData = (chunk: Buffer) => {
      try {
        framer.push(chunk, sink)
      } catch (thrown) {
        finish(asPgoauthError(thrown))
      }
    }
    const onGone = () => finish(new PgoauthError('SERVER_LOST', { detail: 'the server closed the connection' }))
    const stopTimer = clock.after(timeoutMs, () => {
      finish(new PgoauthError('SERVER_LOST', { detail: `no answer within ${timeoutMs} ms` }))
    })
    const finish = (failure: PgoauthError | undefined) => {
      stopTimer()
      socket.off('data', onData)
      socket.off('end', onGone)
      socket.off('close', onGone)
      socket.pause()
      if (failure) reject(failure)
      else resolve(rows)
    }
    socket.on('data', onData)
    socket.once('end', onGone)
    socket.once('close', onGone)
    if (socket.destroyed) onGone()
    else {
      socket.write(encodeQuery(sql))
      socket.resume()
    }
  })
}

const EXPECTED: ReadonlySet<number> = new Set([
  SERVER.RowDescription,
  SERVER.CommandComplete,
  SERVER.EmptyQueryResponse,
  SERVER.NoticeResponse,
  SERVER.NotificationResponse,
])

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
