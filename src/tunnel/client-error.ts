import type { PgoauthError } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import type { Profile } from '../config/profiles.ts'
import { hostPort } from '../net/dial.ts'
import { encodeErrorResponse, encodeRawErrorFields } from '../wire/error-response.ts'
import type { Refused } from './remote-handshake.ts'

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
export function refusalForClient(refused: Refused, profile: Pick<Profile, 'name' | 'host' | 'port'>): Buffer {
  const fields = refused.fields ?? new Map<string, string>()
  if (refused.stage !== 'token') return encodeRawErrorFields('E', fields)
  const said = fields.get('M') ?? 'no reason given'
  const hint = [fields.get('H'), `if your rights or your login have changed: pgoauth login ${profile.name}`]
  return encodeErrorResponse({
    severity: 'FATAL',
    code: fields.get('C') ?? '28000',
    message: `pgoauth: ${hostPort(profile.host ?? '', profile.port)} refused the login of profile ${profile.name}: ${said}`,
    detail: fields.get('D'),
    hint: hint.filter(Boolean).join('\n'),
  })
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
