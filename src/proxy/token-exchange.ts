import type { Duplex } from 'node:stream'
import { fail } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Inbox } from '../net/inbox.ts'
import { DUMMY_RESPONSE, decodeInitialResponse, encodeErrorChallenge, OAUTHBEARER } from '../sasl/oauthbearer.ts'
import {
  encodeAuthenticationCleartextPassword,
  encodeAuthenticationSasl,
  encodeAuthenticationSaslContinue,
  parsePasswordMessage,
  parseSaslInitialResponse,
} from '../wire/authentication.ts'
import { CLIENT } from '../wire/client-messages.ts'
import { HEADER_BYTES, MAX_PASSWORD_MESSAGE_BYTES, MAX_SASL_MESSAGE_BYTES } from '../wire/limits.ts'

/** What the client gave. `gone`: it closed the connection, as libpq does when it has to ask a person first. */
export type GivenToken =
  | { readonly kind: 'token'; readonly token: Secret }
  | { readonly kind: 'none'; readonly reason: string; readonly isDiscovery: boolean }
  | { readonly kind: 'gone' }

/** One way to hand over a token; `refuse` carries the way's own last exchange, after which an ErrorResponse follows. */
export interface TokenExchange {
  receive(): Promise<GivenToken>
  refuse(): Promise<void>
}

export interface ExchangeOptions {
  readonly stream: Duplex
  readonly inbox: Inbox
  /** What the error challenge tells a client that wants to log in. */
  readonly offer: { readonly issuer: string; readonly scopes: readonly string[] }
}

/** OAUTHBEARER as PostgreSQL 18 conducts it (auth-sasl.c, auth-oauth.c). */
export function bearerExchange({ stream, inbox, offer }: ExchangeOptions): TokenExchange {
  return {
    async receive() {
      stream.write(encodeAuthenticationSasl([OAUTHBEARER]))
      const initial = await nextPassword(inbox)
      if (initial === undefined) return { kind: 'gone' }
      const { mechanism, data } = parseSaslInitialResponse(initial)
      if (mechanism !== OAUTHBEARER) fail('BAD_SASL', { detail: `mechanism ${JSON.stringify(mechanism.slice(0, 40))}` })
      let response = data ?? undefined
      if (response === undefined) {
        // No initial response: an empty challenge asks for it.
        stream.write(encodeAuthenticationSaslContinue(Buffer.alloc(0)))
        response = await nextPassword(inbox)
        if (response === undefined) return { kind: 'gone' }
      }
      const { token, malformed } = decodeInitialResponse(response)
      if (token !== undefined) return { kind: 'token', token }
      return {
        kind: 'none',
        reason: malformed ?? 'the client asks which issuer to use',
        isDiscovery: malformed === undefined,
      }
    },
    async refuse() {
      const wellKnown = offer.issuer.includes('/.well-known/') ? '' : '/.well-known/openid-configuration'
      const challenge = encodeErrorChallenge({
        status: 'invalid_token',
        scope: offer.scopes.join(' '),
        discoveryUrl: `${offer.issuer.replace(/\/$/, '')}${wellKnown}`,
      })
      stream.write(encodeAuthenticationSaslContinue(challenge))
      const dummy = await nextPassword(inbox)
      if (dummy !== undefined && !dummy.equals(DUMMY_RESPONSE)) {
        fail('BAD_SASL', { detail: 'the client did not send a kvsep response' })
      }
    },
  }
}

/** The token as a cleartext password, for clients that know nothing else; the caller sees to it that there is TLS. */
export function passwordExchange({ stream, inbox }: ExchangeOptions): TokenExchange {
  return {
    async receive() {
      stream.write(encodeAuthenticationCleartextPassword())
      const body = await nextPassword(inbox, MAX_PASSWORD_MESSAGE_BYTES)
      if (body === undefined) return { kind: 'gone' }
      const password = parsePasswordMessage(body)
      if (password === '') return { kind: 'none', reason: 'the password is empty', isDiscovery: false }
      return { kind: 'token', token: new Secret(password) }
    },
    async refuse() {},
  }
}

/** The body of the next message, which has to be a `p` of at most that length word; undefined where the client has gone. */
async function nextPassword(inbox: Inbox, maxLength = MAX_SASL_MESSAGE_BYTES): Promise<Buffer | undefined> {
  return inbox.take((received) => {
    const tag = received[0]
    if (tag !== undefined && tag !== CLIENT.Password) {
      fail('BAD_FRAME', { detail: `message 0x${tag.toString(16)} where a password or SASL response is due` })
    }
    if (received.length < HEADER_BYTES) return undefined
    const length = received.readInt32BE(1)
    if (length < 4 || length > maxLength) fail('BAD_FRAME', { detail: `message length ${length}` })
    if (received.length < length + 1) return undefined
    return { value: Buffer.from(received.subarray(HEADER_BYTES, length + 1)), rest: received.subarray(length + 1) }
  })
}
