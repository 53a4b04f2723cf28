import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { isLoopbackHost } from '../base/loopback.ts'
import type { Profile } from '../config/profiles.ts'
import { dial, hostPort } from '../net/dial.ts'
import { Inbox } from '../net/inbox.ts'
import { POSTGRES_ALPN, startTls } from '../net/tls-client.ts'
import { encodeSslRequest } from '../wire/startup.ts'

/** The parts of a profile that say how its remote side is reached. */
export type Remote = Pick<Profile, 'name' | 'host' | 'port' | 'tls' | 'sslnegotiation' | 'insecureLoopback'>

/** An open connection to the remote side on which nothing of the session has been said. */
export interface RemoteLink {
  readonly stream: Duplex
  readonly inbox: Inbox
  /** Nobody in between can read what is sent, as far as the profile's settings can tell. */
  readonly encrypted: boolean
  /** The far side has shown who it is; or it is this machine itself. */
  readonly verified: boolean
  /** The address reached, for the CancelRequest that has to find the same machine. */
  readonly address: string
}

export const CONNECT_TIMEOUT_MS = 10_000
const TLS_TIMEOUT_MS = 10_000

/**
 * Connects to the profile's host and starts TLS there as the profile says; never anything weaker.
 * `address` reaches for that machine instead of resolving `host` again.
 *
 * @throws PROXY_UNREACHABLE, TLS_FAILED, CONFIG_INVALID.
 */
export async function openRemoteLink(
  remote: Remote,
  { clock, address, signal }: { clock: Clock; address?: string; signal?: AbortSignal },
): Promise<RemoteLink> {
  const { host, port, tls } = remote
  if (host === undefined) noHost(remote.name)
  if (tls.mode === 'disable') refuseInTheClear(remote)
  const socket = await dial({
    host: address ?? host,
    port,
    timeoutMs: CONNECT_TIMEOUT_MS,
    direct: tls.mode === 'disable',
    ...(signal && { signal }),
  })
  const reached = socket.remoteAddress ?? host
  if (tls.mode === 'disable') {
    return { stream: socket, inbox: new Inbox(socket), encrypted: false, verified: true, address: reached }
  }
  if (remote.sslnegotiation === 'postgres') await askForTls(socket, hostPort(host, port), clock)
  const settings = { ...tls, mode: tls.mode, name: tls.serverName ?? host }
  const secure = await startTls(socket, settings, { timeoutMs: TLS_TIMEOUT_MS, clock })
  if (remote.sslnegotiation === 'direct' && secure.alpnProtocol !== POSTGRES_ALPN) {
    secure.destroy()
    fail('TLS_FAILED', {
      detail: `${hostPort(host, port)} did not agree to speak Postgres (ALPN), which direct TLS requires`,
      fix: 'set sslnegotiation: postgres in the profile',
    })
  }
  const verified = tls.mode !== 'require'
  return { stream: secure, inbox: new Inbox(secure), encrypted: true, verified, address: reached }
}

/** @throws CONFIG_INVALID */
export function noHost(profile: string): never {
  return fail('CONFIG_INVALID', {
    detail: `profile ${profile} has no host`,
    fix: 'set "host" in the profile, or --host',
  })
}

/** Only toward this machine, and only when asked for by name. */
function refuseInTheClear({ name, host, insecureLoopback }: Remote): void {
  if (insecureLoopback && host !== undefined && isLoopbackHost(host)) return
  fail('TLS_FAILED', {
    detail: `profile ${name} turns TLS off, and a token is never sent in the clear`,
    fix: insecureLoopback
      ? `--insecure-loopback is for 127.0.0.1, ::1 and localhost, not for ${host}`
      : 'remove tls.mode from the profile; for a host on this very machine there is --insecure-loopback',
  })
}

/** SSLRequest and its one-byte answer, which a server of another protocol may never give. */
async function askForTls(socket: Duplex, where: string, clock: Clock): Promise<void> {
  const inbox = new Inbox(socket)
  let isLate = false
  const stopTimer = clock.after(TLS_TIMEOUT_MS, () => {
    isLate = true
    socket.destroy(new Error('no answer to SSLRequest'))
  })
  socket.write(encodeSslRequest())
  let answer: number | undefined
  try {
    answer = await inbox.take((received) =>
      received.length === 0 ? undefined : { value: received[0] as number, rest: received.subarray(1) },
    )
  } catch (cause) {
    const lost = `${where}: the connection was lost before TLS began`
    const silent = `${where} did not answer within ${TLS_TIMEOUT_MS / 1000} s when asked for TLS`
    fail('PROXY_UNREACHABLE', {
      detail: isLate ? silent : lost,
      fix: 'check host and port: is it a Postgres server or a pgoauth proxy?',
      cause,
    })
  } finally {
    stopTimer()
  }
  // Whatever else came was sent by somebody without TLS: it must not be taken for the server's (CVE-2021-23222).
  const early = inbox.release()
  if (answer === 0x53 && early.length === 0) return
  socket.destroy()
  if (answer === undefined) {
    fail('PROXY_UNREACHABLE', {
      detail: `${where} closed the connection when asked for TLS`,
      fix: 'check host and port: is it a Postgres server or a pgoauth proxy?',
    })
  }
  if (answer === 0x4e) {
    fail('TLS_FAILED', {
      detail: `${where} does not offer TLS, and a token is never sent in the clear`,
      fix: 'turn TLS on there',
    })
  }
  fail('TLS_FAILED', {
    detail: answer === 0x53 ? `${where} sent bytes ahead of TLS` : `${where} did not answer as a Postgres server does`,
    fix: 'check host and port',
  })
}
