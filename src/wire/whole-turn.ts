import { CLIENT } from './client-messages.ts'
import { HEADER_BYTES } from './limits.ts'
import { SERVER } from './server-messages.ts'

/**
 * What a client sent, where that is one turn, whole and nothing else, of the two plain forms in which single statements
 * come. Places are offsets in `bytes`, so that nothing is cut out or decoded that nobody reads.
 */
export type WholeTurn = WholeQuery | WholeBind

/** A Query. */
export class WholeQuery {
  readonly kind = 'query'
  readonly bytes: Buffer
  /** Of the text; it ends before the last byte. */
  readonly sqlStart = HEADER_BYTES
  readonly sqlEnd: number

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.sqlEnd = bytes.length - 1
  }

  get sql(): string {
    return this.bytes.toString('utf8', this.sqlStart, this.sqlEnd)
  }
}

/** `[Parse of the unnamed statement] Bind [Describe] Execute Sync`, all of the unnamed portal, all rows wanted. */
export class WholeBind {
  readonly kind = 'bind'
  readonly bytes: Buffer
  /** Of the Parse: text and parameter types; -1 where there is none. The text stands first. */
  readonly definitionStart: number
  readonly definitionEnd: number
  readonly sqlEnd: number
  /** The Parse gives its parameters types. */
  readonly hasTypes: boolean
  /** The Bind's statement name. */
  readonly nameStart: number
  readonly nameEnd: number
  readonly bindEnd: number
  readonly hasDescribe: boolean

  constructor(
    bytes: Buffer,
    parse: Pick<WholeBind, 'definitionStart' | 'definitionEnd' | 'sqlEnd'>,
    bind: Pick<WholeBind, 'nameStart' | 'nameEnd' | 'bindEnd' | 'hasDescribe'>,
  ) {
    this.bytes = bytes
    this.definitionStart = parse.definitionStart
    this.definitionEnd = parse.definitionEnd
    this.sqlEnd = parse.sqlEnd
    // Its text, a NUL and a count stand before the types.
    this.hasTypes = parse.definitionEnd > parse.sqlEnd + 3
    this.nameStart = bind.nameStart
    this.nameEnd = bind.nameEnd
    this.bindEnd = bind.bindEnd
    this.hasDescribe = bind.hasDescribe
  }

  /** Whether it parses the statement it binds. */
  get parses(): boolean {
    return this.definitionStart >= 0
  }

  /** Text of the Parse; undefined where there is none. */
  get sql(): string | undefined {
    return this.parses ? this.bytes.toString('utf8', this.definitionStart, this.sqlEnd) : undefined
  }
}

/**
 * How a turn that was taken whole ended. Undefined: it is to go the long way, as if it had never been taken; it has read
 * only, so that running it again does no harm. Else `reply` is all that the client gets for it.
 */
export type TurnAnswer = { readonly reply: Buffer; readonly completed: boolean } | undefined

/** Longer ones are for others to look at. */
const MAX_TURN_BYTES = 8192

/**
 * Recognises a turn in a chunk that begins at a message boundary; undefined where it is any other, or could be read in two
 * ways: then the message framing proper has to judge it.
 *
 * @see https://www.postgresql.org/docs/18/protocol-message-formats.html
 */
export function readWholeTurn(bytes: Buffer): WholeTurn | undefined {
  const turn = frameWholeTurn(bytes)
  return turn && isText(turn.sql) ? turn : undefined
}

/** As readWholeTurn, but for the text, which may be anything: for whoever compares it with one that was read. */
export function frameWholeTurn(bytes: Buffer): WholeTurn | undefined {
  const { length } = bytes
  if (length < HEADER_BYTES + 1 || length > MAX_TURN_BYTES) return undefined
  const tag = bytes[0]
  if (tag === CLIENT.Query) {
    return lengthAt(bytes, 1) === length - 1 && bytes[length - 1] === 0 ? new WholeQuery(bytes) : undefined
  }
  return tag === CLIENT.Parse || tag === CLIENT.Bind ? frameBind(bytes) : undefined
}

/** Places that hold nothing. */
const NO_PARSE = { definitionStart: -1, definitionEnd: -1, sqlEnd: -1 }

function frameBind(bytes: Buffer): WholeBind | undefined {
  let at = 0
  let parse = NO_PARSE
  let hasDescribe = false
  if (bytes[0] === CLIENT.Parse) {
    const definitionStart = HEADER_BYTES + 1
    const definitionEnd = endOf(bytes, 0)
    if (definitionEnd < 0 || bytes[HEADER_BYTES] !== 0) return undefined
    const sqlEnd = nulAt(bytes, definitionStart, definitionEnd)
    const typesAt = sqlEnd + 3
    if (sqlEnd < 0 || typesAt > definitionEnd) return undefined
    if (definitionEnd !== typesAt + 4 * bytes.readUInt16BE(sqlEnd + 1)) return undefined
    parse = { definitionStart, definitionEnd, sqlEnd }
    at = definitionEnd
  }
  const bindEnd = bytes[at] === CLIENT.Bind ? endOf(bytes, at) : -1
  if (bindEnd < 0 || bytes[at + HEADER_BYTES] !== 0) return undefined
  const nameStart = at + HEADER_BYTES + 1
  const nameEnd = nulAt(bytes, nameStart, bindEnd)
  if (nameEnd < 0) return undefined
  // What was parsed in this turn is what is bound in it.
  if (parse !== NO_PARSE && nameEnd !== nameStart) return undefined
  at = bindEnd
  if (bytes[at] === CLIENT.Describe) {
    if (lengthAt(bytes, at + 1) !== 6 || bytes[at + 5] !== 0x50 || bytes[at + 6] !== 0) return undefined
    at += 7
    hasDescribe = true
  }
  // Execute of the unnamed portal without a limit, and Sync.
  if (bytes.length !== at + 15 || bytes[at] !== CLIENT.Execute || lengthAt(bytes, at + 1) !== 9) return undefined
  if (bytes[at + 5] !== 0 || lengthAt(bytes, at + 6) !== 0) return undefined
  if (bytes[at + 10] !== CLIENT.Sync || lengthAt(bytes, at + 11) !== 4) return undefined
  return new WholeBind(bytes, parse, { nameStart, nameEnd, bindEnd, hasDescribe })
}

