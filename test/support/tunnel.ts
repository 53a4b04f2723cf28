import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Profile } from '../../src/config/profiles.ts'
import { Inbox } from '../../src/net/inbox.ts'
import type { AccessToken, TokenSource } from '../../src/tokens/token-source.ts'
import type {
  ConnectionClosed,
  ConnectionEvents,
  ConnectionOpened,
  ConnectionRefused,
} from '../../src/tunnel/connection-events.ts'
import { type HandshakeMessage, nextMessage } from '../../src/tunnel/handshake-message.ts'
import { openAccess } from '../../src/tunnel/local-access.ts'
import { openLocalListener } from '../../src/tunnel/local-listener.ts'
import { Tunnel, type TunnelOptions } from '../../src/tunnel/tunnel.ts'
import { parseErrorFields } from '../../src/wire/error-response.ts'
import { encodeStartupMessage } from '../../src/wire/startup.ts'

/** A profile as config.yaml would give it, for a remote side on this machine without TLS. */
export function testProfile(port: number, changes: Partial<Profile> = {}): Profile {
  return {
    name: 'prod',
    host: '127.0.0.1',
    port,
    database: undefined,
    user: undefined,
    tls: { mode: 'disable', ca: undefined, cert: undefined, key: undefined, serverName: undefined },
    sslnegotiation: 'postgres',
    insecureLoopback: true,
    issuer: 'https://id.example.com',
    clientId: 'pgoauth',
    clientSecretEnv: undefined,
    clientKey: undefined,
    scopes: ['openid', 'orders:read'],
    resource: ['postgres://prod'],
    audience: undefined,
    flow: 'auto',
    tokenFile: undefined,
    exec: undefined,
    store: 'memory',
    auth: 'auto',
    listen: { kind: 'tcp', address: '127.0.0.1', port: 0 },
    localAuth: 'none',
    allowRemote: false,
    redirect: [],
    issuerTls: { ca: undefined },
    ...changes,
  }
}

/** `verify-full` with that authority, for a remote side with a certificate. */
export function verified(caFile: string, changes: Partial<Profile['tls']> = {}): Partial<Profile> {
  const tls = { mode: 'verify-full', ca: caFile, cert: undefined, key: undefined, serverName: undefined } as const
  return { tls: { ...tls, ...changes }, insecureLoopback: false }
}

/** Tokens in order; asked for a replacement, the next one. */
export function tokensInTurn(...tokens: (string | Partial<AccessToken> | Error)[]): TokenSource & { asked: number } {
  let at = 0
  return {
    asked: 0,
    async fresh(options) {
      this.asked += 1
      if (options?.replacing) at += 1
      const token = tokens[Math.min(at, tokens.length - 1)]
      if (token instanceof Error) throw token
      const given = typeof token === 'string' ? { token: new Secret(token) } : token
      return { token: new Secret('token'), expiresAtSeconds: undefined, scopes: undefined, ...given }
    },
  }
}

export interface RunningTunnel {
  readonly port: number
  readonly tunnel: Tunnel
  readonly opened: ConnectionOpened[]
  readonly closed: ConnectionClosed[]
  readonly refused: ConnectionRefused[]
  readonly cancels: string[]
  /** A client that has connected and said nothing. */
  client(): Promise<ClientTalk>
  close(): Promise<void>
}

/** A tunnel that listens, for this test file. */
export async function startTunnel(
  profile: Profile,
  tokens: TokenSource = tokensInTurn('token'),
  options: Partial<TunnelOptions> & { clock?: Clock } = {},
): Promise<RunningTunnel> {
  const opened: ConnectionOpened[] = []
  const closed: ConnectionClosed[] = []
  const refused: ConnectionRefused[] = []
  const cancels: string[] = []
  const events: ConnectionEvents = {
    opened: (event) => void opened.push(event),
    closed: (event) => void closed.push(event),
    refused: (event) => void refused.push(event),
    cancelled: ({ outcome }) => void cancels.push(outcome),
  }
  const tunnel = new Tunnel({
    profile,
    tokens,
    access: openAccess,
    events,
    clock: systemClock,
    log: silentLog,
    ...options,
  })
  const listener = await openLocalListener({ profile, anyPort: false, owner: 'test' }, tunnel)
  const close = async () => {
    const closed = listener.close()
    await tunnel.close('the test is over')
    await closed
  }
  after(close)
  return {
    port: listener.port,
    tunnel,
    opened,
    closed,
    refused,
    cancels,
    client: () => connectClient(listener.port),
    close,
  }
}

/** A local client that says exactly what it is told to. */
export class ClientTalk {
  readonly socket: Socket
  readonly inbox: Inbox

  constructor(socket: Socket) {
    this.socket = socket
    this.inbox = new Inbox(socket)
  }

  send(...bytes: Buffer[]): void {
    this.socket.write(Buffer.concat(bytes))
  }

  startup(parameters: Record<string, string> = { user: 'ada' }, minor = 0): void {
    this.send(encodeStartupMessage({ major: 3, minor }, Object.entries(parameters)))
  }

  receive(): Promise<HandshakeMessage | undefined> {
    return this.inbox.take(nextMessage)
  }

  /** The tags of all messages up to ReadyForQuery or the end. */
  async tags(): Promise<string> {
    let tags = ''
    while (!tags.endsWith('Z')) {
      const message = await this.receive()
      if (message === undefined) return `${tags}.`
      tags += String.fromCharCode(message.tag)
    }
    return tags
  }

  /** The fields of the ErrorResponse that has to come next. */
  async error(): Promise<ReadonlyMap<string, string>> {
    const message = await this.receive()
    if (message?.tag !== 0x45) throw new Error(`expected an ErrorResponse, got ${message?.bytes.toString('latin1')}`)
    return parseErrorFields(message.body)
  }

  byte(): Promise<string | undefined> {
    return this.inbox.take((received) =>
      received.length === 0
        ? undefined
        : { value: String.fromCharCode(received[0] as number), rest: received.subarray(1) },
    )
  }

  /** Everything until the other side closes. */
  async rest(): Promise<Buffer> {
    let all: Buffer = Buffer.alloc(0)
    await this.inbox.take((received) => {
      all = received
      return undefined
    })
    return all
  }
}

export async function connectClient(port: number, host = '127.0.0.1'): Promise<ClientTalk> {
  const socket = connect({ port, host, allowHalfOpen: true, noDelay: true })
  await once(socket, 'connect')
  return new ClientTalk(socket)
}

/** Waits until it holds; fails after a minute. */
export async function eventually(holds: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  for (let turn = 0; turn < 6000; turn++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`${what} never happened`)
}
