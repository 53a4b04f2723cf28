import { fail } from '../base/errors.ts'
import type { Profile } from '../config/profiles.ts'
import { awaitDeviceGrant, requestDeviceCode } from '../oauth/device-grant.ts'
import type { Grant } from '../oauth/grant.ts'
import type { Issuer } from '../oauth/issuer.ts'
import { openBrowser } from './browser-opening.ts'
import { isDisplayDead } from './display.ts'
import type { LoginDeps } from './login-deps.ts'
import { hasBrowser } from './surroundings.ts'

/**
 * Logs in by a code that the person enters on any screen (RFC 8628).
 *
 * @throws LOGIN_DENIED, LOGIN_TIMEOUT, LOGIN_FAILED, ISSUER_UNREACHABLE, ISSUER_INVALID.
 */
export async function logInByDevice(
  issuer: Issuer,
  profile: Profile,
  deps: LoginDeps,
  options: { readonly open: boolean },
): Promise<Grant> {
  const code = await requestDeviceCode(issuer, profile)
  deps.say('To log in, open this address on any device:', '', `  ${code.verificationUri}`, '')
  deps.say('and enter the code:', '', `  ${code.userCode}`, '')
  if (code.verificationUriComplete && code.verificationUriComplete !== code.verificationUri) {
    deps.say('or open this one, which has the code in it, and compare:', '', `  ${code.verificationUriComplete}`, '')
  }
  if (options.open && hasBrowser(deps) && !(await isDisplayDead(deps))) {
    await openBrowser(code.verificationUriComplete ?? code.verificationUri, profile, deps)
  }
  const done = deps.wait(`waiting for the code to be entered (it is good for ${inMinutes(code.expiresInSeconds)})`)
  try {
    return await awaitDeviceGrant(issuer, code, profile, deps.signal)
  } catch (error) {
    if (deps.signal?.aborted) fail('LOGIN_FAILED', { detail: 'interrupted', fix: `pgoauth login ${profile.name}` })
    throw error
  } finally {
    done()
  }
}

function inMinutes(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  return minutes < 1 ? `${seconds} s` : minutes === 1 ? '1 minute' : `${minutes} minutes`
}
