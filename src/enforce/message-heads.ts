import { fail } from '../base/errors.ts'

/**
 * The fields of a client's message that the gate looks at, without decoding or copying the others. Bodies may be cut
 * behind what is read here (a large Bind streams).
 *
 * @throws BAD_FRAME from each where a field does not end inside the body.
 * @see https://www.postgresql.org/docs/18/protocol-message-formats.html
 */
export interface ParseHead {
  readonly name: Buffer
  readonly sql: Buffer
}

/** The SQL of a Query; nothing may stand behind it. */
export function queryText(body: Buffer): Buffer {
  const end = nul(body, 0)
  if (end !== body.length - 1) fail('BAD_FRAME', { detail: 'bytes behind the text of a Query' })
  return body.subarray(0, end)
}

/** Name and SQL of a Parse; behind them must stand as many parameter types as it says. */
export function parseHead(body: Buffer): ParseHead {
  const nameEnd = nul(body, 0)
  const sqlEnd = nul(body, nameEnd + 1)
  const typesAt = sqlEnd + 3
  if (body.length < typesAt || body.length !== typesAt + 4 * body.readUInt16BE(sqlEnd + 1)) {
    fail('BAD_FRAME', { detail: 'a Parse whose parameter types do not end where it does' })
  }
  return { name: body.subarray(0, nameEnd), sql: body.subarray(nameEnd + 1, sqlEnd) }
}

export interface BindHead {
  readonly portal: Buffer
  readonly statement: Buffer
}

export function bindHead(body: Buffer): BindHead {
  const portalEnd = nul(body, 0)
  const statementEnd = nul(body, portalEnd + 1)
  return { portal: body.subarray(0, portalEnd), statement: body.subarray(portalEnd + 1, statementEnd) }
}

/** The portal of an Execute. */
export function executePortal(body: Buffer): Buffer {
  const end = nul(body, 0)
  if (body.length !== end + 5) fail('BAD_FRAME', { detail: 'an Execute that does not end behind its row limit' })
  return body.subarray(0, end)
}

export interface TargetHead {
  readonly kind: 'statement' | 'portal'
  readonly name: Buffer
}

/** What a Describe or a Close is about. */
export function targetHead(body: Buffer): TargetHead {
  const end = nul(body, 1)
  if (end !== body.length - 1) fail('BAD_FRAME', { detail: 'bytes behind the name of a Describe or a Close' })
  if (body[0] === 0x53) return { kind: 'statement', name: body.subarray(1, end) }
  if (body[0] === 0x50) return { kind: 'portal', name: body.subarray(1, end) }
  return fail('BAD_FRAME', { detail: `a Describe or a Close of kind ${body[0]}` })
}

export interface FunctionCallHead {
  readonly oid: number
  readonly argumentCount: number
}

/** The function of a FunctionCall and how many arguments it is given. */
export function functionCallHead(body: Buffer): FunctionCallHead {
  if (body.length < 8) fail('BAD_FRAME', { detail: 'a FunctionCall without its counts' })
  const countAt = 6 + 2 * body.readUInt16BE(4)
  if (body.length < countAt + 2) fail('BAD_FRAME', { detail: 'a FunctionCall with more formats than it holds' })
  return { oid: body.readUInt32BE(0), argumentCount: body.readUInt16BE(countAt) }
}

function nul(body: Buffer, from: number): number {
  const at = body.indexOf(0, from)
  return at < 0 ? fail('BAD_FRAME', { detail: 'a string without its NUL' }) : at
}
