import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Secret } from '../../src/base/secret.ts'
import { Inbox } from '../../src/net/inbox.ts'
import { encodeInitialResponse } from '../../src/sasl/oauthbearer.ts'
import { encodePasswordMessage, encodeSaslInitialResponse, encodeSaslResponse } from '../../src/wire/authentication.ts'
import { encodeQuery } from '../../src/wire/client-messages.ts'
import { parseErrorFields } from '../../src/wire/error-response.ts'
import { encodeSslRequest, encodeStartupMessage, type ProtocolVersion } from '../../src/wire/startup.ts'

export interface RawMessage {
  readonly tag: string
  readonly body: Buffer
  /** SQLSTATE of an ErrorResponse. */
  readonly code?: string | undefined
  readonly text?: string | undefined
}

export interface RawOptions {
  readonly host?: string
  /** `ssl`: by SSLRequest; `direct`: at once, with ALPN. */
  readonly tls?: 'ssl' | 'direct' | 'none'
  readonly cert?: string
  readonly key?: string
  readonly alpn?: string[]
  /** Sent before anything else: a PROXY protocol header. */
  readonly before?: Buffer
}

/** A Postgres client that does what a test tells it, message by message. */
export class RawClient {
  #socket: Socket
  #inbox: Inbox

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#inbox = new Inbox(socket)
  }

  static async connect(port: number, options: RawOptions = {}): Promise<RawClient> {
    const socket = connectTcp({ port, host: options.host ?? '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'connect')
    socket.on('error', () => {})
    const client = new RawClient(socket)
    if (options.before) socket.write(options.before)
    if (options.tls === 'direct') await client.startTls(options)
    else if (options.tls !== 'none') {
      client.send(encodeSslRequest())
      const answer = await client.byte()
      if (answer !== 'S') throw new Error(`SSLRequest was answered with ${answer}`)
      await client.startTls(options)
    }
    return client
  }

  async startTls({ cert, key, alpn = ['postgresql'] }: RawOptions = {}): Promise<void> {
    this.#inbox.release()
    const secure = connectTls({
      socket: this.#socket,
      rejectUnauthorized: false,
      ALPNProtocols: alpn,
      ...(cert && { cert }),
      ...(key && { key }),
    })
    await once(secure, 'secureConnect')
    secure.on('error', () => {})
    this.#socket = secure
    this.#inbox = new Inbox(secure)
  }

  get socket(): Socket {
    return this.#socket
  }

  /** The socket, paused, for who reads it otherwise than message by message; nothing that came may be left unread. */
  handOver(): Socket {
    if (this.#inbox.release().length > 0) throw new Error('there are bytes that nobody took')
    return this.#socket
  }

  send(...messages: Buffer[]): void {
    this.#socket.write(Buffer.concat(messages))
  }

  startup(parameters: Record<string, string> = {}, version: ProtocolVersion = { major: 3, minor: 0 }): void {
    this.send(encodeStartupMessage(version, Object.entries({ user: 'anybody', database: 'app', ...parameters })))
  }

  /** One byte that is no message: the answer to SSLRequest or GSSENCRequest. */
  async byte(): Promise<string> {
    const value = await this.#inbox.take((received) =>
      received.length === 0 ? undefined : { value: received.toString('latin1', 0, 1), rest: received.subarray(1) },
    )
    return value ?? 'closed'
  }

  /** The next message; tag `closed` where the connection ended instead. */
  async next(): Promise<RawMessage> {
    let message: RawMessage | undefined
    try {
      message = await this.#inbox.take((received) => {
        if (received.length < 5 || received.length < received.readInt32BE(1) + 1) return undefined
        const end = received.readInt32BE(1) + 1
        const tag = received.toString('latin1', 0, 1)
        const body = Buffer.from(received.subarray(5, end))
        const fields = tag === 'E' ? parseErrorFields(body) : undefined
        return { value: { tag, body, code: fields?.get('C'), text: fields?.get('M') }, rest: received.subarray(end) }
      })
    } catch {
      // A reset is an end, too.
    }
    return message ?? { tag: 'closed', body: Buffer.alloc(0) }
  }

  /** Everything that was sent until the connection ended, as text. */
  async rest(): Promise<string> {
    let all = ''
    for (;;) {
      const chunk = await this.#inbox
        .take((received) =>
          received.length === 0 ? undefined : { value: received.toString('latin1'), rest: Buffer.alloc(0) },
        )
        .catch(() => undefined)
      if (chunk === undefined) return all
      all += chunk
    }
  }

  /** Messages up to and with the first of these tags, or the end. */
  async until(...tags: string[]): Promise<RawMessage[]> {
    const messages: RawMessage[] = []
    for (;;) {
      const message = await this.next()
      messages.push(message)
      if (tags.includes(message.tag) || message.tag === 'closed') return messages
    }
  }

  /** Startup and OAUTHBEARER; what came from AuthenticationOk to ReadyForQuery, or up to the error. */
  async login(
    token: string | undefined,
    parameters: Record<string, string> = {},
    version?: ProtocolVersion,
  ): Promise<RawMessage[]> {
    this.startup(parameters, version)
    let first = await this.next()
    if (first.tag === 'v') first = await this.next()
    if (first.tag !== 'R') return [first]
    if (first.body.readInt32BE(0) === 3) {
      this.send(encodePasswordMessage(token ?? ''))
      return this.until('Z', 'E')
    }
    const secret = token === undefined ? undefined : new Secret(token)
    this.send(encodeSaslInitialResponse('OAUTHBEARER', encodeInitialResponse(secret)))
    const answer = await this.next()
    if (answer.tag === 'R' && answer.body.readInt32BE(0) === 11) {
      this.send(encodeSaslResponse(Buffer.from([1])))
      return [answer, ...(await this.until('E'))]
    }
    return answer.tag === 'R' ? [answer, ...(await this.until('Z', 'E'))] : [answer]
  }

  /** Runs a simple Query; rows as text, and the error's SQLSTATE. */
  async query(
    sql: string,
  ): Promise<{ rows: (string | null)[][]; error: string | undefined; text?: string | undefined }> {
    this.send(encodeQuery(sql))
    const messages = await this.until('Z')
    const error = messages.find(({ tag }) => tag === 'E')
    return {
      rows: messages.filter(({ tag }) => tag === 'D').map(({ body }) => readRow(body)),
      error: error?.code ?? (messages.at(-1)?.tag === 'closed' ? 'closed' : undefined),
      text: error?.text,
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  end(): void {
    this.#socket.end()
  }
}

function readRow(body: Buffer): (string | null)[] {
  let at = 2
  return Array.from({ length: body.readInt16BE(0) }, () => {
    const length = body.readInt32BE(at)
    at += 4
    if (length < 0) return null
    at += length
    return body.toString('utf8', at - length, at)
  })
}

function once(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
  })
}
