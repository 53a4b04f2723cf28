import type { Action } from '../base/access.ts'
import type { Place } from '../base/yaml-document.ts'

/** A rule's object as the file writes it, taken apart. `name` is `*` for a pattern; both `*` is everything. */
export interface RuleObject {
  /** Undefined for parameter and channel names, which have no schema. */
  readonly schema: string | undefined
  readonly name: string
  /** Undefined: all columns. */
  readonly columns: readonly string[] | undefined
}

/** What one scope, `always` or `never` says. */
export interface RuleSet {
  /** `all`, or the objects by action. */
  readonly all: boolean
  readonly objects: ReadonlyMap<Action, readonly RuleObject[]>
}

export interface RoleCondition {
  /** Path into the claims, taken apart at its dots; the whole key is tried first. */
  readonly claim: string
  /** Any of these. */
  readonly values: readonly (string | number | boolean)[]
}

export interface RoleRule {
  /** May hold `{claim}` where `among` is given. */
  readonly role: string
  readonly when: readonly RoleCondition[]
  readonly among: readonly string[] | undefined
  /** Undefined: any issuer (allowed only with one issuer, which the proxy's check sees to). `*` among them: any. */
  readonly issuers: readonly string[] | undefined
}

/** A policy file that was read and found whole. */
export interface Policy {
  readonly file: string
  readonly roles: readonly RoleRule[]
  readonly scopes: ReadonlyMap<string, RuleSet>
  readonly always: RuleSet
  readonly never: RuleSet
  readonly metadata: 'visible' | 'hidden'
  readonly errors: 'own' | 'full'
  readonly mode: 'enforce' | 'observe'
  /** Milliseconds since 1970; past it, observe is enforce. */
  readonly observeUntilMs: number | undefined
  readonly help: string | undefined
  readonly searchPath: readonly string[] | undefined
  /** Scopes with row rules, and the tables they govern: refused at start until row rules are built. */
  readonly rows: readonly RowRule[]
}

export interface RowRule {
  readonly scope: string
  readonly table: RuleObject
  readonly condition: string
  readonly place: Place
}
