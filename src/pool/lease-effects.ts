import type { SessionEffects, StatementAnalysis } from '../sql/analysis.ts'
import { settingKey } from './settings.ts'

/** What the statements sent during one lease may leave on the server connection. */
export class LeaseEffects {
  /** Something that the text does not show may be left: clean the connection before anyone else has it. */
  opaque = false
  /** Settings that may have changed, by settingKey. */
  readonly settings: string[] = []
  /** All of the session's settings may have changed. */
  allSettings = false

  /**
   * Notes a statement that is about to be sent. Whether it will take effect does not matter: what outlives a failed
   * statement (advisory locks, prepared statements) does so unseen.
   */
  note({ effects, opaque, plain, accesses }: StatementAnalysis): void {
    // What a view calls, or a row security policy, stands in no statement's text.
    const readsHidden = !plain && accesses.some(({ kind }) => kind === 'relation')
    // lastval and currval of a sequence are the session's.
    const usesSequence = accesses.some(({ kind }) => kind === 'sequence')
    const drops = effects.discard !== undefined || effects.deallocate !== undefined
    if (opaque || readsHidden || usesSequence || drops) this.opaque = true
    for (const { name, local } of effects.set ?? []) if (!local) this.#noteSetting(settingKey(name))
    if (effects.reset?.name !== undefined) this.#noteSetting(settingKey(effects.reset.name))
    if (effects.discard === 'all' || (effects.reset !== undefined && effects.reset.name === undefined)) {
      this.allSettings = true
    }
  }

  #noteSetting(name: string): void {
    if (RESET_ONLY.has(name)) this.opaque = true
    else if (!name.startsWith('transaction_')) this.settings.push(name)
  }

  /** Nothing is left: it may be used for the next lease. */
  get isNothing(): boolean {
    return !this.opaque && !this.changesSettings
  }

  get changesSettings(): boolean {
    return this.allSettings || this.settings.length > 0
  }
}

/** Who the connection speaks as, and what random() gives: a reset sees to them, no value is replayed. */
const RESET_ONLY: ReadonlySet<string> = new Set(['role', 'session_authorization', 'seed'])

/** Why a statement's session must keep its server connection from here on; undefined where it need not. */
export function pinReason(effects: SessionEffects): PinReason | undefined {
  if (effects.makesTemporary !== undefined) return 'temporary table'
  if (effects.listen !== undefined) return 'LISTEN'
  if (effects.declare?.hold) return 'cursor WITH HOLD'
  if (effects.prepare !== undefined) return 'SQL PREPARE'
  if (effects.keepsState) return 'state that outlives the transaction'
  return undefined
}

export type PinReason =
  | 'temporary table'
  | 'LISTEN'
  | 'cursor WITH HOLD'
  | 'SQL PREPARE'
  | 'state that outlives the transaction'
