import { fail } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import {
  DUMMY_RESPONSE,
  decodeErrorChallenge,
  type ErrorChallenge,
  encodeInitialResponse,
  OAUTHBEARER,
} from '../sasl/oauthbearer.ts'
import {
  type AuthenticationRequest,
  encodePasswordMessage,
  encodeSaslInitialResponse,
  encodeSaslResponse,
} from '../wire/authentication.ts'

/** How the token may enter the handshake: the profile's `auth`. */
export type AuthRule = 'auto' | 'oauthbearer' | 'password'

export interface AuthenticationState {
  /** `token` once the token has been shown. */
  readonly stage: 'startup' | 'token'
  readonly auth: AuthRule
  readonly token: Secret
  readonly link: { readonly verified: boolean }
}

export interface AuthenticationAnswer {
  readonly send?: Buffer
  readonly mechanism?: 'oauthbearer' | 'password'
  readonly challenge?: ErrorChallenge
}

/**
 * What to send for an authentication request. The token goes into OAUTHBEARER, or stands for the password where
 * the profile allows that and the far side has shown who it is; nothing else ever sees it.
 *
 * @throws AUTH_UNSUPPORTED, naming what was asked for; BAD_SASL where the error challenge is malformed.
 * @see RFC 7628; https://www.postgresql.org/docs/18/sasl-authentication.html#SASL-OAUTHBEARER
 */
export function answerAuthentication(
  asked: AuthenticationRequest,
  { stage, auth, token, link }: AuthenticationState,
): AuthenticationAnswer {
  if (stage === 'token') return answerAfterToken(asked)
  switch (asked.kind) {
    case 'sasl':
      if (!asked.mechanisms.includes(OAUTHBEARER)) return unsupported(asked.mechanisms.join(', '), HBA_FIX)
      if (auth === 'password') return unsupported(`${OAUTHBEARER}, which auth: password excludes`, AUTO_FIX)
      return { send: encodeSaslInitialResponse(OAUTHBEARER, encodeInitialResponse(token)), mechanism: 'oauthbearer' }
    case 'cleartext':
      if (auth === 'oauthbearer') return unsupported('a password, which auth: oauthbearer excludes', AUTO_FIX)
      if (!link.verified) {
        return unsupported(
          'a password, and a token is sent as one only to a server whose certificate was checked',
          'set tls.mode to verify-full, and tls.ca to its authority',
        )
      }
      return { send: encodePasswordMessage(token.reveal()), mechanism: 'password' }
    case 'ok':
      return unsupported('nothing at all: it lets everybody in', 'check its pg_hba.conf: "trust" does not belong there')
    case 'md5':
      return unsupported('an md5 password', HBA_FIX)
    case 'other':
      return unsupported(asked.name, HBA_FIX)
    case 'sasl-continue':
    case 'sasl-final':
      return fail('SERVER_BAD', { detail: 'a SASL message before the exchange began' })
  }
}

const HBA_FIX =
  'use "oauth" in its pg_hba.conf (PostgreSQL 18), a pgoauth proxy, or a service that takes tokens as passwords'
const AUTO_FIX = 'set auth: auto in the profile'

/** The one message that may follow the token, but for AuthenticationOk, is the challenge that refuses it. */
function answerAfterToken(asked: AuthenticationRequest): AuthenticationAnswer {
  if (asked.kind === 'ok') return {}
  if (asked.kind !== 'sasl-continue') fail('SERVER_BAD', { detail: `a second authentication request (${asked.kind})` })
  return { send: encodeSaslResponse(DUMMY_RESPONSE), challenge: decodeErrorChallenge(asked.data) }
}

function unsupported(what: string, fix: string): never {
  return fail('AUTH_UNSUPPORTED', { detail: `it asks for ${what}`, fix })
}
