import { MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'

/** What a server's `R` message asks for. `other` is a way in that takes neither token nor password. */
export type AuthenticationRequest =
  | { readonly kind: 'ok' }
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'md5'; readonly salt: Buffer }
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'sasl-continue'; readonly data: Buffer }
  | { readonly kind: 'sasl-final'; readonly data: Buffer }
  | { readonly kind: 'other'; readonly name: string }

/** By their Int32 code; named so that an error can say what was asked for. */
const OTHER_REQUESTS = new Map([
  [2, 'Kerberos V5'],
  [6, 'SCM credentials'],
  [7, 'GSSAPI'],
  [8, 'GSSAPI'],
  [9, 'SSPI'],
])

/**
 * Reads the body of an `R` message.
 *
 * @throws BAD_FRAME when it is not one the manual describes.
 * @see https://www.postgresql.org/docs/18/protocol-message-formats.html AuthenticationOk and those after it
 */
export function parseAuthentication(body: Buffer): AuthenticationRequest {
  const reader = new MessageReader(body)
  const code = reader.int32()
  switch (code) {
    case 0:
      reader.end()
      return { kind: 'ok' }
    case 3:
      reader.end()
      return { kind: 'cleartext' }
    case 5: {
      const salt = Buffer.from(reader.bytes(4))
      reader.end()
      return { kind: 'md5', salt }
    }
    case 10: {
      const mechanisms: string[] = []
      for (let name = reader.cstring(); name !== ''; name = reader.cstring()) mechanisms.push(name)
      reader.end()
      return { kind: 'sasl', mechanisms }
    }
    case 11:
      return { kind: 'sasl-continue', data: Buffer.from(reader.rest()) }
    case 12:
      return { kind: 'sasl-final', data: Buffer.from(reader.rest()) }
  }
  const name = OTHER_REQUESTS.get(code)
  return name === undefined ? reader.fail(`authentication request ${code}`) : { kind: 'other', name }
}

export function encodeAuthenticationOk(): Buffer {
  return new MessageWriter(9).begin('R').int32(0).end().finish()
}

export function encodeAuthenticationCleartextPassword(): Buffer {
  return new MessageWriter(9).begin('R').int32(3).end().finish()
}

export function encodeAuthenticationSasl(mechanisms: readonly string[]): Buffer {
  const writer = new MessageWriter().begin('R').int32(10)
  for (const mechanism of mechanisms) writer.cstring(mechanism)
  return writer.byte(0).end().finish()
}

export function encodeAuthenticationSaslContinue(data: Uint8Array): Buffer {
  return new MessageWriter().begin('R').int32(11).bytes(data).end().finish()
}

export function encodeAuthenticationSaslFinal(data: Uint8Array): Buffer {
  return new MessageWriter().begin('R').int32(12).bytes(data).end().finish()
}

/** The client's choice of mechanism and its first message; `data` is null where it sends none. */
export interface SaslInitialResponse {
  readonly mechanism: string
  readonly data: Buffer | null
}

/** Reads the body of the `p` message that answers AuthenticationSASL. */
export function parseSaslInitialResponse(body: Buffer): SaslInitialResponse {
  const reader = new MessageReader(body)
  const mechanism = reader.cstring()
  const length = reader.int32()
  const data = length === -1 ? null : Buffer.from(reader.bytes(length))
  reader.end()
  return { mechanism, data }
}

export function encodeSaslInitialResponse(mechanism: string, data: Uint8Array): Buffer {
  return new MessageWriter().begin('p').cstring(mechanism).int32(data.length).bytes(data).end().finish()
}

export function encodeSaslResponse(data: Uint8Array): Buffer {
  return new MessageWriter().begin('p').bytes(data).end().finish()
}

/** Reads the body of the `p` message that answers AuthenticationCleartextPassword. */
export function parsePasswordMessage(body: Buffer): string {
  const reader = new MessageReader(body)
  const password = reader.cstring()
  reader.end()
  return password
}

export function encodePasswordMessage(password: string): Buffer {
  return new MessageWriter().begin('p').cstring(password).end().finish()
}
