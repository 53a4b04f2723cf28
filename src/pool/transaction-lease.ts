import { EventEmitter } from 'node:events'
import type { PgoauthError } from '../base/errors.ts'
import type { ServerLease, ServerStream } from './server-lease.ts'
import { settingsRestoreSql } from './settings.ts'
import type { TransactionSessionOptions } from './transaction-contract.ts'
import { TransactionSession } from './transaction-session.ts'

/**
 * Transaction pooling: what looks like one server connection to the session, and is whichever the pool lends for each
 * transaction.
 */
export function transactionLease(options: TransactionSessionOptions): ServerLease {
  const stream = new SwitchedStream()
  let onEnd: (error: PgoauthError) => void = () => {}
  const session = new TransactionSession(options, {
    toClient: (chunk) => stream.emit('data', chunk),
    onStall: (isStalled) => stream.stall(isStalled),
    onEnd: (error) => onEnd(error),
  })
  stream.session = session
  return {
    stream,
    parameters: new Map(options.told),
    restoreSql: (isLost) => settingsRestoreSql(options.settings, isLost),
    cancel: () => session.cancel(),
    release: () => session.close(),
    watcher: {
      sending: (statement) => session.willSend(statement),
      ...(options.batching && { take: (turn, statement, answer) => session.take(turn, statement, answer) }),
      send: (turn, statement) => session.send(turn, statement),
      completed: (statement) => session.completed(statement),
      endWith(action) {
        onEnd = action
      },
    },
  }
}

/** As much of a socket as a session uses, over the connections that come and go behind it. */
class SwitchedStream extends EventEmitter implements ServerStream {
  readonly writable = true
  readonly destroyed = false
  readonly readableEnded = false
  writableNeedDrain = false
  session: TransactionSession | undefined

  write(chunk: Buffer): boolean {
    this.session?.fromClient(chunk)
    return !this.writableNeedDrain
  }

  pause(): void {
    this.session?.pause()
  }

  resume(): void {
    this.session?.resume()
  }

  stall(isStalled: boolean): void {
    this.writableNeedDrain = isStalled
    if (!isStalled) this.emit('drain')
  }
}
