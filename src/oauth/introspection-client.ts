import { type CryptoKey, importPKCS8, SignJWT } from 'jose'
import { type Clock, nowSeconds } from '../base/clock.ts'
import { asPgoauthError, fail } from '../base/errors.ts'
import { newRequestId } from '../base/ids.ts'
import type { Secret } from '../base/secret.ts'
import { endpointUrl, fetchDiscovery, fetchIssuerJson } from './jwks-fetch.ts'

/** Failures in a row that open the circuit, and how long it stays open before one request may try. */
const OPEN_AFTER = 5
const OPEN_MS = 10_000
/** RFC 7523 section 3: an assertion is used at once. */
const ASSERTION_SECONDS = 60

export interface IntrospectionOptions {
  readonly issuer: string
  readonly clientId: string
  /** Read for each request, so that a rotated one counts. */
  readonly clientSecret?: (() => Secret) | undefined
  readonly privateKey?: (() => Secret) | undefined
  readonly privateKeyAlgorithm?: string
  readonly keyId?: string | undefined
  readonly caFile?: string | undefined
  readonly clock: Clock
}

/**
 * Asks an issuer about a token (RFC 7662). After several failures in a row it stops asking for a while and says so at
 * once: tokens are refused while it cannot ask, and an issuer that is down is left alone to come back.
 */
export class IntrospectionClient {
  readonly #options: IntrospectionOptions
  #endpoint: Promise<string> | undefined
  #failures = 0
  #openUntilMs = 0

  constructor(options: IntrospectionOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#options.clock.nowMs() < this.#openUntilMs
  }

  /** The issuer's answer, of whatever token. @throws ISSUER_UNREACHABLE, ISSUER_INVALID */
  async introspect(token: string): Promise<Readonly<Record<string, unknown>>> {
    if (this.isOpen)
      fail('ISSUER_UNREACHABLE', { detail: `introspection at ${this.#options.issuer} is paused after failures` })
    try {
      const answer = await this.#ask(token)
      this.#failures = 0
      return answer
    } catch (thrown) {
      this.#failures++
      if (this.#failures >= OPEN_AFTER) this.#openUntilMs = this.#options.clock.nowMs() + OPEN_MS
      throw asPgoauthError(thrown, 'ISSUER_INVALID')
    }
  }

  async #ask(token: string): Promise<Readonly<Record<string, unknown>>> {
    const { issuer, caFile } = this.#options
    this.#endpoint ??= this.#discover()
    const endpoint = await this.#endpoint
    const { headers, fields } = await this.#authenticate()
    const body = new URLSearchParams({ token, token_type_hint: 'access_token', ...fields })
    const answer = await fetchIssuerJson(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: body.toString(),
      caFile,
    })
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
      fail('ISSUER_INVALID', { detail: `introspection at ${issuer} did not answer with an object` })
    }
    return answer as Record<string, unknown>
  }

  async #discover(): Promise<string> {
    const { issuer, caFile } = this.#options
    try {
      const document = await fetchDiscovery(issuer, caFile)
      return endpointUrl(document.introspection_endpoint, 'introspection_endpoint', issuer)
    } catch (error) {
      this.#endpoint = undefined
      throw error
    }
  }

  /** RFC 6749 section 2.3.1 (both parts form-encoded before Base64), or RFC 7523 section 2.2. */
  async #authenticate(): Promise<{ headers: Record<string, string>; fields: Record<string, string> }> {
    const { clientId, clientSecret } = this.#options
    if (clientSecret === undefined) {
      const assertion = await this.#assertion()
      return {
        headers: {},
        fields: {
          client_id: clientId,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        },
      }
    }
    const pair = `${formEncode(clientId)}:${formEncode(clientSecret().reveal())}`
    return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, fields: {} }
  }

  async #assertion(): Promise<string> {
    const { issuer, clientId, privateKey, privateKeyAlgorithm = 'RS256', keyId, clock } = this.#options
    if (privateKey === undefined) fail('CONFIG_INVALID', { detail: `introspection at ${issuer} has no credentials` })
    const key: CryptoKey = await importPKCS8(privateKey().reveal(), privateKeyAlgorithm)
    const now = nowSeconds(clock)
    return new SignJWT()
      .setProtectedHeader({ alg: privateKeyAlgorithm, ...(keyId === undefined ? {} : { kid: keyId }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setJti(newRequestId())
      .setIssuedAt(now)
      .setExpirationTime(now + ASSERTION_SECONDS)
      .sign(key)
  }
}

function formEncode(text: string): string {
  return new URLSearchParams({ t: text }).toString().slice(2)
}
