import type { PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Batching } from './batching.ts'
import type { DatabasePool } from './database-pool.ts'
import type { PinReason } from './lease-effects.ts'
import type { Settings } from './settings.ts'

export interface TransactionSessionOptions {
  readonly pool: DatabasePool
  /** Of server connections that are alike. */
  readonly key: string
  /** Issuer and subject. */
  readonly identity: string
  /** What the client and the proxy want set, by settingKey; a server has taken all of it once. */
  readonly settings: Settings
  /** ParameterStatus as the client was told. */
  readonly told: ReadonlyMap<string, string>
  readonly log: Log
  /** Where turns may run side by side with other clients'. */
  readonly batching?: Batching | undefined
}

/** Callbacks run inside the session's methods and inside a server socket's events. */
export interface TransactionSinks {
  /** Bytes of the server for the gate, as if there were one server connection. */
  toClient(chunk: Buffer): void
  /** True: stop reading from the client, until it is called with false. */
  onStall(stalled: boolean): void
  /** The session cannot go on; called once. The client is to be told. */
  onEnd(error: PgoauthError): void
  onPinned?(reason: PinReason): void
}
