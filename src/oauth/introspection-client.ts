import { type CryptoKey, importPKCS8, SignJWT } from 'jose'
import { type Clock, nowSeconds } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { newRequestId } from '../base/ids.ts'
import type { Secret } from '../base/secret.ts'
import { CircuitBreaker } from './introspection-breaker.ts'
import { IssuerAnswerError, IssuerHttp } from './issuer-http.ts'
import { endpointUrl, fetchDiscovery } from './jwks-fetch.ts'

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
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
}

interface Endpoint {
  readonly url: string
  /** `client_secret_basic` unless the issuer names `client_secret_post` alone of the two (RFC 8414 section 2). */
  readonly takesSecretInBody: boolean
}

interface Credentials {
  readonly headers: Record<string, string>
  readonly fields: Record<string, string>
}

/**
 * Asks an issuer about a token (RFC 7662). After several failures in a row it stops asking for a while and says so at
 * once: tokens are refused while it cannot ask, and an issuer that is down is left alone to come back.
 */
export class IntrospectionClient {
  readonly #options: IntrospectionOptions
  readonly #http: IssuerHttp
  readonly #breaker: CircuitBreaker
  #endpoint: Promise<Endpoint> | undefined

  constructor(options: IntrospectionOptions) {
    this.#options = options
    this.#http = new IssuerHttp({ env: options.env, caFile: options.caFile })
    this.#breaker = new CircuitBreaker(options.clock)
  }

  /** Whether the circuit is open: nothing is asked for now. */
  get isOpen(): boolean {
    return this.#breaker.isOpen
  }

  /**
   * The issuer's answer, of whatever token.
   *
   * @throws ISSUER_UNREACHABLE, ISSUER_INVALID; an IssuerAnswerError where it answered with another status than 200.
   */
  introspect(token: string): Promise<Readonly<Record<string, unknown>>> {
    if (!this.#breaker.mayTry()) {
      fail('ISSUER_UNREACHABLE', { detail: `introspection at ${this.#options.issuer} is paused after failures` })
    }
    return this.#breaker.watch(this.#ask(token), (error) => isAboutClient(error) || !isAnswer(error))
  }

  async #ask(token: string): Promise<Readonly<Record<string, unknown>>> {
    const { url, takesSecretInBody } = await this.#findEndpoint()
    const { headers, fields } = await this.#authenticate(takesSecretInBody)
    try {
      return await this.#http.postForm(url, { token, token_type_hint: 'access_token', ...fields }, headers)
    } catch (error) {
      // It may have moved.
      if (isAnswer(error) && error.status === 404) this.#endpoint = undefined
      throw error
    }
  }

  #findEndpoint(): Promise<Endpoint> {
    this.#endpoint ??= this.#discover().catch((error: unknown) => {
      this.#endpoint = undefined
      throw error
    })
    return this.#endpoint
  }

  async #discover(): Promise<Endpoint> {
    const { issuer } = this.#options
    const document = await fetchDiscovery(issuer, this.#http)
    const methods = document.introspection_endpoint_auth_methods_supported
    const lists = (method: string) => Array.isArray(methods) && methods.includes(method)
    return {
      url: endpointUrl(document.introspection_endpoint, 'introspection_endpoint', issuer),
      takesSecretInBody: lists('client_secret_post') && !lists('client_secret_basic'),
    }
  }

  /** RFC 6749 section 2.3.1 (both parts form-encoded before Base64), or RFC 7523 section 2.2. */
  async #authenticate(takesSecretInBody: boolean): Promise<Credentials> {
    const { clientId, clientSecret } = this.#options
    if (clientSecret === undefined) {
      const fields = {
        client_id: clientId,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await this.#assertion(),
      }
      return { headers: {}, fields }
    }
    const secret = clientSecret().reveal()
    if (takesSecretInBody) return { headers: {}, fields: { client_id: clientId, client_secret: secret } }
    const pair = `${formEncode(clientId)}:${formEncode(secret)}`
    return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, fields: {} }
  }

  async #assertion(): Promise<string> {
    const { issuer, clientId, privateKeyAlgorithm = 'RS256', keyId, clock } = this.#options
    const key = await this.#privateKey(privateKeyAlgorithm)
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

  async #privateKey(algorithm: string): Promise<CryptoKey> {
    const { issuer, privateKey } = this.#options
    if (privateKey === undefined) fail('CONFIG_INVALID', { detail: `introspection at ${issuer} has no credentials` })
    try {
      return await importPKCS8(privateKey().reveal(), algorithm)
    } catch {
      // The parser's own message may quote the key.
      return fail('CONFIG_INVALID', {
        detail: `introspection.private_key_file is no private key for ${algorithm} in PEM (PKCS #8)`,
        fix: 'check the file, and set introspection.private_key_algorithm to what the key is for',
      })
    }
  }
}

function isAnswer(error: unknown): error is IssuerAnswerError {
  return error instanceof IssuerAnswerError
}

/** This client is not accepted, or asks too often, or the issuer is broken: it is no use to go on asking. */
function isAboutClient(error: unknown): boolean {
  if (!isAnswer(error)) return false
  return error.status >= 500 || [401, 403, 404, 405, 429].includes(error.status) || namesClient(error)
}

/**
 * An issuer that dislikes one token is not down: anybody can send a token that it dislikes. Some say with 400 what they
 * think of the client, though.
 */
export function isAboutToken(error: unknown): error is IssuerAnswerError {
  return isAnswer(error) && [400, 413, 414, 422, 431].includes(error.status) && !namesClient(error)
}

function namesClient({ oauthError }: IssuerAnswerError): boolean {
  return oauthError === 'invalid_client' || oauthError === 'unauthorized_client' || oauthError === 'access_denied'
}

function formEncode(text: string): string {
  return new URLSearchParams({ t: text }).toString().slice(2)
}
