import { nowSeconds } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { Profile } from '../config/profiles.ts'
import type { Grant } from '../oauth/grant.ts'
import type { Issuer } from '../oauth/issuer.ts'
import { withLock } from '../tokens/login-lock.ts'
import { accountOf, type LoginRecord, recordOf, writeRecord } from '../tokens/login-record.ts'
import { openStore } from '../tokens/open-store.ts'
import { openIssuer } from '../tokens/profile-issuer.ts'
import type { SecretStore } from '../tokens/secret-store.ts'
import { logInByBrowser } from './browser-login.ts'
import { logInByDevice } from './device-login.ts'
import { isDisplayDead } from './display.ts'
import type { LoginDeps, LoginOptions } from './login-deps.ts'
import { missingScopes } from './missing-scopes.ts'
import { hasBrowser } from './surroundings.ts'

export interface LoginOutcome {
  readonly record: LoginRecord
  readonly place: string
  /** Scopes that were asked for and not granted. */
  readonly missing: readonly string[]
}

/**
 * Logs a person in and keeps the login in the profile's store. The store is tried first, so that nobody goes
 * through a login that cannot be kept.
 *
 * @throws STORE_UNAVAILABLE, LOGIN_DENIED, LOGIN_TIMEOUT, LOGIN_FAILED, ISSUER_UNREACHABLE, ISSUER_INVALID;
 *   USAGE for a profile whose flow has no login.
 */
export async function logIn(profile: Profile, deps: LoginDeps, options: LoginOptions = {}): Promise<LoginOutcome> {
  if (profile.flow === 'token_file' || profile.flow === 'exec' || profile.flow === 'client_credentials') {
    fail('USAGE', {
      detail: `profile "${profile.name}" has flow: ${profile.flow}, which needs no login`,
      fix: `pgoauth token ${profile.name}`,
    })
  }
  const store = await openStore(profile.store, deps)
  await store.probe()
  const issuer = await openIssuer(profile, deps)
  const grant = await authorize(issuer, profile, deps, options)
  const record = recordOf(grant, profile, nowSeconds(deps.clock))
  await keep(store, profile, record, deps)
  return { record, place: store.place, missing: missingScopes(profile, grant) }
}

async function keep(store: SecretStore, profile: Profile, record: LoginRecord, deps: LoginDeps): Promise<void> {
  const account = accountOf(profile)
  const write = () => store.write(account, writeRecord(record))
  if (!store.shared) return write()
  await withLock(deps.paths.stateDir, account, write)
}

async function authorize(issuer: Issuer, profile: Profile, deps: LoginDeps, options: LoginOptions): Promise<Grant> {
  const open = options.open ?? true
  const wanted = options.flow ?? (profile.flow === 'auto' ? undefined : profile.flow)
  const hasDevice = issuer.metadata.device_authorization_endpoint !== undefined
  const hasCode = issuer.metadata.authorization_endpoint !== undefined
  const browser = hasBrowser(deps) && !(await isDisplayDead(deps))
  const offersNeither = () =>
    fail('ISSUER_INVALID', {
      detail: `${issuer.settings.issuer} offers neither a device code nor an authorization endpoint`,
      fix: 'check "issuer" in the profile',
    })

  if (wanted === 'device' || (wanted === undefined && !browser && open && hasDevice)) {
    if (!hasDevice) {
      fail('LOGIN_FAILED', {
        detail: `${issuer.settings.issuer} offers no device flow`,
        fix: `pgoauth login ${profile.name} --browser --no-open`,
      })
    }
    return logInByDevice(issuer, profile, deps, { open })
  }
  if (!hasCode) {
    if (!hasDevice || wanted === 'browser') return offersNeither()
    return logInByDevice(issuer, profile, deps, { open })
  }
  const mayOpen = open && (wanted === 'browser' || browser)
  const answer = await logInByBrowser(issuer, profile, deps, {
    open: mayOpen,
    mayFallBack: wanted === undefined && hasDevice,
  })
  return answer.ok ? answer.grant : logInByDevice(issuer, profile, deps, { open: false })
}
