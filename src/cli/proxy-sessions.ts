import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { fail } from '../base/errors.ts'
import type { AdminConfig } from '../config/proxy-config.ts'
import type { SessionDescription } from '../proxy/session-registry.ts'
import type { CliContext } from './context.ts'
import { writeLine } from './line-output.ts'
import { readProxyFiles } from './proxy-files.ts'

export interface SessionsRequest {
  readonly file: string
  readonly json?: boolean
}

/** `pgoauth proxy sessions`. @throws USAGE, PROXY_UNREACHABLE */
export async function listSessions(context: CliContext, { file, json }: SessionsRequest): Promise<void> {
  const { sessions } = (await ask(file, 'GET', '/sessions')) as { sessions: SessionDescription[] }
  if (json) return writeLine(context.stdout, JSON.stringify(sessions))
  if (sessions.length === 0) return writeLine(context.stderr, 'no sessions')
  for (const { session_id, subject, role, database, client_address, opened_at, expires_at, idle_seconds } of sessions) {
    const times = `opened ${opened_at}, token until ${expires_at}, idle ${idle_seconds} s`
    writeLine(
      context.stdout,
      `${session_id}  ${printable(subject)} as ${role} in ${database} from ${client_address}: ${times}`,
    )
  }
}

export interface KillRequest {
  readonly file: string
  readonly session: string | undefined
  readonly issuer: string | undefined
  readonly subject: string | undefined
}

/** `pgoauth proxy kill`. @throws USAGE, PROXY_UNREACHABLE */
export async function killSessions(
  context: CliContext,
  { file, session, issuer, subject }: KillRequest,
): Promise<void> {
  const isOne = session !== undefined && issuer === undefined && subject === undefined
  const isIdentity = session === undefined && issuer !== undefined && subject !== undefined
  if (!isOne && !isIdentity) fail('USAGE', { detail: 'give a session id, or --issuer and --subject together' })
  const path = isOne
    ? `/sessions/${encodeURIComponent(session)}`
    : `/sessions?${new URLSearchParams({ issuer: issuer ?? '', subject: subject ?? '' })}`
  const { killed } = (await ask(file, 'DELETE', path)) as { killed: number }
  writeLine(context.stderr, killed === 1 ? 'ended 1 session' : `ended ${killed} sessions`)
  if (killed === 0) context.setExitCode(1)
}

const TIMEOUT_MS = 10_000

async function ask(file: string, method: string, path: string): Promise<unknown> {
  const { admin } = readProxyFiles(file).config
  if (admin === undefined) {
    fail('USAGE', {
      detail: `${file} has no admin entry`,
      fix: 'add admin: { address: 127.0.0.1:9432, token_file: … }',
    })
  }
  const { status, body } = await send(admin, method, path)
  if (status === 401) fail('USAGE', { detail: 'the proxy does not take our admin token or certificate' })
  try {
    return JSON.parse(body)
  } catch {
    return fail('PROXY_UNREACHABLE', { detail: `what answers there is no proxy of ours (HTTP ${status})` })
  }
}

function send(
  { address, tls, tokenFile }: AdminConfig,
  method: string,
  path: string,
): Promise<{ status: number; body: string }> {
  const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim()
  const host = ['0.0.0.0', '::'].includes(address.host) ? 'localhost' : address.host
  const options = {
    host,
    port: address.port,
    method,
    path,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    // The certificate is the one we have beside us: it is compared itself, whatever names stand in it.
    ...(tls && {
      ca: readFileSync(tls.cert),
      cert: readFileSync(tls.cert),
      key: readFileSync(tls.key),
      checkServerIdentity: () => undefined,
    }),
  }
  return new Promise((resolve, reject) => {
    const outgoing = (tls ? httpsRequest : httpRequest)(options, (incoming) => {
      text(incoming).then((body) => resolve({ status: incoming.statusCode ?? 0, body }), reject)
    })
    outgoing.on('error', reject)
    outgoing.end()
  }).catch((cause: Error) =>
    fail('PROXY_UNREACHABLE', {
      detail: `${host}:${address.port}: ${cause.message}`,
      fix: 'is the proxy running with this configuration?',
      cause,
    }),
  ) as Promise<{ status: number; body: string }>
}

/** A subject is whatever an issuer says; a terminal is not to be steered by it. */
function printable(subject: string): string {
  return subject.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?')
}
