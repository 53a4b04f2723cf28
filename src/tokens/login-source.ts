import { nowSeconds } from '../base/clock.ts'
import { asPgoauthError, fail, PgoauthError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Profile } from '../config/profiles.ts'
import { ageOf } from './freshness.ts'
import { accountOf, isAskedFor, type LoginRecord, readRecord } from './login-record.ts'
import { openStore } from './open-store.ts'
import type { RefreshBackoff } from './refresh-backoff.ts'
import type { SecretStore } from './secret-store.ts'
import type { TokenDeps } from './token-deps.ts'
import type { AccessToken, TokenSource } from './token-source.ts'

/**
 * Tokens of a person's login: from the store while they are good, refreshed before they end.
 *
 * The store is read each time, so that a logout or a new login elsewhere counts at once; while it cannot be
 * read, what this process has seen last counts. One refresh at a time, in this process and on this machine.
 */
export function openLoginSource(profile: Profile, deps: TokenDeps, given?: SecretStore): TokenSource {
  const account = accountOf(profile)
  let backoff: RefreshBackoff | undefined
  let store: SecretStore | undefined = given
  let seen: LoginRecord | undefined
  let refreshing: { promise: Promise<LoginRecord>; replacing: string | undefined } | undefined

  const read = async (): Promise<LoginRecord> => {
    try {
      store ??= await openStore(profile.store, deps)
      const text = await store.read(account)
      if (text === undefined) throw (await import('./login-needed.ts')).loginNeeded(profile)
      seen = readRecord(text, profile, store.place)
      if (!isAskedFor(seen, profile)) throw (await import('./login-needed.ts')).loginNeeded(profile, seen)
    } catch (error) {
      const { code, message } = asPgoauthError(error)
      if (code !== 'STORE_UNAVAILABLE' || seen === undefined) throw error
      deps.log.warn({ profile: profile.name, reason: message }, 'the store cannot be read; the last token is used')
    }
    return seen
  }

  const refresh = (record: LoginRecord, replacing: Secret | undefined): Promise<LoginRecord> => {
    const refused = replacing?.reveal()
    if (refreshing && refreshing.replacing === refused) return refreshing.promise
    const promise = import('./login-refresh.ts')
      .then(({ refreshLogin }) => {
        if (!store) fail('INTERNAL', { detail: 'a refresh before the store was read' })
        return refreshLogin(profile, store, record, deps, replacing)
      })
      .finally(() => {
        refreshing = undefined
      })
    refreshing = { promise, replacing: refused }
    return promise
  }

  return {
    async fresh({ replacing } = {}) {
      const record = await read()
      const refused = replacing !== undefined && replacing.reveal() === record.accessToken.reveal()
      const age = refused ? 'over' : ageOf(record, nowSeconds(deps.clock))
      if (age === 'fresh') return toAccessToken(record)
      if (age === 'due' && (backoff?.waits || record.ended !== undefined)) return toAccessToken(record)
      try {
        seen = await refresh(record, replacing)
        backoff = undefined
        return toAccessToken(seen)
      } catch (error) {
        if (age !== 'due' || !isWorthWaiting(error)) throw error
        backoff ??= new (await import('./refresh-backoff.ts')).RefreshBackoff(deps.clock)
        backoff.failed()
        deps.warn(`${(error as Error).message}; the token at hand is still good for ${secondsLeft(record)} s`)
        return toAccessToken(record)
      }
    },
  }

  function secondsLeft({ expiresAtSeconds }: LoginRecord): number {
    return (expiresAtSeconds ?? 0) - nowSeconds(deps.clock)
  }
}

/** Of the issuer, of a person who is not there, of a full disk. */
const WORTH_WAITING: ReadonlySet<string> = new Set([
  'ISSUER_UNREACHABLE',
  'ISSUER_INVALID',
  'LOGIN_NEEDED',
  'STORE_UNAVAILABLE',
])

/** Failures that say nothing about the token at hand, so that it may be used while it lasts. */
function isWorthWaiting(error: unknown): boolean {
  if (!(error instanceof PgoauthError)) return false
  return WORTH_WAITING.has(error.code)
}

function toAccessToken({ accessToken, expiresAtSeconds, scopes }: LoginRecord): AccessToken {
  return { token: accessToken, expiresAtSeconds, scopes }
}
