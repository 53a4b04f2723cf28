import type { Access, Needs } from '../base/access.ts'
import type { ObjectName } from './catalog.ts'

/** One setting a statement changes; `value` is absent where it is computed or put back to its default. */
export interface SettingChange {
  readonly name: string
  readonly value?: string
  readonly local: boolean
}

/** What a statement does to the session, as far as its text shows. */
export interface SessionEffects {
  readonly transaction?: 'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'rollback-to' | 'two-phase'
  /** COMMIT/ROLLBACK AND CHAIN: a new transaction is open afterwards. */
  readonly chain?: true
  /** SQL PREPARE: the statement inside, whose accesses stand in this statement's too. */
  readonly prepare?: { readonly name: string; readonly statement: StatementAnalysis }
  readonly execute?: string
  /** Undefined name: ALL. */
  readonly deallocate?: { readonly name: string | undefined }
  readonly declare?: { readonly name: string; readonly hold: boolean; readonly statement: StatementAnalysis }
  readonly fetch?: string
  /** Undefined name: ALL. */
  readonly close?: { readonly name: string | undefined }
  readonly copy?: 'in' | 'out'
  /** SET and set_config; `reset` is RESET (undefined name: ALL) and SET … TO DEFAULT. */
  readonly set?: readonly SettingChange[]
  readonly reset?: { readonly name: string | undefined; readonly local?: true }
  readonly discard?: 'all' | 'plans' | 'sequences' | 'temp'
  /** Temporary relations made and dropped, unqualified; they are free from here on in this session. */
  readonly makesTemporary?: readonly SessionRelation[]
  readonly dropsTemporary?: readonly string[]
  /** Relations made, changed or dropped: nobody else sees how they are before the transaction ends. */
  readonly changes?: readonly ObjectName[]
  readonly listen?: string
  /** Undefined name: `*`. */
  readonly unlisten?: { readonly name: string | undefined }
  /** What is needed where a parameter that is cast is of a type outside pg_catalog, as Parse may say. */
  readonly castsParameter?: readonly Access[]
  /** Takes session-level advisory locks, lastval/currval state and the like that outlive the transaction. */
  readonly keepsState?: true
}

/**
 * A relation of which only this session knows how it is: a temporary one, or one that the transaction made or changed
 * which is open. Its columns are taken as unknown: what text said they are, ALTER and ROLLBACK make untrue.
 */
export interface SessionRelation {
  /** Undefined: temporary. */
  readonly schema?: string
  readonly name: string
  /** Of a view: what its query needs, at each use. */
  readonly needs?: readonly Access[]
}

export interface StatementAnalysis extends Needs {
  /** The parse-node type, as libpg-query names it: `SelectStmt`. */
  readonly kind: string
  /** Where it stands in the text, in bytes of UTF-8. */
  readonly start: number
  readonly end: number
  readonly effects: SessionEffects
  /** Changes the catalog: the snapshot is stale afterwards. */
  readonly ddl: boolean
  /** Ran something whose effect on the session the text does not show: a function not curated, CALL, DO, a write. */
  readonly opaque: boolean
  /** Only reads: no write, no lock, no function that is not curated and no sequence. */
  readonly readOnly: boolean
  /** The relations it reads have neither row-level security nor a view among them, so it may be batched. */
  readonly plain: boolean
}

export type Analysis =
  | {
      readonly ok: true
      readonly statements: readonly StatementAnalysis[]
      /** A literal was looked at: the result holds for this exact text, not for its literal-folded template. */
      readonly exact: boolean
      /** An unqualified name, a column or an unknown name was looked up: an older catalog may decide otherwise. */
      readonly leansOnCatalog: boolean
      /** A name was not found in the catalog: worth a refresh before denying. */
      readonly unknownNames: boolean
    }
  | {
      readonly ok: false
      readonly code: 'SYNTAX' | 'STATEMENT_TOO_LONG' | 'STATEMENT_TOO_COMPLEX'
      readonly message: string
      /** Characters from 1, as ErrorResponse field P counts. */
      readonly position?: number
    }
