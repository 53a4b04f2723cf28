import type { PgoauthError } from '../base/errors.ts'
import type { StatementAnalysis } from '../sql/analysis.ts'
import { encodeDescribe, encodeExecute, encodeSync } from '../wire/client-messages.ts'
import { encodeErrorResponse } from '../wire/error-response.ts'
import { HEADER_BYTES } from '../wire/limits.ts'
import { encodeReadyForQuery } from '../wire/server-messages.ts'
import {
  type TurnAnswer,
  type WholeBind,
  type WholeQuery,
  type WholeTurn,
  withStatementName,
} from '../wire/whole-turn.ts'
import type { BatchTurn } from './batch-line.ts'
import type { Batching, OpenLine, SplitWithKey } from './batching.ts'
import type { Settings } from './settings.ts'

export interface TurnOptions {
  readonly batching: Batching
  readonly key: string
  readonly settings: Settings
  /** Text and parameter types of the client's statement of that name; undefined where it has none. */
  readonly definitionOf: (name: string) => Buffer | undefined
  readonly onAnswer: (answer: TurnAnswer) => void
  readonly onLost: (error: PgoauthError) => void
}

/** A turn that is under way on a line. */
export interface TurnUnderWay {
  /** Nobody waits for it any more. */
  abandon(): void
}

/** What a client is told whose statement on a line was cancelled, as PostgreSQL tells it. */
export const CANCELLED = Buffer.concat([
  encodeErrorResponse({ severity: 'ERROR', code: '57014', message: 'canceling statement due to user request' }),
  encodeReadyForQuery('I'),
])

/** What the server is sent for a turn, and what of its answer is the line's own. */
interface Request {
  readonly pieces: readonly Buffer[]
  readonly unasked: number
  readonly prefix?: Buffer
  /** The statement prepared on the line that it uses. */
  readonly uses?: { readonly key: string; readonly name: string; readonly isSplit: boolean }
}

const PARSE_COMPLETE = Buffer.from([0x31, 0, 0, 0, 4])
const AFTER_BIND = Buffer.concat([encodeDescribe({ kind: 'portal', name: '' }), encodeExecute(''), encodeSync()])

/** Sends a turn on a line with those of other clients, where its statement has settled; undefined where it may not go. */
export function startTurn(
  turn: WholeTurn,
  statement: StatementAnalysis,
  options: TurnOptions,
): TurnUnderWay | undefined {
  const { batching, key, settings, onAnswer, onLost } = options
  const template = batching.settled(statement)
  if (template === undefined) return undefined
  const open = batching.lineFor(key, settings)
  if (open === undefined) return undefined
  const request =
    turn.kind === 'query' ? queryRequest(turn, open, template.split(turn.sql)) : bindRequest(turn, open, options)
  if (request === undefined) return undefined
  const { uses } = request
  const batched: BatchTurn = {
    unasked: request.unasked,
    prefix: request.prefix,
    onReply(reply, tookMs) {
      batching.noteReply(template, tookMs)
      onAnswer({ reply, completed: true })
    },
    onElsewhere(why) {
      batching.noteElsewhere(template, why)
      if (why === 'odd' && uses !== undefined) {
        open.statements.forget(uses.key, uses.name)
        if (uses.isSplit) template.splitFailures++
      }
      onAnswer(undefined)
    },
    onLost,
  }
  open.line.add(batched, request.pieces)
  return { abandon: () => open.line.abandon(batched) }
}

/** A Query whose literals can be parameters becomes a Bind of a statement that the line keeps; another goes as it is. */
function queryRequest({ bytes, sql }: WholeQuery, { statements }: OpenLine, split: SplitWithKey | undefined): Request {
  const values = split?.valuesOf(sql)
  if (split === undefined || values === undefined) return { pieces: [bytes], unasked: 0 }
  const { name, messages, replies } = statements.prepare(split.key)
  const bind = bindWithValues(name, values)
  return {
    pieces: messages.length === 0 ? [bind] : [...messages, bind],
    // The BindComplete too: to a Query there is none.
    unasked: replies + 1,
    uses: { key: split.key, name, isSplit: true },
  }
}

function bindRequest(turn: WholeBind, { statements }: OpenLine, { definitionOf }: TurnOptions): Request | undefined {
  const { bytes, sql, nameStart, nameEnd, definitionStart, definitionEnd } = turn
  const key =
    sql === undefined
      ? definitionOf(bytes.toString('utf8', nameStart, nameEnd))?.toString('latin1')
      : bytes.toString('latin1', definitionStart, definitionEnd)
  if (key === undefined) return undefined
  const { name, messages, replies } = statements.prepare(key)
  const bind = withStatementName(turn, name)
  return {
    pieces: messages.length === 0 ? [bind] : [...messages, bind],
    unasked: replies,
    ...(sql !== undefined && { prefix: PARSE_COMPLETE }),
    uses: { key, name, isSplit: false },
  }
}

/** Bind with values as text, results as text; Describe, Execute, Sync. Names and values are ASCII. */
function bindWithValues(name: string, values: readonly string[]): Buffer {
  let bytes = HEADER_BYTES + 1 + name.length + 1 + 2 + 2 + 2
  for (const value of values) bytes += 4 + value.length
  const message = Buffer.allocUnsafe(bytes + AFTER_BIND.length)
  message[0] = 0x42
  message.writeInt32BE(bytes - 1, 1)
  message[HEADER_BYTES] = 0
  let at = HEADER_BYTES + 1
  at += message.write(name, at, 'latin1')
  message[at] = 0
  message.writeInt16BE(0, at + 1)
  message.writeInt16BE(values.length, at + 3)
  at += 5
  for (const value of values) {
    message.writeInt32BE(value.length, at)
    at += 4 + message.write(value, at + 4, 'latin1')
  }
  message.writeInt16BE(0, at)
  AFTER_BIND.copy(message, at + 2)
  return message
}
