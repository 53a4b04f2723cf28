import { fail } from '../base/errors.ts'
import type { ErrorChallenge } from '../sasl/oauthbearer.ts'
import type { AccessToken } from '../tokens/token-source.ts'
import { type AuthenticationRequest, parseAuthentication } from '../wire/authentication.ts'
import { parseErrorFields, type RawErrorFields } from '../wire/error-response.ts'
import { tagText } from '../wire/framer.ts'
import {
  type BackendKeyData,
  type NegotiateProtocolVersion,
  parseBackendKeyData,
  parseNegotiateProtocolVersion,
  SERVER,
} from '../wire/server-messages.ts'
import { encodeStartupMessage, type ProtocolVersion } from '../wire/startup.ts'
import { nextMessage } from './handshake-message.ts'
import type { RemoteLink } from './remote-link.ts'
import { RENEWAL_OPTION } from './startup-parameters.ts'
import { type AuthRule, answerAuthentication } from './token-answer.ts'

export interface HandshakeRequest {
  readonly version: ProtocolVersion
  readonly parameters: ReadonlyMap<string, string>
  /** Whether to ask for the option by which tokens are renewed. */
  readonly askRenewal: boolean
  readonly auth: AuthRule
  readonly token: AccessToken
}

/** The remote side has let the session in. */
export interface Admitted {
  readonly kind: 'admitted'
  /** AuthenticationOk to ReadyForQuery, as they came: the client has seen none of it. */
  readonly greeting: Buffer
  /** What the remote side cannot do of what was asked, where it said so. */
  readonly negotiated: NegotiateProtocolVersion | undefined
  readonly key: BackendKeyData | undefined
  /** Whether the remote side takes a new token in mid-session. */
  readonly renewable: boolean
}

/** The remote side has refused, or has closed the connection in place of an answer. */
export interface Refused {
  readonly kind: 'refused'
  /** Before it asked for a token, after it had one, or after it accepted one. */
  readonly stage: 'startup' | 'token' | 'session'
  /** Undefined where it closed without a word. */
  readonly fields: RawErrorFields | undefined
  readonly challenge: ErrorChallenge | undefined
}

/** Far above what a server sends between AuthenticationOk and ReadyForQuery. */
const MAX_GREETING_BYTES = 1024 * 1024

/**
 * Says who the client is, shows the token, and waits for ReadyForQuery. Being refused is an answer, not an error.
 *
 * @throws AUTH_UNSUPPORTED where the remote side asks for what takes no token; SERVER_BAD, BAD_FRAME where
 *   it does not keep to the protocol; the stream's own error.
 * @see https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-START-UP
 */
export async function conductHandshake(link: RemoteLink, request: HandshakeRequest): Promise<Admitted | Refused> {
  const parameters = new Map(request.parameters)
  if (request.askRenewal) parameters.set(RENEWAL_OPTION, '1')
  link.stream.write(encodeStartupMessage(request.version, parameters))

  let stage: Refused['stage'] = 'startup'
  let challenge: ErrorChallenge | undefined
  let negotiated: NegotiateProtocolVersion | undefined
  let key: BackendKeyData | undefined
  let usedOauthbearer = false
  const greeting: Buffer[] = []
  let greetingBytes = 0

  while (true) {
    const message = await link.inbox.take(nextMessage)
    if (message === undefined) return { kind: 'refused', stage, fields: undefined, challenge }
    switch (message.tag) {
      case SERVER.ErrorResponse:
        return { kind: 'refused', stage, fields: parseErrorFields(message.body), challenge }
      case SERVER.NegotiateProtocolVersion:
        if (negotiated || stage !== 'startup') broken('a second or late NegotiateProtocolVersion')
        negotiated = parseNegotiateProtocolVersion(message.body)
        continue
      case SERVER.Authentication: {
        const asked: AuthenticationRequest = parseAuthentication(message.body)
        if (stage === 'session') broken('authentication after AuthenticationOk')
        const answer = answerAuthentication(asked, { stage, auth: request.auth, token: request.token.token, link })
        challenge = answer.challenge ?? challenge
        usedOauthbearer ||= answer.mechanism === 'oauthbearer'
        if (answer.send) link.stream.write(answer.send)
        stage = asked.kind === 'ok' ? 'session' : 'token'
        if (stage === 'token') continue
        break
      }
      case SERVER.BackendKeyData:
        key = parseBackendKeyData(message.body)
        break
      case SERVER.NoticeResponse:
      case SERVER.ParameterStatus:
      case SERVER.ReadyForQuery:
        break
      default:
        broken(`message ${tagText(message.tag)} before ReadyForQuery`)
    }
    if (stage !== 'session' && message.tag !== SERVER.NoticeResponse)
      broken(`message ${tagText(message.tag)} too early`)
    greetingBytes += message.bytes.length
    if (greetingBytes > MAX_GREETING_BYTES) broken('no ReadyForQuery')
    greeting.push(message.bytes)
    if (message.tag !== SERVER.ReadyForQuery) continue
    // A server that takes OAUTHBEARER is new enough to name the options it does not know; others may just ignore them.
    const renewable =
      request.askRenewal && usedOauthbearer && !(negotiated?.unknownOptions.includes(RENEWAL_OPTION) ?? false)
    return { kind: 'admitted', greeting: Buffer.concat(greeting), negotiated, key, renewable }
  }
}

function broken(detail: string): never {
  return fail('SERVER_BAD', { detail: `${detail} during the handshake`, fix: 'check host and port' })
}
