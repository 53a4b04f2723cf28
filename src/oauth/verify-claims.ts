import type { Subject } from '../base/brand.ts'
import { type Checked, type IssuerRules, refused, shown, wrong } from './verify-rules.ts'
import { scopesOf } from './verify-scopes.ts'

type Claims = Readonly<Record<string, unknown>>

export interface ClaimsOptions {
  /** The signature's protected header; undefined for an introspection answer. */
  readonly header: Claims | undefined
  readonly nowMs: number
}

/** 9999-12-31: past it a number is a mistake (milliseconds for seconds), and timers lose their meaning. */
const LATEST_SECONDS = 253_402_300_799
/** OpenID Connect Core section 2 bounds it to 255; some federations go past that. */
const MAX_SUBJECT_LENGTH = 1024

/**
 * Every check of DESIGN section 6 on claims that are vouched for; each is mandatory, and each has a test that fails
 * without it.
 */
export function checkClaims(claims: Claims, rules: IssuerRules, { header, nowMs }: ClaimsOptions): Checked {
  const reason =
    (header === undefined ? inactiveMistake(claims) : undefined) ??
    issuerMistake(claims, rules, header !== undefined) ??
    audienceMistake(claims, rules.audience) ??
    timeMistake(claims, rules.clockToleranceMs, nowMs) ??
    (header === undefined ? introspectedKindMistake(claims) : signedKindMistake(claims, header, rules.typ)) ??
    subjectMistake(claims) ??
    confirmationMistake(claims) ??
    overageMistake(claims)
  if (reason !== undefined) return refused(reason)

  const scopes = scopesOf(claims, rules)
  if (!scopes.ok) return scopes
  const clientId = [claims.client_id, claims.azp, claims.appid, claims.cid].find((one) => typeof one === 'string')
  return {
    ok: true,
    token: {
      identity: {
        issuer: rules.issuer,
        subject: claims.sub as Subject,
        clientId: clientId as string | undefined,
        scopes: scopes.scopes,
        claims,
        expiresAtSeconds: claims.exp as number,
      },
      boundToCertificate: certificateThumbprint(claims.cnf),
    },
  }
}

/** An introspection answer may leave it out (RFC 7662 section 2.2): the issuer itself was asked. */
function issuerMistake({ iss }: Claims, rules: IssuerRules, isRequired: boolean): string | undefined {
  if (iss === undefined && !isRequired) return undefined
  return iss === rules.issuer ? undefined : wrong(`iss ${shown(iss)} is not the issuer`)
}

/** RFC 7519 section 4.1.3: who is not named must refuse. */
export function audienceMistake({ aud }: Claims, audience: readonly string[]): string | undefined {
  if (aud === undefined) return wrong('aud is missing')
  const named = Array.isArray(aud) ? aud : [aud]
  if (!named.every((one) => typeof one === 'string')) return wrong('aud is neither text nor a list of texts')
  return named.some((one) => audience.includes(one)) ? undefined : wrong(`aud ${shown(aud)} does not name this proxy`)
}

/** RFC 7519 sections 4.1.4 and 4.1.5: at `exp` it is over, at `nbf` it begins. */
export function timeMistake({ exp, nbf }: Claims, toleranceMs: number, nowMs: number): string | undefined {
  if (exp === undefined) return wrong('exp is missing')
  if (!isDate(exp)) return wrong(`exp ${shown(exp)} is no date`)
  if (exp * 1000 + toleranceMs <= nowMs) return wrong('expired')
  if (nbf === undefined) return undefined
  if (!isDate(nbf)) return wrong(`nbf ${shown(nbf)} is no date`)
  return nbf * 1000 - toleranceMs > nowMs ? wrong('not valid yet (nbf)') : undefined
}

/** A NumericDate (RFC 7519 section 2). `1e999` in JSON is Infinity. */
export function isDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LATEST_SECONDS
}

