import { nowSeconds } from '../base/clock.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Profile } from '../config/profiles.ts'
import type { Issuer } from '../oauth/issuer.ts'
import { requestRefresh } from '../oauth/refresh-grant.ts'
import { ageOf } from './freshness.ts'
import { type HeldLock, withLock } from './login-lock.ts'
import { loginNeeded } from './login-needed.ts'
import { accountOf, isAskedFor, type LoginRecord, readRecord, recordOf, writeRecord } from './login-record.ts'
import { openIssuer } from './profile-issuer.ts'
import { RefreshMarker } from './refresh-marker.ts'
import type { SecretStore } from './secret-store.ts'
import type { TokenDeps } from './token-deps.ts'

/**
 * Refreshes a login, once on this machine: read, ask the issuer, write, all under a lock. Whoever waited for
 * the lock takes what the one before wrote.
 *
 * The answer is written before it is given out: with rotation the old refresh token is worth nothing from the
 * moment the issuer answered. On `invalid_grant` the store is read again, since a process that does not know
 * this lock may have rotated it.
 *
 * @param seen what the caller read before it decided to refresh.
 * @throws LOGIN_NEEDED, ISSUER_UNREACHABLE, STORE_UNAVAILABLE.
 */
export async function refreshLogin(
  profile: Profile,
  store: SecretStore,
  seen: LoginRecord,
  deps: TokenDeps,
  replacing: Secret | undefined,
): Promise<LoginRecord> {
  const account = accountOf(profile)
  const marker = new RefreshMarker(deps.paths.stateDir, account)

  const read = async () => {
    const text = await store.read(account)
    if (text === undefined) throw loginNeeded(profile)
    return readRecord(text, profile, store.place)
  }
  const isUsable = (record: LoginRecord) =>
    isAskedFor(record, profile) &&
    !isSame(record.accessToken, replacing) &&
    ageOf(record, nowSeconds(deps.clock)) !== 'over'

  return withLock(deps.paths.stateDir, account, async (lock) => {
    let record = await read()
    if (!isSame(record.accessToken, seen.accessToken) && isUsable(record)) return record
    if (!record.refreshToken || record.ended !== undefined || !isAskedFor(record, profile)) {
      throw loginNeeded(profile, record)
    }

    const issuer = await openIssuer(profile, deps)
    // The issuer takes the old token no more once it has answered: a store that cannot be written is to show before that.
    await store.write(account, writeRecord(record))
    for (let attempt = 1; ; attempt++) {
      const used: Secret | undefined = record.refreshToken
      if (!used) throw loginNeeded(profile, record)
      const interrupted = await marker.names(used)
      await marker.set(used)
      const answer = await ask(issuer, used)
      if (answer.ok) return write(recordOf(answer.grant, profile, nowSeconds(deps.clock), record), used, lock)

      await marker.clear()
      const again = await read()
      if (!isSame(again.refreshToken, used) && attempt === 1) {
        if (isUsable(again)) return again
        record = again
        continue
      }
      const ended = interrupted ? `${answer.ended} (${INTERRUPTED})` : answer.ended
      const over = { ...again, refreshToken: undefined, ended }
      await store.write(account, writeRecord(over))
      throw loginNeeded(profile, over)
    }
  })

  async function ask(issuer: Issuer, refreshToken: Secret) {
    try {
      return await requestRefresh(issuer, refreshToken, profile)
    } catch (error) {
      // Nothing was answered that could be lost, unless the connection broke after the issuer had decided.
      if (asPgoauthError(error).code !== 'ISSUER_UNREACHABLE') await marker.clear()
      throw error
    }
  }

  async function write(next: LoginRecord, used: Secret, lock: HeldLock): Promise<LoginRecord> {
    if (!lock.intact) {
      // This process was suspended for so long that another took the lock: its answer is newer than ours.
      const other = await read()
      if (!isSame(other.refreshToken, used)) return other
    }
    await writePersistently(store, account, writeRecord(next), deps)
    await marker.clear()
    return next
  }
}

const INTERRUPTED = 'an earlier pgoauth was stopped before it could write down the answer to its refresh'

/** How often, and how far apart, a write is tried: what is not written now is lost with this process. */
const WRITE_TRIES = 4
const WRITE_PAUSE_MS = 250

async function writePersistently(store: SecretStore, account: string, text: string, deps: TokenDeps): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.write(account, text)
    } catch (error) {
      const { detail, fix, message } = asPgoauthError(error)
      if (attempt < WRITE_TRIES) {
        await deps.clock.sleep(WRITE_PAUSE_MS)
        continue
      }
      fail('STORE_UNAVAILABLE', {
        detail: `the refreshed login could not be written (${detail ?? message}), so it is lost`,
        fix: `${fix ?? 'mend the store'}; then pgoauth login ${account.split('|')[0]}`,
        cause: error,
      })
    }
  }
}

function isSame(one: Secret | undefined, other: Secret | undefined): boolean {
  return one !== undefined && one.reveal() === other?.reveal()
}
