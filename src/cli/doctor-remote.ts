import { userInfo } from 'node:os'
import { TLSSocket } from 'node:tls'
import { asPgoauthError, fail, PgoauthError } from '../base/errors.ts'
import { printable } from '../base/printable.ts'
import type { Profile } from '../config/profiles.ts'
import { dial, hostPort } from '../net/dial.ts'
import type { AccessToken } from '../tokens/token-source.ts'
import { nextMessage } from '../tunnel/handshake-message.ts'
import { type OpenedSession, openSession, type RefusedSession } from '../tunnel/open-session.ts'
import { openRemoteLink } from '../tunnel/remote-link.ts'
import { RemoteMemory } from '../tunnel/remote-memory.ts'
import { encodeQuery, encodeTerminate } from '../wire/client-messages.ts'
import { parseErrorFields } from '../wire/error-response.ts'
import { SERVER } from '../wire/server-messages.ts'
import { signerOf } from './certificate-signer.ts'
import type { CliContext } from './context.ts'

const CONNECT_TIMEOUT_MS = 10_000
const SESSION_TIMEOUT_MS = 20_000

/** A TCP connection to the profile's host. @throws CONFIG_INVALID, PROXY_UNREACHABLE. */
export async function checkTcp({ name, host, port }: Profile): Promise<string> {
  if (host === undefined) {
    fail('CONFIG_INVALID', { detail: `profile ${name} has no host`, fix: 'set "host" in the profile, or --host' })
  }
  try {
    const socket = await dial({ host, port, timeoutMs: CONNECT_TIMEOUT_MS })
    const { remoteAddress = host } = socket
    socket.destroy()
    return remoteAddress === host ? hostPort(host, port) : `${hostPort(host, port)} (${remoteAddress})`
  } catch (error) {
    const { code, detail } = asPgoauthError(error)
    throw new PgoauthError(code, {
      detail: detail ?? '',
      fix: `check "host" and "port" in profile ${name}, that the proxy runs there, and firewalls on the way`,
      cause: error,
    })
  }
}

/** TLS as the tunnel would have it. @throws TLS_FAILED with who signed the certificate where that is the trouble. */
export async function checkTls(profile: Profile, { clock, interrupted: signal }: CliContext): Promise<string> {
  try {
    const { stream } = await openRemoteLink(profile, { clock, signal })
    const version = stream instanceof TLSSocket ? stream.getProtocol() : undefined
    stream.destroy()
    return version ? `${version}, tls.mode: ${profile.tls.mode}` : 'off (insecure_loopback)'
  } catch (error) {
    const failure = asPgoauthError(error)
    if (!/not trusted/.test(failure.message)) throw failure
    const signer = await signerOfRemote(profile, clock).catch(() => undefined)
    const by = signer ? `: it is signed by ${printable(signer)}` : ''
    throw new PgoauthError(failure.code, {
      detail: `${failure.detail}${by}`,
      ...(failure.fix && { fix: failure.fix }),
      cause: failure,
    })
  }
}

/** Looks at the certificate without trusting it; nothing is sent over that connection. */
async function signerOfRemote(profile: Profile, clock: CliContext['clock']): Promise<string | undefined> {
  const unchecked = { ...profile, tls: { ...profile.tls, mode: 'require' as const } }
  const { stream } = await openRemoteLink(unchecked, { clock })
  try {
    return stream instanceof TLSSocket ? signerOf(stream) : undefined
  } finally {
    stream.destroy()
  }
}

export interface CheckedHandshake {
  readonly detail: string
  /** Asks the session who it is there, and ends it. */
  askRole(): Promise<string>
}

/** A whole login as the tunnel does it. @throws TOKEN_REFUSED, DATABASE_UNKNOWN and what the tunnel throws. */
export async function checkHandshake(
  profile: Profile,
  token: AccessToken,
  { clock, env }: CliContext,
): Promise<CheckedHandshake> {
  const user = env.PGUSER || userNameOr('postgres')
  const parameters = new Map([
    ['user', user],
    ['database', user],
    ['client_encoding', 'UTF8'],
    ['application_name', 'pgoauth doctor'],
  ])
  const session = await openSession({
    startup: { kind: 'startup', version: { major: 3, minor: 0 }, parameters },
    profile,
    // The token at hand is the one being examined: it is not replaced behind the person's back.
    tokens: { fresh: async () => token },
    memory: new RemoteMemory(),
    clock,
    signal: AbortSignal.timeout(SESSION_TIMEOUT_MS),
  })
  if (session.kind === 'refused') throw refusal(session, profile)
  const renewal = session.renewable ? ', renews tokens in mid-session' : ''
  return { detail: `let in${renewal}`, askRole: () => askRole(session) }
}

function refusal({ fields }: RefusedSession, { name }: Profile): PgoauthError {
  const sqlstate = fields?.get('C') ?? ''
  const said = printable(`${fields?.get('M') ?? 'closed without a word'}${hintOf(fields)}`)
  if (sqlstate === '3D000') {
    return new PgoauthError('DATABASE_UNKNOWN', {
      detail: said,
      fix: `set "database" in profile ${name}, or --database`,
    })
  }
  if (sqlstate.startsWith('28')) {
    return new PgoauthError('TOKEN_REFUSED', {
      detail: said,
      fix: `compare "pgoauth token ${name} --claims" with what is expected there: its iss with "issuer", its aud with "resource" or "audience", its scope with "scopes"; then pgoauth login ${name}`,
    })
  }
  return new PgoauthError('SERVER_REFUSED', { detail: `${said} (${sqlstate})`, fix: 'its log says why' })
}

function hintOf(fields: RefusedSession['fields']): string {
  const hint = fields?.get('H') ?? fields?.get('D')
  return hint ? ` (${hint})` : ''
}

/** `current_user` is the database's own word for what the token's claims were turned into. */
async function askRole({ link }: OpenedSession): Promise<string> {
  const { stream, inbox } = link
  try {
    stream.write(encodeQuery('SELECT current_user'))
    let role: string | undefined
    while (true) {
      const message = await inbox.take(nextMessage)
      if (message === undefined) fail('SERVER_LOST', { detail: 'the connection was lost', fix: 'try again' })
      if (message.tag === SERVER.DataRow) role = firstColumn(message.body)
      if (message.tag === SERVER.ErrorResponse) {
        const said = printable(parseErrorFields(message.body).get('M') ?? '')
        return `let in, but "SELECT current_user" was not allowed: ${said}`
      }
      if (message.tag === SERVER.ReadyForQuery) break
    }
    return `the database role is ${printable(role ?? 'unknown')}`
  } finally {
    stream.end(encodeTerminate())
  }
}

/** DataRow: a count of columns, then each one's length and bytes. */
function firstColumn(body: Buffer): string {
  return body.subarray(6, 6 + body.readInt32BE(2)).toString('utf8')
}

function userNameOr(otherwise: string): string {
  try {
    return userInfo().username
  } catch {
    return otherwise
  }
}
