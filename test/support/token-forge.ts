import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export interface ForgeKey {
  readonly alg: 'ES256' | 'RS256' | 'EdDSA'
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function newForgeKey(alg: ForgeKey['alg'], kid: string): ForgeKey {
  const pair =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : alg === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ed25519')
  return { alg, kid, ...pair }
}

/** The public half, as a key set lists it. */
export function publicJwk({ publicKey, kid, alg }: ForgeKey): Record<string, unknown> {
  return { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
}

export function base64url(text: string | Buffer): string {
  return Buffer.from(text).toString('base64url')
}

/** A compact JWS over any two texts, whether they are JSON or not: libraries refuse to make the ones that matter here. */
export function signTexts(header: string, payload: string, key: ForgeKey): string {
  return signInput(`${base64url(header)}.${base64url(payload)}`, key)
}

export function signInput(input: string, { alg, privateKey }: ForgeKey): string {
  const signature =
    alg === 'EdDSA'
      ? sign(null, Buffer.from(input), privateKey)
      : sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${base64url(signature)}`
}

/** What HMAC makes of a text that everybody can read: a public key. */
export function signWithPublicText(header: string, payload: string, text: string | Buffer): string {
  const input = `${base64url(header)}.${base64url(payload)}`
  return `${input}.${createHmac('sha256', text).update(input).digest('base64url')}`
}
