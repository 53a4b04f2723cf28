import type { Identity } from '../base/identity.ts'
import { printable } from '../base/printable.ts'
import type { Secret } from '../base/secret.ts'

/** What one issuer's tokens must be, and what they may confer. */
export interface IssuerRules {
  readonly issuer: string
  /** The token's `aud` holds one of these. */
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  /** `any`: also `JWT` or none, for issuers that do not follow RFC 9068. */
  readonly typ: 'at+jwt' | 'any'
  readonly clockToleranceMs: number
  readonly requiredScopes: readonly string[]
  /** `auto`: `scope` or `scp`; else the path of the claim. */
  readonly scopesClaim: string
  readonly scopePrefix: string
  /** Names, `*`, or a beginning and `*`. */
  readonly scopesAllowed: readonly string[]
  readonly grantScopes: readonly {
    readonly when: Readonly<Record<string, readonly (string | number | boolean)[]>>
    readonly scopes: readonly string[]
  }[]
}

/** What a check came to. The reason is for the log alone; clients hear one sentence whatever it is. */
export type Verdict = { readonly ok: true; readonly identity: Identity } | Refused

export interface Refused {
  readonly ok: false
  readonly reason: string
  /** The issuer could not be asked: nothing is known against the token. */
  readonly isUnavailable?: true
}

/** What is known of the connection a token arrived on. */
export interface Channel {
  /** SHA-256 of the client certificate's DER, where there is one. */
  readonly clientCertificateSha256?: Buffer | undefined
}

export interface TokenVerifier {
  /** Never throws for what a token, an issuer or the network does: that is a refusal with its reason. */
  verify(token: Secret, channel: Channel): Promise<Verdict>
  /** As verify, past every cache: is this token still good? Only introspection can change its mind. */
  recheck(token: Secret, channel: Channel): Promise<Verdict>
}

/** What a token turned out to say once its signature, or the issuer itself, vouched for it. */
export interface CheckedToken {
  readonly identity: Identity
  /** RFC 8705: the only client certificate that may carry this token. */
  readonly boundToCertificate: Buffer | undefined
}

export type Checked = { readonly ok: true; readonly token: CheckedToken } | Refused

export function refused(reason: string): Refused {
  return { ok: false, reason }
}

/**
 * The reason for a refusal, as is. Every check says it through here, so that a test can find each of them, take it
 * away, and see whether any other test notices.
 */
export function wrong(reason: string): string {
  return reason
}

/** A value of a token's own choosing, short and printable, for a reason. Of lists and objects only what they are. */
export function shown(value: unknown): string {
  if (Array.isArray(value))
    return `a list of ${value.length}${typeof value[0] === 'string' ? `, ${shown(value[0])} first` : ''}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return printable(JSON.stringify(value) ?? 'nothing', 80)
}
