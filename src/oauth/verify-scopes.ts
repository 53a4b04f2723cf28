import { claimAt } from '../base/claim-path.ts'
import { type IssuerRules, refused, shown, wrong } from './verify-rules.ts'

type Scopes =
  | { readonly ok: true; readonly scopes: readonly string[] }
  | { readonly ok: false; readonly reason: string }
type Claims = Readonly<Record<string, unknown>>

/** A scope is what RFC 6749 section 3.3 calls a scope-token; anything else in a claim is passed over. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** What verified claims confer under the issuer's rules: sorted, without repeats, nothing beyond `scopes_allowed`. */
export function scopesOf(claims: Claims, rules: IssuerRules): Scopes {
  const said = saidScopes(claims, rules.scopesClaim)
  if (!said.ok) return said
  const granted = rules.grantScopes.filter(({ when }) => holdsAll(claims, when)).flatMap(({ scopes }) => scopes)
  const all = new Set([...said.scopes.map((scope) => withoutPrefix(scope, rules.scopePrefix)), ...granted])
  const allowed = [...all].filter((scope) => SCOPE.test(scope) && isAllowed(scope, rules.scopesAllowed)).sort()
  const missing = rules.requiredScopes.find((scope) => !allowed.includes(scope))
  if (missing !== undefined) return refused(wrong(`required scope ${missing} is missing`))
  return { ok: true, scopes: allowed }
}

function saidScopes(claims: Claims, claim: string): Scopes {
  if (claim !== 'auto') return scopeList(claimAt(claims, claim), claim)
  const scope = scopeList(claims.scope, 'scope')
  const scp = scopeList(claims.scp, 'scp')
  if (!scope.ok) return scope
  if (!scp.ok) return scp
  if (claims.scope === undefined) return scp
  if (claims.scp === undefined) return scope
  const same = [...new Set(scope.scopes)].sort().join(' ') === [...new Set(scp.scopes)].sort().join(' ')
  return same ? scope : refused(wrong('claims scope and scp are both there and differ'))
}

function scopeList(value: unknown, claim: string): Scopes {
  if (value === undefined) return { ok: true, scopes: [] }
  if (typeof value === 'string') return { ok: true, scopes: value.split(' ').filter((scope) => scope !== '') }
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return { ok: true, scopes: value }
  return refused(wrong(`claim ${claim} is neither text nor a list of texts (${shown(value)})`))
}

function withoutPrefix(scope: string, prefix: string): string {
  return scope.startsWith(prefix) ? scope.slice(prefix.length) : scope
}

function isAllowed(scope: string, allowed: readonly string[]): boolean {
  return allowed.some((one) => (one.endsWith('*') ? scope.startsWith(one.slice(0, -1)) : scope === one))
}

function holdsAll(claims: Claims, when: IssuerRules['grantScopes'][number]['when']): boolean {
  return Object.entries(when).every(([path, values]) => {
    const value = claimAt(claims, path)
    return Array.isArray(value) ? value.some((one) => values.includes(one as string)) : values.includes(value as string)
  })
}
