import { nowSeconds } from '../base/clock.ts'
import { asPgoauthError } from '../base/errors.ts'
import type { Profile } from '../config/profiles.ts'
import { ageOf } from '../tokens/freshness.ts'
import { loginNeeded } from '../tokens/login-needed.ts'
import { accountOf, isAskedFor, type LoginRecord, readRecord } from '../tokens/login-record.ts'
import { openStore } from '../tokens/open-store.ts'
import type { TokenDeps } from '../tokens/token-deps.ts'

/** One profile's login, as `pgoauth status --json` prints it. No issuer is asked. */
export interface LoginStatus {
  readonly profile: string
  readonly logged_in: boolean
  readonly flow: string
  readonly issuer: string | null
  readonly client_id: string | null
  readonly person: string | null
  /** When the access token at hand ends, ISO 8601; null where nobody said, or there is none. */
  readonly expires_at: string | null
  /** Whether it is refreshed without a person. */
  readonly renews: boolean
  readonly scopes: readonly string[] | null
  readonly missing_scopes: readonly string[]
  readonly store: string
  /** Where that is on this machine. */
  readonly place: string | null
  readonly error: string | null
  readonly fix: string | null
  /** The exit code that goes with `error`. */
  readonly exit: number
}

export async function statusOf(name: string, resolve: () => Promise<Profile>, deps: TokenDeps): Promise<LoginStatus> {
  let profile: Profile | undefined
  try {
    profile = await resolve()
    return await readStatus(profile, deps)
  } catch (error) {
    if (profile === undefined && asPgoauthError(error).code === 'PROFILE_UNKNOWN') throw error
    const { message, fix, exit } = asPgoauthError(error)
    return { ...blank(name, profile), error: message, fix: fix ?? null, exit }
  }
}

async function readStatus(profile: Profile, deps: TokenDeps): Promise<LoginStatus> {
  const status = blank(profile.name, profile)
  if (profile.flow === 'client_credentials' || profile.flow === 'token_file' || profile.flow === 'exec') {
    return { ...status, logged_in: true, renews: true, place: 'nowhere: each command gets its own token' }
  }
  const store = await openStore(profile.store, deps)
  const text = await store.read(accountOf(profile))
  if (text === undefined) return { ...status, place: store.place, fix: `pgoauth login ${profile.name}`, exit: 3 }
  const record = readRecord(text, profile, store.place)
  if (!isAskedFor(record, profile)) throw loginNeeded(profile, record)
  return { ...status, ...describe(record, profile, deps), place: store.place }
}

function describe(record: LoginRecord, profile: Profile, { clock }: TokenDeps) {
  const renews = record.refreshToken !== undefined && record.ended === undefined
  const logged_in = renews || ageOf(record, nowSeconds(clock)) !== 'over'
  const { scopes: granted } = record
  const missing = granted ? profile.scopes.filter((scope) => !granted.includes(scope) && !IMPLIED.has(scope)) : []
  // What was never asked for a login can ask for; what was refused it would be refused again.
  const unasked = missing.some((scope) => !record.asked.scopes.includes(scope))
  return {
    logged_in,
    renews,
    person: record.person ?? null,
    expires_at: record.expiresAtSeconds === undefined ? null : new Date(record.expiresAtSeconds * 1000).toISOString(),
    scopes: granted ?? null,
    missing_scopes: missing,
    fix: logged_in && !unasked ? null : `pgoauth login ${profile.name}`,
    exit: logged_in ? 0 : 3,
  }
}

/** Answered by an ID token or a refresh token rather than in the access token's scope. */
const IMPLIED = new Set(['openid', 'offline_access', 'profile', 'email', 'address', 'phone'])

function blank(name: string, profile: Profile | undefined): LoginStatus {
  return {
    profile: name,
    logged_in: false,
    flow: profile?.flow ?? 'auto',
    issuer: profile?.issuer ?? null,
    client_id: profile?.clientId ?? null,
    person: null,
    expires_at: null,
    renews: false,
    scopes: null,
    missing_scopes: [],
    store: profile?.store ?? 'keychain',
    place: null,
    error: null,
    fix: null,
    exit: 0,
  }
}
