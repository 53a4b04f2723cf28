import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { after } from 'node:test'
import { TLSSocket } from 'node:tls'
import { Inbox } from '../../src/net/inbox.ts'
import { type HandshakeMessage, nextMessage } from '../../src/tunnel/handshake-message.ts'
import {
  encodeAuthenticationOk,
  encodeAuthenticationSasl,
  encodeAuthenticationSaslContinue,
  parseSaslInitialResponse,
} from '../../src/wire/authentication.ts'
import { encodeErrorResponse } from '../../src/wire/error-response.ts'
import { encodeBackendKeyData, encodeParameterStatus, encodeReadyForQuery } from '../../src/wire/server-messages.ts'
import { type CancelRequest, looksLikeTls, readFirstPacket, type StartupMessage } from '../../src/wire/startup.ts'
import type { CertifiedKey } from './certificates.ts'

/** One connection that the far side has, from its StartupMessage on. */
export class RemoteTalk {
  readonly startup: StartupMessage
  readonly inbox: Inbox
  readonly stream: Duplex
  readonly alpn: string | false | null

  constructor(startup: StartupMessage, inbox: Inbox) {
    this.startup = startup
    this.inbox = inbox
    this.stream = inbox.stream
    this.alpn = inbox.stream instanceof TLSSocket ? inbox.stream.alpnProtocol : null
  }

  send(...messages: Buffer[]): void {
    this.stream.write(Buffer.concat(messages))
  }

  /** The client's next message; undefined when it has left. */
  receive(): Promise<HandshakeMessage | undefined> {
    return this.inbox.take(nextMessage)
  }

  /** OAUTHBEARER as PostgreSQL 18's auth-oauth.c conducts it; the client's first message as text. */
  async askForToken(): Promise<string> {
    this.send(encodeAuthenticationSasl(['OAUTHBEARER']))
    const message = await this.receive()
    if (message === undefined) return ''
    const { mechanism, data } = parseSaslInitialResponse(message.body)
    if (mechanism !== 'OAUTHBEARER' || data === null) throw new Error(`${mechanism} without a first message`)
    return data.toString('latin1')
  }

  /** The challenge of generate_error_response, the client's dummy answer, and the FATAL of auth_failed. */
  async refuseToken(challenge: object = REFUSAL): Promise<Buffer | undefined> {
    this.send(encodeAuthenticationSaslContinue(Buffer.from(JSON.stringify(challenge))))
    const dummy = await this.receive()
    const message = `OAuth bearer authentication failed for user "${this.startup.parameters.get('user')}"`
    this.stream.end(encodeErrorResponse({ severity: 'FATAL', code: '28000', message }))
    return dummy?.body
  }

  letIn(key = { processId: 4242, secretKey: Buffer.from([1, 2, 3, 4]) }): void {
    this.send(
      encodeAuthenticationOk(),
      encodeParameterStatus('server_version', '18.0'),
      encodeParameterStatus('client_encoding', 'UTF8'),
      encodeBackendKeyData(key),
      encodeReadyForQuery('I'),
    )
  }
}

export const REFUSAL = {
  status: 'invalid_token',
  'openid-configuration': 'https://id.example.com/.well-known/openid-configuration',
  scope: 'openid orders:read',
}

export interface ScriptedRemote {
  readonly port: number
  /** Startup messages in the order they came. */
  readonly startups: StartupMessage[]
  readonly cancels: CancelRequest[]
  /** Connections open now. */
  readonly open: Set<Socket>
  close(): Promise<void>
}

/**
 * A far side that keeps to a script for each connection. With a certificate it answers SSLRequest with `S` and takes
 * direct TLS; without, with `N`.
 */
export async function startScriptedRemote(
  script: (talk: RemoteTalk, nth: number) => Promise<unknown> | unknown,
  tls?: CertifiedKey & { ca?: string; minVersion?: 'TLSv1.3'; maxVersion?: 'TLSv1.1' | 'TLSv1.2' },
): Promise<ScriptedRemote> {
  const startups: StartupMessage[] = []
  const cancels: CancelRequest[] = []
  const open = new Set<Socket>()
  const serve = async (socket: Socket) => {
    const opened = await openSecure(socket, tls)
    if (!opened) return void socket.destroy()
    const packet = await opened.take((received) => {
      const read = readFirstPacket(received)
      return read && { value: read.packet, rest: read.rest }
    })
    if (packet?.kind === 'cancel') {
      cancels.push(packet)
      return void opened.stream.end()
    }
    if (packet?.kind !== 'startup') return void opened.stream.destroy()
    startups.push(packet)
    await script(new RemoteTalk(packet, opened), startups.length)
  }
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => open.delete(socket))
    serve(socket).catch(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    for (const socket of open) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  after(close)
  return { port: (server.address() as { port: number }).port, startups, cancels, open, close }
}

async function openSecure(socket: Socket, tls: Parameters<typeof startScriptedRemote>[1]): Promise<Inbox | undefined> {
  const inbox = new Inbox(socket)
  const first = await inbox.take((received) => {
    if (received.length === 0) return undefined
    if (looksLikeTls(received)) return { value: 'direct' as const, rest: received }
    const read = readFirstPacket(received)
    return read && { value: read.packet.kind, rest: read.packet.kind === 'ssl' ? read.rest : received }
  })
  if (first === undefined) return undefined
  if (first !== 'ssl' && first !== 'direct') return inbox
  if (!tls) {
    socket.write('N')
    return inbox
  }
  const unread = inbox.release()
  if (unread.length > 0) socket.unshift(unread)
  if (first === 'ssl') socket.write('S')
  const secure = new TLSSocket(socket, {
    isServer: true,
    cert: tls.cert,
    key: tls.key,
    ALPNProtocols: ['postgresql'],
    ...(tls.ca && { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
    ...(tls.minVersion && { minVersion: tls.minVersion }),
    ...(tls.maxVersion && { maxVersion: tls.maxVersion, minVersion: 'TLSv1' }),
  })
  secure.on('error', () => socket.destroy())
  return new Inbox(secure)
}