/** The first NUL from `start` on, before `end`; -1 where there is none. */
function nulAt(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) if (bytes[at] === 0) return at
  return -1
}

/** The turn from its Bind on, of the statement of another name (ASCII). */
export function withStatementName({ bytes, nameStart, nameEnd, bindEnd }: WholeBind, name: string): Buffer {
  const rest = bytes.length - nameEnd
  const message = Buffer.allocUnsafe(HEADER_BYTES + 1 + name.length + rest)
  message[0] = CLIENT.Bind
  message.writeInt32BE(bindEnd - nameStart + 5 - (nameEnd - nameStart) + name.length, 1)
  message[HEADER_BYTES] = 0
  message.write(name, HEADER_BYTES + 1, 'latin1')
  bytes.copy(message, HEADER_BYTES + 1 + name.length, nameEnd)
  return message
}

/**
 * Whether the turn means the same where its statement, prepared before, is parsed once more: it has the rows described that
 * come, in a format that no number of columns contradicts, and says its parameters in text, whatever types they have now.
 */
export function describesItself(turn: WholeTurn): boolean {
  if (turn.kind !== 'bind' || turn.sql !== undefined || !turn.hasDescribe) return false
  const { bytes, nameEnd, bindEnd } = turn
  let at = nameEnd + 1
  const formats = shortAt(bytes, at)
  for (let format = 0; format < formats; format++) if (shortAt(bytes, at + 2 + 2 * format) !== 0) return false
  at += 2 + 2 * formats
  const values = shortAt(bytes, at)
  at += 2
  for (let value = 0; value < values && at + 4 <= bindEnd; value++) {
    const length = bytes.readInt32BE(at)
    at += 4 + Math.max(length, 0)
  }
  const resultFormats = shortAt(bytes, at)
  return resultFormats <= 1 && at + 2 + 2 * resultFormats === bindEnd
}

const IDLE = 0x49
const IN_TRANSACTION = 0x54

/**
 * Whether these bytes are the whole answer to a turn and nothing else, and one that just gives what was asked for: rows,
 * if any, and the end of the statement. Gives the status of its ReadyForQuery, which is no failed transaction's;
 * undefined where there is an error, a notice or news of a setting in it, or it is not all there, or not all.
 */
export function plainAnswer(bytes: Buffer, turn: WholeTurn): 'I' | 'T' | undefined {
  let at = 0
  if (turn.kind === 'bind') {
    if (turn.parses) {
      if (bytes[0] !== SERVER.ParseComplete || lengthAt(bytes, 1) !== 4) return undefined
      at = HEADER_BYTES
    }
    if (bytes[at] !== SERVER.BindComplete || lengthAt(bytes, at + 1) !== 4) return undefined
    at += HEADER_BYTES
    if (turn.hasDescribe) {
      if (bytes[at] !== SERVER.RowDescription && bytes[at] !== SERVER.NoData) return undefined
      at = endOf(bytes, at)
    }
  } else if (bytes[0] === SERVER.RowDescription) at = endOf(bytes, 0)
  while (bytes[at] === SERVER.DataRow) at = endOf(bytes, at)
  // What did not end inside is at -1, where there is no message.
  if (bytes[at] !== SERVER.CommandComplete) return undefined
  const end = endOf(bytes, at)
  if (end + HEADER_BYTES + 1 !== bytes.length) return undefined
  if (bytes[end] !== SERVER.ReadyForQuery || lengthAt(bytes, end + 1) !== 5) return undefined
  const status = bytes[end + HEADER_BYTES]
  if (status === IDLE) return 'I'
  return status === IN_TRANSACTION ? 'T' : undefined
}

/** Where the message that begins at `at` ends; -1 where it does not end inside. */
function endOf(bytes: Buffer, at: number): number {
  if (at + HEADER_BYTES > bytes.length) return -1
  const length = lengthAt(bytes, at + 1)
  const end = at + 1 + length
  return length < 4 || end > bytes.length ? -1 : end
}

/** Four bytes, big-endian; NaN or undefined never equal what they are compared with. */
function lengthAt(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) * 0x1000000 +
    (((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
  )
}

/** Two bytes, big-endian; NaN outside. */
function shortAt(bytes: Buffer, at: number): number {
  return (bytes[at] as number) * 0x100 + (bytes[at + 1] as number)
}

/** No: the bytes were no UTF-8 (or hold U+FFFD itself), or a NUL stands among them. */
function isText(text: string | undefined): boolean {
  return text === undefined || !(text.includes('\ufffd') || text.includes('\0'))
}
