import type { Role, Subject } from './brand.ts'

/**
 * Who a verified token speaks for. Identity is (issuer, subject): a subject alone means nothing, since two
 * issuers may use the same one for different people.
 */
export interface Identity {
  readonly issuer: string
  readonly subject: Subject
  /** The `client_id` (or `azp`) claim: which application asked for the token. */
  readonly clientId: string | undefined
  /** After prefix stripping and `scopes_allowed`; sorted, without repeats. */
  readonly scopes: readonly string[]
  /** All verified claims, for role rules and row rules. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The `exp` claim, seconds since 1970. */
  readonly expiresAtSeconds: number
}

/** An identity once a role rule gave it a database role. */
export interface MappedIdentity extends Identity {
  readonly role: Role
}
