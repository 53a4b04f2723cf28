import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { fail } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { saslprep } from './saslprep.ts'

export const SCRAM_SHA_256 = 'SCRAM-SHA-256'
export const SCRAM_SHA_256_PLUS = 'SCRAM-SHA-256-PLUS'

/** PostgreSQL's default `scram_iterations`. */
export const DEFAULT_ITERATIONS = 4096
/** About a second of work: a far side that asks for more wants our CPU, not our password. */
const MAX_ITERATIONS = 2_000_000
const HASH_BYTES = 32
/** PostgreSQL's SCRAM_RAW_NONCE_LEN. */
const NONCE_BYTES = 18

const pbkdf2Async = promisify(pbkdf2)

/** What a password comes to under one salt and iteration count; as good as the password toward that server. */
export interface ScramKeys {
  readonly clientKey: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** Keys already derived, by salt and iterations: PBKDF2 costs milliseconds, and a server keeps its salt. */
export type ScramKeyCache = Map<string, ScramKeys>

/** How many salts a cache keeps: a server that invents one each time must not fill memory. */
const MAX_CACHED_KEYS = 8

export interface ScramClientOptions {
  readonly password: Secret
  /** `tls-server-end-point` data; undefined: SCRAM-SHA-256 without channel binding. */
  readonly channelBinding?: Buffer | undefined
  /** Over TLS with a server that did not offer PLUS: says `y`, so that a stripped offer is found out. */
  readonly bindingPossible?: boolean
  readonly cache?: ScramKeyCache | undefined
  /** For tests that replay a known exchange. */
  readonly nonce?: string
}

/**
 * The client's side of one SCRAM-SHA-256(-PLUS) exchange: `first()`, then `respond(server-first)`, then
 * `finish(server-final)`, each once and in this order.
 *
 * @throws SERVER_BAD from `respond` and `finish` where the server's message is malformed, its nonce is not ours
 *   continued, or it does not prove that it knows the password.
 * @see RFC 5802, RFC 7677
 */
export class ScramClient {
  readonly #options: ScramClientOptions
  readonly #nonce: string
  readonly #gs2Header: string
  #expectedSignature: Buffer | undefined

  constructor(options: ScramClientOptions) {
    this.#options = options
    this.#nonce = options.nonce ?? randomBytes(NONCE_BYTES).toString('base64')
    this.#gs2Header = options.channelBinding ? 'p=tls-server-end-point,,' : options.bindingPossible ? 'y,,' : 'n,,'
  }

  get mechanism(): string {
    return this.#options.channelBinding ? SCRAM_SHA_256_PLUS : SCRAM_SHA_256
  }

  /** The user name is left empty, as libpq does: PostgreSQL takes it from the startup packet. */
  first(): Buffer {
    return Buffer.from(this.#gs2Header + this.#firstBare(), 'utf8')
  }

  async respond(serverFirst: Buffer): Promise<Buffer> {
    const text = serverFirst.toString('utf8')
    const [, nonce, salt, iterations] = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+=*),i=(\d{1,10})$/.exec(text) ?? []
    if (nonce === undefined || salt === undefined || iterations === undefined) bad('malformed server-first message')
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) bad('the server did not continue our nonce')
    const rounds = Number(iterations)
    if (rounds < 1 || rounds > MAX_ITERATIONS) bad(`${iterations} iterations`)

