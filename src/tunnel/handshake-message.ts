import { fail } from '../base/errors.ts'
import type { Reader } from '../net/inbox.ts'
import { tagText } from '../wire/framer.ts'
import { HEADER_BYTES } from '../wire/limits.ts'

/** One message of a handshake, whole. */
export interface HandshakeMessage {
  readonly tag: number
  readonly body: Buffer
  /** Header and body, as they came. */
  readonly bytes: Buffer
}

/** Far above any message before ReadyForQuery; a far side that announces more is not a Postgres server. */
const MAX_HANDSHAKE_MESSAGE_BYTES = 1024 * 1024

/** For Inbox.take: the next message. @throws BAD_FRAME where its length cannot be. */
export const nextMessage: Reader<HandshakeMessage> = (received) => {
  if (received.length < HEADER_BYTES) return undefined
  const tag = received[0] as number
  const length = received.readInt32BE(1)
  if (length < 4 || length > MAX_HANDSHAKE_MESSAGE_BYTES) {
    fail('BAD_FRAME', { detail: `message ${tagText(tag)} of length ${length} during the handshake` })
  }
  const end = 1 + length
  if (received.length < end) return undefined
  const bytes = received.subarray(0, end)
  return { value: { tag, body: bytes.subarray(HEADER_BYTES), bytes }, rest: received.subarray(end) }
}
