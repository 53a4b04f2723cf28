import type { Subject } from '../base/brand.ts'
import { type Checked, type IssuerRules, refused } from './verify-rules.ts'
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
    issuerMistake(claims, rules, header !== undefined) ??
    audienceMistake(claims, rules) ??
    timeMistake(claims, rules, nowMs) ??
    (header === undefined ? introspectedKindMistake(claims) : signedKindMistake(claims, header, rules)) ??
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
      boundToCertificate: certificateThumbprint(claims),
    },
  }
}

/** An introspection answer may leave it out (RFC 7662 section 2.2): the issuer itself was asked. */
function issuerMistake(claims: Claims, rules: IssuerRules, isRequired: boolean): string | undefined {
  if (claims.iss === undefined && !isRequired) return undefined
  return claims.iss === rules.issuer ? undefined : 'iss is not the issuer'
}

function audienceMistake({ aud }: Claims, rules: IssuerRules): string | undefined {
  if (aud === undefined) return 'aud is missing'
  const named = Array.isArray(aud) ? aud : [aud]
  if (!named.every((one) => typeof one === 'string')) return 'aud is neither text nor a list of texts'
  return named.some((one) => rules.audience.includes(one)) ? undefined : 'aud does not name this proxy'
}

function timeMistake({ exp, nbf }: Claims, { clockToleranceMs }: IssuerRules, nowMs: number): string | undefined {
  if (exp === undefined) return 'exp is missing'
  if (typeof exp !== 'number' || !(exp >= 0 && exp <= LATEST_SECONDS)) return 'exp is no date'
  if (exp * 1000 + clockToleranceMs <= nowMs) return 'expired'
  if (nbf === undefined) return undefined
  if (typeof nbf !== 'number' || !(nbf >= 0 && nbf <= LATEST_SECONDS)) return 'nbf is no date'
  return nbf * 1000 - clockToleranceMs > nowMs ? 'not valid yet (nbf)' : undefined
}

/** RFC 9068 section 2.1; RFC 8725 section 3.11: one kind of token must not pass for another. */
function signedKindMistake(claims: Claims, header: Claims, rules: IssuerRules): string | undefined {
  const typ = mediaType(header.typ)
  const isPlain = typ === 'jwt' || header.typ === undefined
  if (typ !== 'at+jwt' && !(rules.typ === 'any' && isPlain)) {
    return rules.typ === 'any' ? 'typ is not that of an access token' : 'typ is not at+jwt'
  }
  if (claims.events !== undefined) return 'a logout or security event token'
  if (namesAnotherKind(claims)) return 'the token calls itself an ID or refresh token'
  if (typ === 'at+jwt') return undefined
  const mark = ['nonce', 'at_hash', 'c_hash'].find((name) => claims[name] !== undefined)
  return mark === undefined ? undefined : `an ID token (it carries ${mark})`
}

/** `application/` is left out of a typ by convention (RFC 7515 section 4.1.9); case does not count. */
function mediaType(typ: unknown): string | undefined {
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined
}

/** Keycloak's `typ`, Cognito's and Hydra's `token_use`: what these issuers mark their kinds of token with. */
function namesAnotherKind({ typ, token_use }: Claims): boolean {
  const isAccess = (kind: unknown) =>
    kind === undefined || (typeof kind === 'string' && /^(bearer|jwt|at\+jwt|access|access_token)$/i.test(kind))
  return !isAccess(typ) || !isAccess(token_use)
}

/** RFC 7662 has no mark of a refresh token, so the answer has to say that this is none. */
function introspectedKindMistake(claims: Claims): string | undefined {
  if (claims.active !== true) return 'the issuer says it is not active'
  if (namesAnotherKind(claims)) return 'the issuer says it is an ID or refresh token'
  const type = claims.token_type
  if (type !== undefined && (typeof type !== 'string' || !/^(bearer|access_token)$/i.test(type))) {
    return 'token_type is not Bearer'
  }
  const isSaid = [type, claims.typ, claims.token_use].some((one) => one !== undefined)
  return isSaid ? undefined : 'the answer may describe a refresh token (no token_type)'
}

function subjectMistake({ sub }: Claims): string | undefined {
  if (typeof sub !== 'string' || sub === '') return 'sub is missing'
  if (sub.length > MAX_SUBJECT_LENGTH) return 'sub is too long'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\x00-\x1f\x7f]/.test(sub) ? 'sub holds control characters' : undefined
}

/** A proof that is not asked for would be a bound token used as a bearer token (RFC 9449 section 7.2). */
function confirmationMistake(claims: Claims): string | undefined {
  const { cnf } = claims
  if (cnf === undefined) return undefined
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return 'cnf is no object'
  const other = Object.keys(cnf).find((name) => name !== 'x5t#S256')
  if (other !== undefined) return `cnf asks for a proof that is not supported (${other})`
  return certificateThumbprint(claims) === undefined ? 'cnf has no usable x5t#S256' : undefined
}

function certificateThumbprint({ cnf }: Claims): Buffer | undefined {
  const text = (cnf as Record<string, unknown> | undefined)?.['x5t#S256']
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(text)) return undefined
  return Buffer.from(text, 'base64url')
}

/** Entra ID leaves the groups out where there are too many, and points to Graph: rules on groups would see none. */
function overageMistake(claims: Claims): string | undefined {
  return claims._claim_names === undefined && claims.hasgroups === undefined
    ? undefined
    : 'group overage: the token points elsewhere for its groups (_claim_names); assign application roles or filter groups'
}
