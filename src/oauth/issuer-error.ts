import * as client from 'openid-client'
import { PgoauthError } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import { proxyOf } from './issuer-fetch.ts'

interface Asked {
  readonly issuer: string
  readonly clientId: string
  readonly env: NodeJS.ProcessEnv
}

/** An OAuth error code the issuer answered with (RFC 6749 section 5.2, RFC 8628 section 3.5), else undefined. */
export function oauthErrorOf(error: unknown): { code: string; description: string | undefined } | undefined {
  if (error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError) {
    const { error_description: description } = error
    return { code: error.error, description: description === undefined ? undefined : printable(description) }
  }
  return undefined
}

/** Whether it was this client's own credentials that were refused. */
export function isClientRefused(error: unknown): boolean {
  if (error instanceof client.WWWAuthenticateChallengeError) return error.status === 401
  return oauthErrorOf(error)?.code === 'invalid_client'
}

/**
 * Any failure of a call to the issuer as one of ours. ISSUER_UNREACHABLE means that trying later may help:
 * the network, TLS, a 5xx or 429.
 */
export function toIssuerError(error: unknown, asked: Asked): PgoauthError {
  // What our own fetch refused comes back wrapped.
  for (const one of chainOf(error)) if (one instanceof PgoauthError) return one
  const unreached = networkFailure(error, asked)
  if (unreached) return new PgoauthError('ISSUER_UNREACHABLE', { ...unreached, cause: error })

  if (isClientRefused(error)) {
    return new PgoauthError('LOGIN_FAILED', {
      detail: `${asked.issuer} does not accept the client "${asked.clientId}"${describe(error)}`,
      fix: 'check client_id, and client_secret_env or client_key where the client is confidential',
      cause: error,
    })
  }
  const answered = oauthErrorOf(error)
  if (answered) {
    const code = answered.code === 'access_denied' ? 'LOGIN_DENIED' : 'LOGIN_FAILED'
    return new PgoauthError(code, {
      detail: `${asked.issuer} answered ${printable(answered.code, 80)}${describe(error)}`,
      ...fixOf(answered.code),
      cause: error,
    })
  }
  const status = statusOf(error)
  if (status !== undefined) {
    const transient = status >= 500 || status === 429
    return new PgoauthError(transient ? 'ISSUER_UNREACHABLE' : 'ISSUER_INVALID', {
      detail: `${asked.issuer} answered HTTP ${status}`,
      fix: transient ? 'try again in a moment' : `check that "issuer" is right: ${asked.issuer}`,
      cause: error,
    })
  }
  const type = foreignTypeOf(error)
  if (type !== undefined) {
    return new PgoauthError('ISSUER_INVALID', {
      detail: `${asked.issuer} answered ${type}, where an issuer answers JSON`,
      fix: `check "issuer" and the network (a page to log in to it?): open ${asked.issuer} in a browser`,
      cause: error,
    })
  }
  const text = error instanceof Error ? error.message : String(error)
  return new PgoauthError('ISSUER_INVALID', {
    detail: `${asked.issuer}: ${printable(text)}${mismatch(error)}`,
    fix: `check that "issuer" is exactly what the issuer calls itself: pgoauth doctor`,
    cause: error,
  })
}

function describe(error: unknown): string {
  const description = oauthErrorOf(error)?.description
  return description ? `: ${description}` : ''
}

function fixOf(code: string): { fix?: string } {
  switch (code) {
    case 'invalid_scope':
      return { fix: 'ask for scopes that this client may have: "scopes" in the profile' }
    case 'invalid_target':
      return { fix: 'check "resource" in the profile: the issuer does not know it' }
    case 'unauthorized_client':
    case 'unsupported_grant_type':
      return { fix: 'allow this flow for the client at the issuer, or set another "flow" in the profile' }
    default:
      return {}
  }
}

interface Unreached {
  readonly detail: string
  readonly fix: string
}

const TLS_FAILURE = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_|ISSUER_CERT|SIGNATURE_FAILURE/