/** RFC 9068 section 4, RFC 8725 section 3.11: one kind of token must not pass for another. */
function signedKindMistake(claims: Claims, header: Claims, accepted: IssuerRules['typ']): string | undefined {
  const typ = mediaType(header.typ)
  const isPlain = typ === 'jwt' || header.typ === undefined
  if (typ !== 'at+jwt' && !(accepted === 'any' && isPlain)) {
    return wrong(`typ ${shown(header.typ)} is not that of an access token`)
  }
  if (claims.events !== undefined) return wrong('a logout or security event token')
  if (namesAnotherKind(claims)) return wrong('the token calls itself an ID or refresh token')
  const mark = accepted === 'any' ? idTokenMark(claims) : undefined
  return mark === undefined ? undefined : wrong(`an ID token (it carries ${mark})`)
}

/** `application/` is left out of a typ by convention (RFC 7515 section 4.1.9); case does not count. */
export function mediaType(typ: unknown): string | undefined {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined
}

/** What only ID tokens carry (OpenID Connect Core sections 2 and 3.3.2.11). */
function idTokenMark(claims: Claims): string | undefined {
  return ['nonce', 'at_hash', 'c_hash'].find((name) => claims[name] !== undefined)
}

/** Keycloak's `typ`, Cognito's and Hydra's `token_use`, others' `token_type`: how issuers mark their kinds of token. */
function namesAnotherKind({ typ, token_use, token_type }: Claims): boolean {
  const isAccess = (kind: unknown) =>
    kind === undefined || (typeof kind === 'string' && /^(bearer|jwt|at\+jwt|access|access_token)$/i.test(kind))
  return ![typ, token_use, token_type].every(isAccess)
}

/** RFC 7662 section 2.2: of a token that is not active an issuer says nothing else. */
function inactiveMistake({ active }: Claims): string | undefined {
  return active === true ? undefined : wrong('the issuer says it is not active')
}

/** RFC 7662 has no mark of a refresh token, so the answer has to say that this is none. */
function introspectedKindMistake(claims: Claims): string | undefined {
  if (namesAnotherKind(claims)) return wrong('the issuer says it is an ID or refresh token')
  const mark = idTokenMark(claims)
  if (mark !== undefined) return wrong(`the issuer describes an ID token (it carries ${mark})`)
  const isSaid = [claims.token_type, claims.typ, claims.token_use].some((one) => one !== undefined)
  return isSaid ? undefined : wrong('the answer may describe a refresh token (no token_type)')
}

function subjectMistake({ sub }: Claims): string | undefined {
  if (typeof sub !== 'string' || sub === '') return wrong('sub is missing')
  if (sub.length > MAX_SUBJECT_LENGTH) return wrong('sub is too long')
  // Half of a surrogate pair becomes U+FFFD on its way to Postgres: two people would be one there.
  return /[\p{Cc}\p{Cs}]/u.test(sub) ? wrong('sub holds control characters or half characters') : undefined
}

/** A proof that is not asked for would be a bound token used as a bearer token (RFC 9449 section 7.2). */
function confirmationMistake({ cnf }: Claims): string | undefined {
  if (cnf === undefined) return undefined
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return wrong('cnf is no object')
  const other = Object.keys(cnf).find((name) => name !== 'x5t#S256')
  if (other !== undefined) return wrong(`cnf asks for a proof that is not supported (${shown(other)})`)
  return certificateThumbprint(cnf) === undefined ? wrong('cnf has no usable x5t#S256') : undefined
}

/** RFC 8705 section 3.1: SHA-256 in base64url. */
function certificateThumbprint(cnf: unknown): Buffer | undefined {
  const text = (cnf as Claims | undefined)?.['x5t#S256']
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(text)) return undefined
  return Buffer.from(text, 'base64url')
}

/** Entra ID leaves the groups out where there are too many, and points to Graph: rules on groups would see none. */
function overageMistake(claims: Claims): string | undefined {
  return claims._claim_names === undefined && claims.hasgroups === undefined
    ? undefined
    : wrong(
        'group overage: the token points elsewhere for its groups (_claim_names); assign application roles or filter the groups',
      )
}
