import { PgoauthError } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import type { Profile } from '../config/profiles.ts'
import { hostPort } from '../net/dial.ts'
import { encodeErrorResponse, encodeRawErrorFields } from '../wire/error-response.ts'
import type { RefusedSession } from './open-session.ts'

/**
 * An error as the last message to the local client. It goes to the person whose tunnel this is, on their own
 * machine: so it may say everything that their terminal may say.
 */
export function errorForClient(error: PgoauthError): Buffer {
  return encodeErrorResponse({
    severity: 'FATAL',
    code: error.sqlstate,
    message: `pgoauth: ${error.message}`,
    hint: error.fix,
  })
}

/** Before a local client has shown that it may use the port, it is told no more than that. */
export function errorForStranger(error: PgoauthError): Buffer {
  return encodeErrorResponse({ severity: 'FATAL', code: error.sqlstate, message: `pgoauth: ${error.say}` })
}

/** The remote side's refusal: its own words, and where it is about the token, what to do about that. */
export function refusalForClient(refused: RefusedSession, profile: Profile): Buffer {
  const fields = refused.fields ?? new Map<string, string>()
  if (!refused.isAboutToken) return encodeRawErrorFields('E', fields)
  const said = fields.get('M') ?? 'no reason given'
  const hint = [fields.get('H'), anotherToken(profile)]
  return encodeErrorResponse({
    severity: 'FATAL',
    code: fields.get('C') ?? '28000',
    message: `pgoauth: ${hostPort(profile.host ?? '', profile.port)} refused the login of profile ${profile.name}: ${said}`,
    detail: fields.get('D'),
    hint: hint.filter(Boolean).join('\n'),
  })
}

/** The remote side's refusal for the terminal: the same, in short. */
export function refusalForTerminal({ fields, isAboutToken }: RefusedSession, profile: Profile): PgoauthError {
  const said = [fields?.get('M'), fields?.get('H')].filter(Boolean).map((text = '') => printable(text))
  if (!isAboutToken) return new PgoauthError('SERVER_REFUSED', { detail: said.join('; ') })
  const detail = `${hostPort(profile.host ?? '', profile.port)} says: ${said.join('; ')}`
  return new PgoauthError('TOKEN_REFUSED', { detail, fix: anotherToken(profile) })
}

/** How to come by a token that may please. */
function anotherToken({ name, flow, clientId }: Profile): string {
  switch (flow) {
    case 'token_file':
      return 'check token_file, and what writes it'
    case 'exec':
      return 'check "exec" in the profile, and what it prints'
    case 'client_credentials':
      return `check what the issuer grants to client ${clientId}`
    default:
      return `if your rights or your login have changed: pgoauth login ${name}`
  }
}

/** What somebody who speaks HTTP to the port reads; the headers tell our own commands whose port it is. */
export function httpAnswer(facts: { pid: number; profile: string } | undefined): Buffer {
  const body = `This port speaks the Postgres protocol, not HTTP. Connect with psql or a database tool.\n`
  const headers = [
    'HTTP/1.1 400 Bad Request',
    'Server: pgoauth',
    ...(facts ? [`Pgoauth-Pid: ${facts.pid}`, `Pgoauth-Profile: ${encodeURIComponent(printable(facts.profile))}`] : []),
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  return Buffer.from(`${headers.join('\r\n')}\r\n\r\n${body}`)
}
