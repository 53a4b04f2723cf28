import type { PgoauthError } from '../base/errors.ts'
import type { ByteRun } from './byte-run.ts'
import type { DenialRecord } from './denial-record.ts'
import type { GateOptions, GateSinks } from './gate-contract.ts'
import type { SessionState } from './session-state.ts'

/** What the two directions of a gate share. */
export interface GateParts {
  readonly options: GateOptions
  readonly sinks: GateSinks
  readonly state: SessionState
  readonly denials: DenialRecord
  readonly toServer: ByteRun
  readonly toClient: ByteRun
  /** Ends the session; undefined without a word of ours. */
  finish(error: PgoauthError | undefined): void
  /** Runs what did not begin in `fromClient` or `fromServer` as if it had: errors end the session, output goes out. */
  guarded(action: () => void): void
}
