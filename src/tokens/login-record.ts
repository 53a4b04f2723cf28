import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Profile } from '../config/profiles.ts'
import type { Grant } from '../oauth/grant.ts'

/** What is kept of one login. */
export interface LoginRecord {
  readonly refreshToken: Secret | undefined
  readonly accessToken: Secret
  readonly obtainedAtSeconds: number
  readonly expiresAtSeconds: number | undefined
  /** Granted; undefined where the issuer did not say. */
  readonly scopes: readonly string[] | undefined
  readonly person: string | undefined
  readonly asked: {
    readonly scopes: readonly string[]
    readonly resource: readonly string[]
    readonly audience: string | undefined
  }
  /** Why the issuer takes the refresh token no more; a person has to log in. */
  readonly ended: string | undefined
}

/** The name a login is kept under: a profile that changes issuer or client has no login yet. */
export function accountOf(profile: Pick<Profile, 'name' | 'issuer' | 'clientId'>): string {
  return `${profile.name}|${profile.issuer ?? ''}|${profile.clientId ?? ''}`
}

export function recordOf(grant: Grant, profile: Profile, nowSeconds: number, before?: LoginRecord): LoginRecord {
  const { scopes, resource, audience } = profile
  return {
    refreshToken: grant.refreshToken,
    accessToken: grant.accessToken,
    obtainedAtSeconds: nowSeconds,
    expiresAtSeconds: grant.expiresAtSeconds,
    scopes: grant.scopes ?? before?.scopes,
    person: grant.person ?? before?.person,
    // What a refresh gets is what the login asked for, or part of it.
    asked: before?.asked ?? { scopes, resource, audience },
    ended: undefined,
  }
}

/**
 * Whether the login was made for the resource and audience that the profile names now. Otherwise its token is for somebody
 * else, and a refresh for ours is refused (RFC 8707 section 2.2), by some issuers with the end of the whole login.
 */
export function isAskedFor({ asked }: LoginRecord, profile: Pick<Profile, 'resource' | 'audience'>): boolean {
  const isSameAudience = profile.audience === undefined || profile.audience === asked.audience
  return isSameAudience && profile.resource.every((one) => asked.resource.includes(one))
}

export function writeRecord(record: LoginRecord): string {
  return JSON.stringify({
    pgoauth: 'login',
    version: 1,
    refresh_token: record.refreshToken?.reveal(),
    access_token: record.accessToken.reveal(),
    obtained_at: record.obtainedAtSeconds,
    expires_at: record.expiresAtSeconds,
    scopes: record.scopes,
    person: record.person,
    asked: record.asked,
    ended: record.ended,
  })
}

/** @throws STORE_CORRUPT for anything that writeRecord did not write. */
export function readRecord(text: string, profile: Pick<Profile, 'name'>, place: string): LoginRecord {
  const record = parse(text)
  if (record) return record
  fail('STORE_CORRUPT', {
    detail: `${place} holds something for profile "${profile.name}" that pgoauth did not write`,
    fix: `pgoauth logout ${profile.name} clears it; then pgoauth login ${profile.name}`,
  })
}

function parse(text: string): LoginRecord | undefined {
  let read: Record<string, unknown>
  try {
    read = JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
  if (read?.pgoauth !== 'login' || read.version !== 1) return undefined
  const { refresh_token, access_token, obtained_at, expires_at, scopes, person, asked, ended } = read
  if (typeof access_token !== 'string' || typeof obtained_at !== 'number') return undefined
  if (!isOptional(refresh_token, 'string') || !isOptional(expires_at, 'number')) return undefined
  if (!isOptional(person, 'string') || !isOptional(ended, 'string')) return undefined
  if (scopes !== undefined && !isTexts(scopes)) return undefined
  const { scopes: askedScopes, resource, audience } = (asked ?? {}) as Record<string, unknown>
  if (!isTexts(askedScopes) || !isTexts(resource) || !isOptional(audience, 'string')) return undefined
  return {
    refreshToken: refresh_token === undefined ? undefined : new Secret(refresh_token),
    accessToken: new Secret(access_token),
    obtainedAtSeconds: obtained_at,
    expiresAtSeconds: expires_at,
    scopes,
    person,
    asked: { scopes: askedScopes, resource, audience },
    ended,
  }
}

function isOptional(value: unknown, type: 'string'): value is string | undefined
function isOptional(value: unknown, type: 'number'): value is number | undefined
function isOptional(value: unknown, type: string): boolean {
  return value === undefined || typeof value === type
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}