    const keys = await cachedKeys(this.#options.password, salt, rounds, this.#options.cache)
    const binding = Buffer.concat([
      Buffer.from(this.#gs2Header, 'utf8'),
      this.#options.channelBinding ?? Buffer.alloc(0),
    ]).toString('base64')
    const withoutProof = `c=${binding},r=${nonce}`
    const authMessage = `${this.#firstBare()},${text},${withoutProof}`
    const proof = xor(keys.clientKey, hmac(keys.storedKey, authMessage))
    this.#expectedSignature = hmac(keys.serverKey, authMessage)
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`, 'utf8')
  }

  finish(serverFinal: Buffer): void {
    const [, error, signature] = /^(?:e=([^,]*)|v=([A-Za-z0-9+/]+=*))$/.exec(serverFinal.toString('utf8')) ?? []
    if (error !== undefined) bad(`the server said ${error}`)
    if (signature === undefined || this.#expectedSignature === undefined) bad('malformed server-final message')
    if (!equal(Buffer.from(signature, 'base64'), this.#expectedSignature)) bad('the server does not know the password')
  }

  #firstBare(): string {
    return `n=,r=${this.#nonce}`
  }
}

/** What a server keeps of a password. */
export interface ScramVerifier {
  readonly salt: Buffer
  readonly iterations: number
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

export async function makeScramVerifier(password: Secret, iterations = DEFAULT_ITERATIONS): Promise<ScramVerifier> {
  const salt = randomBytes(16)
  const { storedKey, serverKey } = await deriveKeys(password, salt, iterations)
  return { salt, iterations, storedKey, serverKey }
}

/**
 * The server's side of one SCRAM-SHA-256 exchange: `first(client-first)`, then `finish(client-final)`.
 *
 * @throws BAD_SCRAM where a message is malformed; a wrong password is an answer, not an error.
 */
export class ScramServer {
  readonly #verifier: ScramVerifier
  readonly #serverNonce: string
  #gs2Header = ''
  #nonce = ''
  /** client-first-bare and server-first, as the signatures cover them. */
  #signed = ''

  constructor(verifier: ScramVerifier, nonce?: string) {
    this.#verifier = verifier
    this.#serverNonce = nonce ?? randomBytes(NONCE_BYTES).toString('base64')
  }

  first(clientFirst: Buffer): Buffer {
    const text = clientFirst.toString('utf8')
    const [, gs2, authzid, bare, clientNonce] =
      /^([ny],([^,]*),)(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(text) ?? []
    if (gs2 === undefined || bare === undefined || clientNonce === undefined) malformed('client-first message')
    if (authzid !== '') fail('AUTHZID_REFUSED', { detail: 'the client sent an authorization identity' })
    this.#gs2Header = gs2
    this.#nonce = clientNonce + this.#serverNonce
    const { salt, iterations } = this.#verifier
    const serverFirst = `r=${this.#nonce},s=${salt.toString('base64')},i=${iterations}`
    this.#signed = `${bare},${serverFirst}`
    return Buffer.from(serverFirst, 'utf8')
  }

  finish(clientFinal: Buffer): { ok: true; serverFinal: Buffer } | { ok: false } {
    const text = clientFinal.toString('utf8')
    const [, withoutProof, binding, nonce, proof] =
      /^(c=([A-Za-z0-9+/]+=*),r=([\x21-\x2b\x2d-\x7e]+)(?:,[^p][^,]*)*),p=([A-Za-z0-9+/]+=*)$/s.exec(text) ?? []
    if (withoutProof === undefined || proof === undefined || this.#nonce === '') malformed('client-final message')
    if (binding !== Buffer.from(this.#gs2Header, 'utf8').toString('base64')) malformed('channel binding')
    if (nonce !== this.#nonce) malformed('nonce')
    const given = Buffer.from(proof, 'base64')
    if (given.length !== HASH_BYTES) malformed('proof')

    const { storedKey, serverKey } = this.#verifier
    const authMessage = `${this.#signed},${withoutProof}`
    const clientKey = xor(given, hmac(storedKey, authMessage))
    if (!equal(sha256(clientKey), storedKey)) return { ok: false }
    return { ok: true, serverFinal: Buffer.from(`v=${hmac(serverKey, authMessage).toString('base64')}`, 'utf8') }
  }
}

async function cachedKeys(
  password: Secret,
  salt: string,
  iterations: number,
  cache: ScramKeyCache | undefined,
): Promise<ScramKeys> {
  const name = `${iterations}:${salt}`
  const cached = cache?.get(name)
  if (cached) return cached
  const keys = await deriveKeys(password, Buffer.from(salt, 'base64'), iterations)
  if (cache && cache.size >= MAX_CACHED_KEYS) cache.clear()
  cache?.set(name, keys)
  return keys
}

async function deriveKeys(password: Secret, salt: Buffer, iterations: number): Promise<ScramKeys> {
  const salted = await pbkdf2Async(saslprep(password.reveal()), salt, iterations, HASH_BYTES, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  return { clientKey, storedKey: sha256(clientKey), serverKey: hmac(salted, 'Server Key') }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)))
}

function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

function bad(detail: string): never {
  fail('SERVER_BAD', { detail: `SCRAM: ${detail}` })
}

function malformed(detail: string): never {
  fail('BAD_SCRAM', { detail: `malformed ${detail}` })
}
