import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Log } from '../base/log.ts'
import { type HttpAnswer, json, text } from './http-listener.ts'
import type { SessionDesk } from './session-desk.ts'

export interface AdminParts {
  readonly sessions: SessionDesk
  /** Read for each request, so that a changed token counts at once. */
  readonly tokenFile: string | undefined
  readonly log: Log
}

/**
 * The verbs of `proxy sessions` and `proxy kill`. Every one of them needs a client certificate that checks out or the
 * bearer token, on loopback too; without it even what exists is not told.
 *
 * GET /sessions; DELETE /sessions/ID; DELETE /sessions?issuer=…&subject=…
 */
export async function answerAdmin(request: IncomingMessage, parts: AdminParts): Promise<HttpAnswer> {
  if (!isAuthorised(request, parts.tokenFile)) return text(401, 'unauthorised')
  const url = new URL(request.url ?? '/', 'http://admin')
  const [, collection, id, ...more] = url.pathname.split('/')
  if (collection !== 'sessions' || more.length > 0) return text(404, 'not found')
  if (request.method === 'GET' && id === undefined) {
    return json(200, { sessions: await parts.sessions.list() })
  }
  if (request.method !== 'DELETE') return text(405, 'GET or DELETE')
  return id === undefined ? killIdentity(url.searchParams, parts) : killOne(id, parts)
}

async function killOne(id: string, { sessions, log }: AdminParts): Promise<HttpAnswer> {
  const killed = await sessions.kill(id)
  if (killed === 0) return json(404, { killed })
  log.info({ session_id: id }, 'session killed by an operator')
  return json(200, { killed })
}

/** A subject means nothing without its issuer. */
async function killIdentity(query: URLSearchParams, { sessions, log }: AdminParts): Promise<HttpAnswer> {
  const [issuer, subject] = [query.get('issuer'), query.get('subject')]
  if (issuer === null || subject === null) return text(400, 'issuer and subject are both needed')
  const killed = await sessions.killIdentity(issuer, subject)
  log.info({ issuer, subject, killed }, 'sessions of an identity killed by an operator')
  return json(200, { killed })
}

function isAuthorised(request: IncomingMessage, tokenFile: string | undefined): boolean {
  if (request.socket instanceof TLSSocket && request.socket.authorized) return true
  const [, given] = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '') ?? []
  const token = tokenFile === undefined ? '' : readToken(tokenFile)
  return given !== undefined && token !== '' && timingSafeEqual(digest(given), digest(token))
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
