import type { Duplex } from 'node:stream'
import { fail, PgoauthError } from '../base/errors.ts'
import { Inbox } from '../net/inbox.ts'
import { parseErrorFields, type RawErrorFields } from '../wire/error-response.ts'
import { HEADER_BYTES } from '../wire/limits.ts'
import { SERVER } from '../wire/server-messages.ts'

export interface ServerMessage {
  readonly tag: number
  readonly body: Buffer
}

/** During startup and our own small queries a server sends nothing longer. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

/** Reads a server's messages one by one, as long as the connection is ours and not a session's. */
export class ServerMessagesInbox {
  readonly #inbox: Inbox

  constructor(stream: Duplex) {
    this.#inbox = new Inbox(stream)
  }

  /** The next message. @throws SERVER_LOST, SERVER_BAD */
  async next(): Promise<ServerMessage> {
    let message: ServerMessage | undefined
    try {
      message = await this.#inbox.take(readMessage)
    } catch (cause) {
      if (cause instanceof PgoauthError) throw cause
      fail('SERVER_LOST', { detail: cause instanceof Error ? cause.message : String(cause), cause })
    }
    return message ?? fail('SERVER_LOST', { detail: 'the server closed the connection' })
  }

  /** Ends the wait for a message with this error. */
  interrupt(error: PgoauthError): void {
    this.#inbox.interrupt(error)
  }

  release(): Buffer {
    return this.#inbox.release()
  }
}

function readMessage(received: Buffer): { value: ServerMessage; rest: Buffer } | undefined {
  if (received.length < HEADER_BYTES) return undefined
  const length = received.readInt32BE(1)
  if (length < 4 || length > MAX_BODY_BYTES) fail('SERVER_BAD', { detail: `message length ${length}` })
  if (received.length < length + 1) return undefined
  const body = Buffer.from(received.subarray(HEADER_BYTES, length + 1))
  return { value: { tag: received[0] as number, body }, rest: received.subarray(length + 1) }
}

/** SQLSTATEs of a refused startup that say nothing of roles, databases or passwords. */
const HARMLESS = { '53300': 'SERVER_FULL', '57P03': 'SERVER_NOT_READY', '57P01': 'SERVER_NOT_READY' } as const

/** A server's ErrorResponse at startup as one of ours: its words to the log, its SQLSTATE on where that is harmless. */
export function startupError(body: Buffer): PgoauthError {
  const fields: RawErrorFields = parseErrorFields(body)
  const sqlstate = fields.get('C') ?? ''
  const detail = `${fields.get('M') ?? 'no message'} (${sqlstate})`
  return new PgoauthError(HARMLESS[sqlstate as keyof typeof HARMLESS] ?? 'SERVER_REFUSED', { detail })
}

/** Messages that may come at any time and mean nothing to whoever waits for another. */
export function isAside(tag: number): boolean {
  return tag === SERVER.NoticeResponse || tag === SERVER.NotificationResponse
}
