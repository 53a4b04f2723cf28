import { fail } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Inbox } from '../net/inbox.ts'
import { makeScramVerifier, SCRAM_SHA_256, ScramServer, type ScramVerifier } from '../sasl/scram.ts'
import {
  encodeAuthenticationSasl,
  encodeAuthenticationSaslContinue,
  encodeAuthenticationSaslFinal,
  parseSaslInitialResponse,
} from '../wire/authentication.ts'
import { CLIENT } from '../wire/client-messages.ts'
import { type HandshakeMessage, nextMessage } from './handshake-message.ts'
import type { LocalAccess } from './local-access.ts'

/**
 * Everybody who knows the password, whatever user name they give: SCRAM-SHA-256, so that it never crosses the local
 * port. AuthenticationOk is left to the remote side's answer.
 *
 * @see RFC 7677; https://www.postgresql.org/docs/18/sasl-authentication.html#SASL-SCRAM-SHA-256
 */
export function passwordAccess(password: Secret, profile: string): LocalAccess {
  let verifier: Promise<ScramVerifier> | undefined
  return {
    kind: 'password',
    async checkPeer() {},
    async authenticate(inbox) {
      verifier ??= makeScramVerifier(password)
      if (!(await askForPassword(inbox, await verifier))) {
        fail('PEER_REFUSED', {
          detail: 'the password is wrong',
          fix: `pgoauth profile password ${profile} shows the right one`,
        })
      }
    },
  }
}

async function askForPassword(inbox: Inbox, verifier: ScramVerifier): Promise<boolean> {
  const { stream } = inbox
  stream.write(encodeAuthenticationSasl([SCRAM_SHA_256]))
  const { mechanism, data } = parseSaslInitialResponse((await passwordMessage(inbox)).body)
  if (mechanism !== SCRAM_SHA_256 || data === null) fail('BAD_SASL', { detail: `mechanism ${mechanism}` })
  const scram = new ScramServer(verifier)
  stream.write(encodeAuthenticationSaslContinue(scram.first(data)))
  const proof = scram.finish((await passwordMessage(inbox)).body)
  if (!proof.ok) return false
  stream.write(encodeAuthenticationSaslFinal(proof.serverFinal))
  return true
}

async function passwordMessage(inbox: Inbox): Promise<HandshakeMessage> {
  const message = await inbox.take(nextMessage)
  if (message === undefined) fail('PEER_REFUSED', { detail: 'the client left when asked for the password' })
  if (message.tag !== CLIENT.Password) fail('BAD_FRAME', { detail: 'something else than a password message' })
  return message
}
