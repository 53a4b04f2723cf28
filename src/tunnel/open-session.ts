import type { Clock } from '../base/clock.ts'
import { asPgoauthError, fail, PgoauthError } from '../base/errors.ts'
import type { Profile } from '../config/profiles.ts'
import { hostPort, reasonOf } from '../net/dial.ts'
import { isTlsAlert, tlsFailure } from '../net/tls-failure.ts'
import type { AccessToken, TokenSource } from '../tokens/token-source.ts'
import type { StartupMessage } from '../wire/startup.ts'
import { type Admitted, conductHandshake, type Refused } from './remote-handshake.ts'
import { openRemoteLink, type RemoteLink } from './remote-link.ts'
import type { RemoteMemory } from './remote-memory.ts'
import { remoteParameters, remoteVersion } from './startup-parameters.ts'

export interface OpenSessionOptions {
  readonly startup: StartupMessage
  readonly profile: Profile
  readonly tokens: TokenSource
  readonly memory: RemoteMemory
  readonly clock: Clock
  /** Ends the attempt; its reason is what is thrown. */
  readonly signal: AbortSignal
}

export type OpenedSession = Admitted & { readonly link: RemoteLink; readonly token: AccessToken }
export type RefusedSession = Refused & {
  readonly token: AccessToken
  /** Whether the token is the reason, and not what was asked for with it. */
  readonly isAboutToken: boolean
}

/**
 * A session with the remote side for one local client, with a token that is good now.
 *
 * A token that is refused is replaced once, by a refreshed one, on a new connection. A remote side that seems to
 * stumble over the renewal option is asked once more without it.
 *
 * @throws what the token source throws; PROXY_UNREACHABLE, TLS_FAILED, AUTH_UNSUPPORTED, SERVER_BAD.
 */
export async function openSession(options: OpenSessionOptions): Promise<OpenedSession | RefusedSession> {
  const { startup, profile, tokens, memory, clock, signal } = options
  const parameters = remoteParameters(startup, profile)
  const version = remoteVersion(startup)
  let token = await orAborted(tokens.fresh(), signal)
  let refreshed = !memory.refreshMayHelp(clock.nowMs())
  let askRenewal = memory.mayAskRenewal(clock.nowMs())

  while (true) {
    let link: RemoteLink | undefined
    let outcome: Admitted | Refused
    try {
      link = await openRemoteLink(profile, { clock, signal })
      outcome = await conductHandshake(link, { version, parameters, askRenewal, auth: profile.auth, token })
    } catch (error) {
      link?.stream.destroy()
      throw signal.aborted ? signal.reason : lostInHandshake(error, profile)
    }
    if (outcome.kind === 'admitted') return { ...outcome, link, token }

    link.stream.destroy()
    signal.throwIfAborted()
    if (outcome.stage === 'startup' && askRenewal && mayBeTheOption(outcome)) {
      askRenewal = false
      memory.renewalRefused(clock.nowMs())
      continue
    }
    const isAboutToken = blamesToken(outcome)
    if (isAboutToken && !refreshed) {
      refreshed = true
      const replacement = await orAborted(replace(tokens, token), signal)
      if (replacement) {
        token = replacement
        continue
      }
    }
    if (isAboutToken) memory.refreshDidNotHelp(clock.nowMs())
    if (outcome.fields === undefined) closedSilently(outcome, profile)
    return { ...outcome, token, isAboutToken }
  }
}

/** Undefined where the source has no other token: then the refusal itself is the news. */
async function replace(tokens: TokenSource, refused: AccessToken): Promise<AccessToken | undefined> {
  try {
    return await tokens.fresh({ replacing: refused.token })
  } catch (error) {
    if (asPgoauthError(error).code === 'TOKEN_REFUSED') return undefined
    throw error
  }
}

/** SQLSTATE classes that say the server understood the startup and has another reason. */
const OTHER_REASONS = ['28', '3D', '53', '57']

function mayBeTheOption({ fields }: Refused): boolean {
  return fields === undefined || !OTHER_REASONS.includes((fields.get('C') ?? '').slice(0, 2))
}

/** Class 28: invalid authorization specification. A proxy that has taken the token may say 3D000, 42501 or 53300 here. */
function blamesToken({ stage, fields, challenge }: Refused): boolean {
  return stage === 'token' && (challenge !== undefined || (fields?.get('C') ?? '').startsWith('28'))
}

function closedSilently({ stage }: Refused, { host, port }: Profile): never {
  const when = stage === 'startup' ? 'after the startup message' : 'after the token was sent'
  return fail('PROXY_UNREACHABLE', {
    detail: `${hostPort(host ?? '', port)} closed the connection ${when}, without a word`,
    fix: 'its log says why; check host and port',
  })
}

function lostInHandshake(error: unknown, profile: Profile): PgoauthError {
  const { host = '', port, tls } = profile
  const fix = `check host, port and network (a VPN?); pgoauth doctor ${profile.name} looks closer`
  if (error instanceof PgoauthError) {
    const { code, detail = '' } = error
    if (code === 'BAD_FRAME')
      return new PgoauthError('SERVER_BAD', { detail, fix: 'check host and port', cause: error })
    if (code !== 'PROXY_UNREACHABLE' || error.fix !== undefined) return error
    return new PgoauthError(code, { detail, fix, cause: error })
  }
  if (isTlsAlert(error) && tls.mode !== 'disable') {
    return tlsFailure(error, { ...tls, mode: tls.mode, name: tls.serverName ?? host })
  }
  const detail = `${hostPort(host, port)}: ${reasonOf(error)} during the handshake`
  return new PgoauthError('PROXY_UNREACHABLE', { detail, fix, cause: error })
}

/** The promise's outcome, or the signal's reason where that comes first. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise
      .then(resolve, (error) => reject(asPgoauthError(error)))
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}
