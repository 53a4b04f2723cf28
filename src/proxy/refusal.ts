import type { RequestId } from '../base/brand.ts'
import type { PgoauthError } from '../base/errors.ts'
import { encodeErrorResponse } from '../wire/error-response.ts'

/** The one sentence a client is told, whatever the reason, and what finds the reason in the log. */
export function encodeRefusal(error: PgoauthError, requestId: RequestId): Buffer {
  return encodeErrorResponse({
    severity: 'FATAL',
    code: error.sqlstate,
    message: error.say,
    hint: `request id ${requestId}`,
  })
}

/** What a client that speaks HTTP can read. */
export function encodeHttpRefusal(): Buffer {
  const text = 'This port speaks the Postgres protocol, not HTTP. Connect with a Postgres client.\n'
  return Buffer.from(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`,
  )
}
