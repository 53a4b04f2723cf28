import type { RequestId, SessionId } from './brand.ts'
import { freshBytes } from './fresh-bytes.ts'

/** 64 random bits: short enough to read out over the telephone, long enough not to repeat in one log. */
export function newRequestId(): RequestId {
  return freshBytes(8).toString('hex') as RequestId
}

export function newSessionId(): SessionId {
  return freshBytes(8).toString('hex') as SessionId
}
