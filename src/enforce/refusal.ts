import { isUtf8 } from 'node:buffer'
import { ERRORS, type PgoauthError } from '../base/errors.ts'
import type { Decision } from '../policy/decision.ts'
import { encodeErrorResponse } from '../wire/error-response.ts'
import type { Judgement } from './judge.ts'

/**
 * What a client is told in place of the server's error to a stand-in. It names only what the client named itself,
 * and says the same whether that exists or not. `told` is the text without literals and comments: what a statement
 * reaches through a view or a CASCADE does not stand there.
 */
export function deniedResponse(
  decision: Decision | undefined,
  told: string,
  requestId: string,
  help: string | undefined,
): Buffer {
  const denied = decision?.denied?.asked ?? decision?.denied
  const isNamed = denied?.action !== undefined && names(told, denied.object)
  return encodeErrorResponse({
    severity: 'ERROR',
    code: ERRORS.SCOPE_DENIED.sqlstate,
    message: ERRORS.SCOPE_DENIED.say,
    detail: isNamed ? `${denied.action} on ${denied.object} is not granted` : undefined,
    hint: `request id ${requestId}${help === undefined ? '' : `; ${help}`}`,
  })
}

/** Whether each part of the object's name stands in the text as a word, however it is quoted. */
function names(told: string, object: string): boolean {
  const words = new Set(told.toLowerCase().split(/[\s"]+/))
  return object
    .toLowerCase()
    .split(/[."]+/)
    .every((part) => part === '' || part === '*' || words.has(part) || told.toLowerCase().includes(`"${part}"`))
}

/** For a text that cannot be judged because it cannot be parsed, is too long or too deep. */
export function unparsableResponse(judgement: Judgement & { kind: 'unparsable' }): Buffer {
  return encodeErrorResponse({
    severity: 'ERROR',
    code: ERRORS[judgement.code].sqlstate,
    message: judgement.message,
    position: judgement.position,
  })
}

/** An error of ours that ends a statement, not the session. */
export function errorResponse({ sqlstate, say }: PgoauthError): Buffer {
  return encodeErrorResponse({ severity: 'ERROR', code: sqlstate, message: say })
}

/** As PostgreSQL says it, for a name that this session gave to nothing (postgres.c, prepare.c, portalcmds.c). */
export function unknownNameResponse(kind: 'statement' | 'portal' | 'cursor', name: string): Buffer {
  if (kind === 'statement') {
    const message =
      name === '' ? 'unnamed prepared statement does not exist' : `prepared statement "${name}" does not exist`
    return encodeErrorResponse({ severity: 'ERROR', code: '26000', message })
  }
  return encodeErrorResponse({ severity: 'ERROR', code: '34000', message: `${kind} "${name}" does not exist` })
}

/** Character by character is slow: so many bytes at most are looked at like that. */
const INVALID_SEARCH_BYTES = 4096

/** As PostgreSQL's report_invalid_encoding (mbutils.c): the bytes of the first sequence that is not UTF-8. */
export function invalidEncodingResponse(sql: Buffer): Buffer {
  const shown = firstInvalidBytes(sql)
  return encodeErrorResponse({
    severity: 'ERROR',
    code: '22021',
    message: `invalid byte sequence for encoding "UTF8": ${shown}`,
  })
}

/** Up to as many bytes as the first one announces, in the server's spelling: `0xc3 0x28`. */
function firstInvalidBytes(bytes: Buffer): string {
  for (let at = validEnd(bytes); at < bytes.length; ) {
    const length = sequenceLength(bytes[at] as number)
    if (!isWellFormed(bytes, at, length)) {
      const shown = bytes.subarray(at, at + Math.max(1, length))
      return [...shown].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(' ')
    }
    at += length
  }
  return '0x00'
}

/** The end of a run of whole characters that the bytes begin with, at most some kilobytes before the first that is none. */
function validEnd(bytes: Buffer): number {
  let at = 0
  while (at < bytes.length) {
    let end = Math.min(at + INVALID_SEARCH_BYTES, bytes.length)
    // Not in the middle of a character: it ends before a byte that continues one.
    for (let back = 0; back < 3 && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80; back++) end--
    if (!isUtf8(bytes.subarray(at, end))) break
    at = end
  }
  return at
}

function sequenceLength(first: number): number {
  if (first < 0x80) return 1
  if (first >= 0xf0) return 4
  return first >= 0xe0 ? 3 : 2
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function isWellFormed(bytes: Buffer, at: number, length: number): boolean {
  try {
    strict.decode(bytes.subarray(at, at + length))
    return at + length <= bytes.length
  } catch {
    return false
  }
}