function networkFailure(error: unknown, { issuer, env }: Asked): Unreached | undefined {
  const url = new URL(issuer)
  const proxy = proxyOf(url, env)
  const through = proxy ? ` through the proxy ${withoutPassword(proxy)}` : ''
  for (const one of chainOf(error)) {
    const { code, message, name } = one as { code?: unknown; message?: string; name?: string }
    if (code === 'OAUTH_TIMEOUT' || name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') {
      return { detail: `${issuer} did not answer in time${through}`, fix: networkFix(proxy) }
    }
    if (typeof code !== 'string' || code.startsWith('OAUTH_') || code.startsWith('ERR_INVALID')) continue
    if (TLS_FAILURE.test(code))
      return { detail: `${issuer}: ${tlsProblem(code, message)}${through}`, fix: tlsFix(code) }
    return { detail: `${issuer}: ${networkProblem(code, url)}${through}`, fix: networkFix(proxy) }
  }
  // What fetch throws when the connection breaks in the middle has no code of its own.
  if (error instanceof TypeError && /fetch failed|terminated/.test(error.message)) {
    const { message = '' } = (error.cause ?? {}) as { message?: string }
    const why = message ? ` (${printable(message, 100)})` : ''
    return { detail: `${issuer}: the connection failed${why}${through}`, fix: networkFix(proxy) }
  }
  return undefined
}

/** An error, its cause, the cause's cause …; of several addresses tried at once, the first one's failure. */
function* chainOf(error: unknown): Generator<object> {
  let current: unknown = error
  for (let depth = 0; depth < 8 && typeof current === 'object' && current !== null; depth++) {
    if (current instanceof Response) return
    yield current
    current = current instanceof AggregateError ? current.errors[0] : (current as { cause?: unknown }).cause
  }
}

function statusOf(error: unknown): number | undefined {
  for (let current = error; typeof current === 'object' && current !== null; current = (current as Error).cause) {
    // undici's Response is not the global one's class, so this looks at the shape.
    const { status, headers } = current as { status?: unknown; headers?: unknown }
    if (typeof status === 'number' && headers) return status === 200 ? undefined : status
  }
  return undefined
}

function networkProblem(code: string, url: URL): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${url.hostname} cannot be resolved`
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused)'
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'the connection was cut'
    default:
      return `the connection failed (${code})`
  }
}

function networkFix(proxy: string | undefined): string {
  return proxy ? 'check HTTPS_PROXY and NO_PROXY' : 'check the network and "issuer"; behind a proxy, set HTTPS_PROXY'
}

function tlsProblem(code: string, message: string | undefined): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired'
    case 'CERT_NOT_YET_VALID':
      return 'its certificate is not valid yet (is this machine’s clock right?)'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is for another name${message ? ` (${printable(message, 200)})` : ''}`
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
      return 'its certificate is signed by an authority that this machine does not trust'
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'what listens there does not speak TLS'
    default:
      return `no secure connection (${code})`
  }
}

function tlsFix(code: string): string {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'tell whoever runs the issuer'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'check the host name in "issuer"'
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return 'check the port in "issuer"'
  return 'if your network has its own authority, name its PEM file in issuer_tls.ca (or NODE_EXTRA_CA_CERTS)'
}

/** What came where JSON was due: a web page, mostly of a network that wants a login of its own. */
function foreignTypeOf(error: unknown): string | undefined {
  for (const one of chainOf(error)) {
    const { code, cause } = one as { code?: unknown; cause?: { headers?: { get?(name: string): string | null } } }
    if (code !== 'OAUTH_RESPONSE_IS_NOT_JSON') continue
    const type = cause?.headers?.get?.('content-type')?.split(';')[0]
    return type ? printable(type, 80) : 'without a content type'
  }
  return undefined
}

function mismatch(error: unknown): string {
  for (const one of chainOf(error)) {
    const { expected, body } = one as { expected?: unknown; body?: { issuer?: unknown } }
    if (typeof expected === 'string' && typeof body?.issuer === 'string') {
      return `; it calls itself ${printable(body.issuer)}`
    }
  }
  return ''
}

function withoutPassword(proxy: string): string {
  if (!URL.canParse(proxy)) return printable(proxy.replace(/^.*@/, ''))
  const { protocol, host } = new URL(proxy)
  return `${protocol}//${host}`
}
