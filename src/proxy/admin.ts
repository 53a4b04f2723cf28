import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type HttpAnswer, json, text } from './http-listener.ts'
import type { SessionRegistry } from './session-registry.ts'

export interface AdminParts {
  readonly sessions: SessionRegistry
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
export function answerAdmin(request: IncomingMessage, parts: AdminParts): HttpAnswer {
  if (!isAuthorised(request, parts.tokenFile)) return text(401, 'unauthorised')
  const url = new URL(request.url ?? '/', 'http://admin')
  const [, collection, id, ...more] = url.pathname.split('/')
  if (collection !== 'sessions' || more.length > 0) return text(404, 'not found')
  if (request.method === 'GET' && id === undefined) {
    return json(200, { sessions: [...parts.sessions].map((session) => session.describe()) })
  }
  if (request.method !== 'DELETE') return text(405, 'GET or DELETE')
  return id === undefined ? killIdentity(url.searchParams, parts) : killOne(id, parts)
}

function killOne(id: string, { sessions, log }: AdminParts): HttpAnswer {
  const session = sessions.get(id)
  if (session === undefined) return json(404, { killed: 0 })
  log.info({ session_id: id }, 'session killed by an operator')
  session.end(new PgoauthError('SESSION_ENDED'), 'now')
  return json(200, { killed: 1 })
}

/** A subject means nothing without its issuer. */
function killIdentity(query: URLSearchParams, { sessions, log }: AdminParts): HttpAnswer {
  const [issuer, subject] = [query.get('issuer'), query.get('subject')]
  if (issuer === null || subject === null) return text(400, 'issuer and subject are both needed')
  let killed = 0
  for (const session of sessions) {
    const one = session.describe()
    if (one.issuer !== issuer || one.subject !== subject) continue
    session.end(new PgoauthError('SESSION_ENDED'), 'now')
    killed++
  }
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
