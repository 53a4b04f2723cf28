import type { CustomFetch } from 'openid-client'
import { fail, PgoauthError } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import { toIssuerError } from './issuer-error.ts'
import { type IssuerNetwork, openIssuerFetch } from './issuer-fetch.ts'
import { parseUniqueObject } from './verify-json.ts'

/** From the first byte out to the last byte in: a login waits for it. */
const DEADLINE_MS = 5_000
/** Key sets and discovery documents have a few kilobytes. */
const MAX_BYTES = 512 * 1024
/** Enough for a trailing slash or a moved path; each on the same host. */
const MAX_REDIRECTS = 2

type Json = Readonly<Record<string, unknown>>

export interface IssuerHttpOptions extends IssuerNetwork {
  readonly deadlineMs?: number
}

interface Question {
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body?: string
}

/**
 * Asks an issuer for JSON objects: within a deadline, of bounded size, over https (http on loopback alone), through the
 * network's proxy where there is one, and never from another host than the one asked.
 *
 * Its methods throw ISSUER_UNREACHABLE where trying later may help, ISSUER_INVALID where the answer is wrong.
 */
export class IssuerHttp {
  readonly #options: IssuerHttpOptions
  #fetch: Promise<CustomFetch> | undefined

  constructor(options: IssuerHttpOptions) {
    this.#options = options
  }

  getJson(url: string): Promise<Json> {
    return this.#ask(url, { method: 'GET', headers: {} })
  }

  postForm(
    url: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Json> {
    return this.#ask(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    })
  }

  async #ask(url: string, question: Question): Promise<Json> {
    const signal = AbortSignal.timeout(this.#options.deadlineMs ?? DEADLINE_MS)
    let target = url
    try {
      for (let redirects = 0; ; redirects++) {
        const response = await this.#send(target, question, signal)
        if (response.status < 300 || response.status > 399) return await processAnswer(target, response)
        await response.body?.cancel()
        target = nextHop(target, response.headers.get('location'))
        if (question.method === 'POST') fail('ISSUER_INVALID', { detail: `${url} redirects what is posted to it` })
        if (redirects === MAX_REDIRECTS) fail('ISSUER_INVALID', { detail: `${url} redirects too often` })
      }
    } catch (thrown) {
      const error = toIssuerError(thrown, { issuer: target, clientId: '', env: this.#options.env })
      // An authority's file may have been renewed.
      if (error.code === 'ISSUER_UNREACHABLE') this.#fetch = undefined
      throw error
    }
  }

  async #send(url: string, question: Question, signal: AbortSignal): Promise<Response> {
    this.#fetch ??= openIssuerFetch(this.#options)
    const fetch = await this.#fetch.catch((error: unknown) => {
      this.#fetch = undefined
      throw error
    })
    const headers = { accept: 'application/json', 'accept-encoding': 'identity', ...question.headers }
    return fetch(url, { ...question, body: question.body ?? null, headers, redirect: 'manual', signal })
  }
}

/** A redirect may move a path. To another host, or from https to http, it moves the trust. */
function nextHop(from: string, location: string | null): string {
  if (location === null || !URL.canParse(location, from))
    fail('ISSUER_INVALID', { detail: `${from} redirects nowhere` })
  const to = new URL(location, from)
  if (to.origin !== new URL(from).origin) fail('ISSUER_INVALID', { detail: `${from} redirects to ${to.origin}` })
  return to.href
}

async function processAnswer(url: string, response: Response): Promise<Json> {
  const { status } = response
  const text = await readText(url, response)
  if (status !== 200) throw new IssuerAnswerError(url, status, parseUniqueObject(text)?.error)
  return parseUniqueObject(text) ?? fail('ISSUER_INVALID', { detail: `${url} did not answer with a JSON object` })
}

/** An answer with another status than 200, which a caller may want to look at. */
export class IssuerAnswerError extends PgoauthError {
  readonly status: number
  /** The OAuth error code of the answer (RFC 6749 section 5.2). */
  readonly oauthError: string | undefined

  constructor(url: string, status: number, error: unknown) {
    const isTransient = status >= 500 || status === 429
    const oauthError = typeof error === 'string' ? printable(error, 80) : undefined
    const detail = `${url} answered HTTP ${status}${oauthError === undefined ? '' : ` (${oauthError})`}`
    super(isTransient ? 'ISSUER_UNREACHABLE' : 'ISSUER_INVALID', { detail })
    this.status = status
    this.oauthError = oauthError
  }
}

async function readText(url: string, response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > MAX_BYTES) fail('ISSUER_INVALID', { detail: `${url} answered with more than ${MAX_BYTES} bytes` })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
