import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { fail, PgoauthError } from '../base/errors.ts'

/** From the first byte out to the last byte in: a login waits for it. */
const DEADLINE_MS = 5_000
/** Key sets and discovery documents have a few kilobytes. */
const MAX_BYTES = 512 * 1024
/** Enough for a trailing slash or a moved path; each on the same host. */
const MAX_REDIRECTS = 2

export interface IssuerRequest {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** PEM of the only authorities that are trusted; undefined: those of Node. */
  readonly caFile?: string | undefined
  readonly deadlineMs?: number
}

/**
 * The JSON that an issuer answers with: within a deadline, of bounded size, over https (http on loopback alone), and
 * never from another host than the one asked.
 *
 * @throws ISSUER_UNREACHABLE or ISSUER_INVALID
 */
export async function fetchIssuerJson(url: string, request: IssuerRequest = {}): Promise<unknown> {
  let target = new URL(url)
  for (let redirects = 0; ; redirects++) {
    const answer = await send(target, request)
    if (answer.redirect === undefined) return parseAnswer(target, answer)
    const next = new URL(answer.redirect, target)
    if (next.origin !== target.origin) fail('ISSUER_INVALID', { detail: `${target} redirects to ${next.origin}` })
    if (redirects === MAX_REDIRECTS || request.method === 'POST') {
      fail('ISSUER_INVALID', { detail: `${target} redirects` })
    }
    target = next
  }
}

/** The issuer's discovery document, found where OpenID Connect Discovery or RFC 8414 puts it, and naming that issuer. */
export async function fetchDiscovery(issuer: string, caFile?: string): Promise<Readonly<Record<string, unknown>>> {
  const base = issuer.replace(/\/$/, '')
  const { origin, pathname } = new URL(base)
  const places = [
    `${base}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`,
  ]
  let failure: unknown
  for (const place of places) {
    try {
      const document = (await fetchIssuerJson(place, { caFile })) as Record<string, unknown> | null
      if (document?.issuer === issuer) return document
      failure = new PgoauthError('ISSUER_INVALID', { detail: `${place} does not name the issuer ${issuer}` })
    } catch (error) {
      if (error instanceof PgoauthError && error.code === 'ISSUER_UNREACHABLE') throw error
      failure ??= error
    }
  }
  throw failure
}

/** The keys of an issuer, by way of its discovery document, or from a file. */
export function keySetFetcher(options: {
  issuer: string
  jwksFile?: string | undefined
  caFile?: string | undefined
}): () => Promise<unknown> {
  const { issuer, jwksFile, caFile } = options
  return async () => {
    if (jwksFile !== undefined) return readKeySet(jwksFile)
    const { jwks_uri: uri } = await fetchDiscovery(issuer, caFile)
    return fetchIssuerJson(endpointUrl(uri, 'jwks_uri', issuer), { caFile })
  }
}

/** An endpoint that a discovery document names. */
export function endpointUrl(value: unknown, name: string, issuer: string): string {
  if (typeof value === 'string' && URL.canParse(value)) return value
  fail('ISSUER_INVALID', { detail: `the discovery document of ${issuer} has no usable ${name}` })
}

function readKeySet(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    fail('ISSUER_INVALID', { detail: `cannot read keys from ${file}`, cause })
  }
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly redirect: string | undefined
}

function parseAnswer(url: URL, { status, body }: Answer): unknown {
  if (status >= 500) fail('ISSUER_UNREACHABLE', { detail: `${url} answered ${status}` })
  if (status !== 200) fail('ISSUER_INVALID', { detail: `${url} answered ${status}` })
  try {
    return JSON.parse(body)
  } catch {
    fail('ISSUER_INVALID', { detail: `${url} did not answer with JSON` })
  }
}

function send(
  url: URL,
  { method = 'GET', headers, body, caFile, deadlineMs = DEADLINE_MS }: IssuerRequest,
): Promise<Answer> {
  const isSecure = url.protocol === 'https:'
  if (!isSecure && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    fail('ISSUER_INVALID', { detail: `${url} is not https` })
  }
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { accept: 'application/json', ...headers },
      signal: AbortSignal.timeout(deadlineMs),
      ...(isSecure && caFile !== undefined ? { ca: readFileSync(caFile) } : {}),
    }
    const onFailure = (cause: Error) => {
      const why =
        cause.name === 'TimeoutError' || cause.name === 'AbortError' ? `no answer in ${deadlineMs} ms` : cause.message
      reject(
        cause instanceof PgoauthError
          ? cause
          : new PgoauthError('ISSUER_UNREACHABLE', { detail: `${url}: ${why}`, cause }),
      )
    }
    const outgoing = (isSecure ? httpsRequest : httpRequest)(url, options, (incoming) => {
      readAnswer(url, incoming).then(resolve, (error) => {
        outgoing.destroy()
        onFailure(error)
      })
    })
    outgoing.on('error', onFailure)
    outgoing.end(body)
  })
}

async function readAnswer(url: URL, incoming: IncomingMessage): Promise<Answer> {
  const status = incoming.statusCode ?? 0
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BYTES) fail('ISSUER_INVALID', { detail: `${url} answered with more than ${MAX_BYTES} bytes` })
    chunks.push(chunk)
  }
  const redirect = status >= 300 && status < 400 ? (incoming.headers.location ?? '') : undefined
  return { status, body: Buffer.concat(chunks).toString('utf8'), redirect }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
