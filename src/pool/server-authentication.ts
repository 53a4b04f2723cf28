import { createHash } from 'node:crypto'
import { fail } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { tlsServerEndPoint } from '../sasl/channel-binding.ts'
import { SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramClient, type ScramKeyCache } from '../sasl/scram.ts'
import {
  type AuthenticationRequest,
  encodePasswordMessage,
  encodeSaslInitialResponse,
  encodeSaslResponse,
} from '../wire/authentication.ts'
import type { ServerSocket } from './server-socket.ts'

export interface AuthenticationOptions {
  readonly user: string
  readonly password: Secret | undefined
  readonly server: ServerSocket
  readonly channelBinding: 'disable' | 'prefer' | 'require'
  readonly allowMd5: boolean
  readonly scramKeys: ScramKeyCache
}

/** Answers a server's authentication requests, one after another, until `ok`. */
export class ServerAuthentication {
  readonly #options: AuthenticationOptions
  #scram: ScramClient | undefined
  #isProven = false
  #hasBinding = false

  constructor(options: AuthenticationOptions) {
    this.#options = options
  }

  /**
   * What to send; undefined: nothing, read on.
   *
   * @throws SERVER_REFUSED where it asks for what we do not give, SERVER_BAD where it breaks the exchange.
   */
  async answer(request: AuthenticationRequest): Promise<Buffer | undefined> {
    switch (request.kind) {
      case 'ok':
        return this.#checkOk()
      case 'cleartext':
        return this.#cleartext()
      case 'md5':
        return this.#md5(request.salt)
      case 'sasl':
        return this.#sasl(request.mechanisms)
      case 'sasl-continue':
        if (this.#scram === undefined) fail('SERVER_BAD', { detail: 'SASL continues without having begun' })
        return encodeSaslResponse(await this.#scram.respond(request.data))
      case 'sasl-final':
        if (this.#scram === undefined) fail('SERVER_BAD', { detail: 'SASL ends without having begun' })
        this.#scram.finish(request.data)
        this.#isProven = true
        return undefined
      default:
        return refuse(`the server asks for ${request.name}, which is not supported`)
    }
  }

  /** A server that lets us in in the middle of SCRAM has not shown that it knows the password. */
  #checkOk(): undefined {
    if (this.#scram !== undefined && !this.#isProven) fail('SERVER_BAD', { detail: 'let in before SCRAM was through' })
    if (this.#options.channelBinding === 'require' && !this.#hasBinding) {
      refuse('channel_binding: require, and the server let us in without it')
    }
    return undefined
  }

  #cleartext(): Buffer {
    const { server, channelBinding } = this.#options
    if (!server.isPrivate) refuse('the server asks for the password in clear text, over a connection without TLS')
    if (channelBinding === 'require') refuse('channel_binding: require, and the server asks for a plain password')
    return encodePasswordMessage(this.#password().reveal())
  }

  #md5(salt: Buffer): Buffer {
    const { allowMd5, user, channelBinding } = this.#options
    if (!allowMd5) refuse('the server asks for md5; store the password as SCRAM-SHA-256, or say server.allow_md5: true')
    if (channelBinding === 'require') refuse('channel_binding: require, and the server asks for md5')
    const inner = md5(`${this.#password().reveal()}${user}`)
    return encodePasswordMessage(`md5${md5(Buffer.concat([Buffer.from(inner, 'latin1'), salt]))}`)
  }

  #sasl(mechanisms: readonly string[]): Buffer {
    const { server, channelBinding, scramKeys } = this.#options
    if (this.#scram !== undefined) fail('SERVER_BAD', { detail: 'SASL begins twice' })
    const endPoint =
      server.certificate && channelBinding !== 'disable' ? tlsServerEndPoint(server.certificate) : undefined
    const offersPlus = mechanisms.includes(SCRAM_SHA_256_PLUS)
    const binding = offersPlus ? endPoint : undefined
    if (channelBinding === 'require' && binding === undefined) {
      refuse(
        'channel_binding: require, and there is none to be had (no TLS, no SCRAM-SHA-256-PLUS, or an odd certificate)',
      )
    }
    if (binding === undefined && !mechanisms.includes(SCRAM_SHA_256)) {
      refuse(`the server offers ${mechanisms.join(', ')}, none of which is supported`)
    }
    this.#hasBinding = binding !== undefined
    this.#scram = new ScramClient({
      password: this.#password(),
      channelBinding: binding,
      bindingPossible: endPoint !== undefined,
      cache: scramKeys,
    })
    return encodeSaslInitialResponse(this.#scram.mechanism, this.#scram.first())
  }

  #password(): Secret {
    return this.#options.password ?? refuse('the server asks for a password, and login has none')
  }
}

function refuse(detail: string): never {
  fail('SERVER_REFUSED', { detail })
}

function md5(text: string | Buffer): string {
  return createHash('md5').update(text).digest('hex')
}
