import type { Secret } from '../base/secret.ts'
import { readJwt } from '../oauth/verify-signature.ts'
import type { RuleSet } from '../policy/policy.ts'
import { chooseRole } from '../policy/roles.ts'
import { databaseMistake } from '../proxy/admission.ts'
import type { Generation } from '../proxy/generation.ts'

export interface TokenCheck {
  readonly check: string
  readonly ok: boolean
  readonly note?: string
}

export interface TokenReport {
  readonly accepted: boolean
  readonly checks: readonly TokenCheck[]
  readonly databases: readonly DatabaseReport[]
}

export interface DatabaseReport {
  readonly database: string
  readonly role: string | undefined
  /** Those of the token that the database's policy knows. */
  readonly scopes: readonly string[]
  /** What they and `always` give, a line each. */
  readonly grants: readonly string[]
  /** Why there is no way in. */
  readonly reason?: string
}

/** What the proxy would make of a token, for its operator's eyes: each check, then role and grants by database. */
export async function tokenReport(token: Secret, generation: Generation, nowMs: number): Promise<TokenReport> {
  const verdict = await generation.verifier.verify(token, {})
  const seen = seenChecks(token, generation, nowMs)
  if (!verdict.ok) {
    return { accepted: false, checks: [...seen, { check: 'verdict', ok: false, note: verdict.reason }], databases: [] }
  }
  const { identity } = verdict
  const who = `${identity.subject} of ${identity.issuer}${identity.clientId === undefined ? '' : `, client ${identity.clientId}`}`
  const checks = [...seen, { check: 'verdict', ok: true, note: who }]
  const scopes = { check: 'scopes', ok: true, note: identity.scopes.join(' ') || '(none)' }
  const databases = [...generation.databases.values()].map((database): DatabaseReport => {
    const { policy, config } = database
    const role = chooseRole(policy, identity)
    const reason = databaseMistake(database, identity) ?? (role === undefined ? 'no role rule holds' : undefined)
    const known = identity.scopes.filter((scope) => policy.scopes.has(scope))
    const grants = [
      ...known.flatMap((scope) => grantLines(scope, policy.scopes.get(scope))),
      ...grantLines('always', policy.always),
      ...grantLines('never', policy.never),
    ]
    return { database: config.name, role, scopes: known, grants, ...(reason !== undefined && { reason }) }
  })
  return { accepted: true, checks: [...checks, scopes], databases }
}

/** What can be read off the token itself, each beside what the configuration asks for; the verdict is the verifier's. */
function seenChecks(token: Secret, { issuers }: Generation, nowMs: number): TokenCheck[] {
  const jwt = readJwt(token.reveal())
  if (typeof jwt === 'string') return [{ check: 'form', ok: true, note: `${jwt}; introspection asks the issuer` }]
  const { header, claims } = jwt
  const issuer = issuers.find((one) => one.issuer === claims.iss)
  const text = (value: unknown) => (value === undefined ? 'missing' : JSON.stringify(value).slice(0, 120))
  if (issuer === undefined)
    return [{ check: 'iss', ok: false, note: `${text(claims.iss)} is no issuer of this configuration` }]
  const audience = [claims.aud].flat()
  const toleranceMs = issuer.clockToleranceMs
  const seconds = (value: unknown) => (typeof value === 'number' ? Math.round(value - nowMs / 1000) : undefined)
  const left = seconds(claims.exp)
  const until = seconds(claims.nbf)
  const typ = String(header.typ ?? '')
    .toLowerCase()
    .replace(/^application\//, '')
  return [
    { check: 'iss', ok: true, note: issuer.issuer },
    {
      check: 'alg',
      ok: issuer.algorithms.includes(String(header.alg)),
      note: `${text(header.alg)}, kid ${text(header.kid)}`,
    },
    {
      check: 'typ',
      ok: typ === 'at+jwt' || (issuer.typ === 'any' && ['', 'jwt'].includes(typ)),
      note: text(header.typ),
    },
    {
      check: 'aud',
      ok: audience.some((one) => issuer.audience.includes(one as string)),
      note: `${text(claims.aud)}; wanted ${issuer.audience.join(' or ')}`,
    },
    {
      check: 'exp',
      ok: left !== undefined && left * 1000 + toleranceMs > 0,
      note: left === undefined ? 'missing' : left > 0 ? `in ${left} s` : `${-left} s ago`,
    },
    {
      check: 'nbf',
      ok: until === undefined || until * 1000 <= toleranceMs,
      note: until === undefined ? 'none' : `${-until} s ago`,
    },
    { check: 'sub', ok: typeof claims.sub === 'string' && claims.sub !== '', note: text(claims.sub) },
    {
      check: 'cnf',
      ok: true,
      note: claims.cnf === undefined ? 'not bound' : 'bound to a client certificate, which this check has not',
    },
  ]
}

function grantLines(name: string, rules: RuleSet | undefined): string[] {
  if (rules === undefined) return []
  if (rules.all) return [`${name}: all`]
  return [...rules.objects].map(([action, objects]) => {
    const texts = objects.map(({ schema, name: object, columns }) => {
      const path = schema === undefined || (schema === '*' && object === '*') ? object : `${schema}.${object}`
      return columns === undefined ? path : `${path} (${columns.join(', ')})`
    })
    return `${name}: ${action} ${texts.join(', ')}`
  })
}
