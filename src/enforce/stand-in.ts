import { randomBytes } from 'node:crypto'
import {
  encodeBind,
  encodeDescribe,
  encodeExecute,
  encodeFunctionCall,
  encodeParse,
  encodeQuery,
} from '../wire/client-messages.ts'
import type { OwedMessage } from './reply-ledger.ts'
import type { UnknownName } from './running-names.ts'

/**
 * Messages that take the place of denied ones and must fail: the server then does to transaction, pipeline and
 * ReadyForQuery what its own error does, and only the text of the error is ours.
 *
 * The server fails each where it would have failed the client's: a Query and a Parse that cannot be parsed (a Parse
 * of the unnamed statement drops that one first, so the stand-in for it is unnamed too), a Bind or Describe of an
 * unknown statement, an Execute or Describe of an unknown portal, a FunctionCall of OID 0. Names are of 128 random
 * bits that never reach the client, so it cannot make them exist.
 *
 * What the server's log shows is the request id: an operator finds the audit line by it.
 */
export class StandIns {
  #made: string | undefined

  /** Made when it is first needed: most sessions are denied nothing. */
  get #name(): string {
    this.#made ??= `pgoauth_none_${randomBytes(16).toString('hex')}`
    return this.#made
  }

  /**
   * A Query or an Execute that uses a name that cannot exist: in a transaction that is aborted it fails for that alone.
   * In an Execute's place that is a Parse, which like it, and unlike an Execute of an unknown portal, looks for that first.
   */
  forName(owed: 'query' | 'execute', { kind, isExplained }: UnknownName): Buffer {
    if (owed === 'execute') return encodeParse(this.#name, `select from ${this.#name}`)
    if (kind === 'cursor') return encodeQuery(`fetch ${this.#name}`)
    return encodeQuery(`${isExplained ? 'explain ' : ''}execute ${this.#name}`)
  }

  for(message: Exclude<OwedMessage, 'close' | 'sync'>, requestId: string, unnamed = false): Buffer {
    switch (message) {
      case 'query':
        return encodeQuery(`denied by access policy, request ${requestId}`)
      case 'parse':
        return encodeParse(unnamed ? '' : this.#name, `denied by access policy, request ${requestId}`)
      case 'bind':
        return encodeBind('', this.#name)
      case 'describe-statement':
        return encodeDescribe({ kind: 'statement', name: this.#name })
      case 'describe-portal':
        return encodeDescribe({ kind: 'portal', name: this.#name })
      case 'execute':
        return encodeExecute(this.#name)
      case 'function-call':
        return encodeFunctionCall(0)
    }
  }
}
