import {
  type DeviceAuthorizationResponse,
  initiateDeviceAuthorization,
  pollDeviceAuthorizationGrant,
} from 'openid-client'
import { fail, PgoauthError } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import { type AuthorizationRequest, requestParameters, targetParameters } from './authorization-request.ts'
import type { Grant } from './grant.ts'
import type { Issuer } from './issuer.ts'
import { oauthErrorOf } from './issuer-error.ts'

/** A code for a person to type in somewhere else (RFC 8628 section 3.2). */
export interface DeviceCode {
  readonly userCode: string
  readonly verificationUri: string
  /** With the code already in it, where the issuer gives one. */
  readonly verificationUriComplete: string | undefined
  readonly expiresInSeconds: number
  readonly response: DeviceAuthorizationResponse
}

/** RFC 8628 section 3.2: what is meant where the issuer names no interval. */
const DEFAULT_INTERVAL_SECONDS = 5

export async function requestDeviceCode(issuer: Issuer, request: AuthorizationRequest): Promise<DeviceCode> {
  const parameters = requestParameters(request)
  const response = await issuer.run((configuration) => initiateDeviceAuthorization(configuration, parameters))
  return {
    userCode: printable(response.user_code, 80),
    verificationUri: webAddress(response.verification_uri),
    verificationUriComplete: response.verification_uri_complete && webAddress(response.verification_uri_complete),
    expiresInSeconds: response.expires_in,
    response,
  }
}

/**
 * Asks until the person has decided. `slow_down` and `authorization_pending` are waited out; a network
 * that fails in between is tried again, more slowly (RFC 8628 section 3.5), until the code expires.
 *
 * @throws LOGIN_DENIED, LOGIN_TIMEOUT when the code expired, and what the issuer's failures become.
 */
export async function awaitDeviceGrant(
  issuer: Issuer,
  code: DeviceCode,
  request: AuthorizationRequest,
  signal?: AbortSignal,
): Promise<Grant> {
  const expired = AbortSignal.timeout(code.expiresInSeconds * 1000)
  const stop = signal ? AbortSignal.any([expired, signal]) : expired
  const parameters = targetParameters(request)
  let intervalSeconds = code.response.interval ?? DEFAULT_INTERVAL_SECONDS
  for (;;) {
    try {
      const response = { ...code.response, interval: intervalSeconds }
      return await issuer.runForGrant((configuration) =>
        pollDeviceAuthorizationGrant(configuration, response, parameters, { signal: stop }),
      )
    } catch (error) {
      signal?.throwIfAborted()
      if (expired.aborted) failExpired(error)
      if (!(error instanceof PgoauthError)) throw error
      if (oauthErrorOf(error.cause)?.code === 'expired_token') failExpired(error)
      if (error.code === 'LOGIN_DENIED') {
        fail('LOGIN_DENIED', { detail: `${issuer.settings.issuer}: the request was declined`, cause: error })
      }
      if (error.code !== 'ISSUER_UNREACHABLE') throw error
      intervalSeconds += DEFAULT_INTERVAL_SECONDS
    }
  }
}

function failExpired(cause: unknown): never {
  fail('LOGIN_TIMEOUT', { detail: 'the code expired before it was entered', cause })
}

/** An address that may be shown to a person and opened: nothing but http(s), without control characters. */
function webAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    fail('ISSUER_INVALID', { detail: `the address to enter the code at is no web address: ${printable(address)}` })
  }
  return url.href
}
