import { createPrivateKey, type JsonWebKey, type KeyObject, webcrypto } from 'node:crypto'
import * as client from 'openid-client'
import { fail } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'

/** What this client proves itself with: nothing (a public client), a shared secret, or a private key. */
export type ClientCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'key'; readonly pemOrJwk: Secret; readonly file: string }

/** The ways to authenticate at the token endpoint, in the order to try them. */
export async function chooseAuthentication(
  credential: ClientCredential,
  metadata: Readonly<client.ServerMetadata>,
): Promise<client.ClientAuth[]> {
  switch (credential.kind) {
    case 'none':
      return [client.None()]
    case 'secret': {
      const secret = credential.secret.reveal()
      // RFC 8414 section 2: where the member is missing, client_secret_basic is meant.
      const offered = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
      const basic = offered.includes('client_secret_basic') ? [client.ClientSecretBasic(secret)] : []
      const post = offered.includes('client_secret_post') ? [client.ClientSecretPost(secret)] : []
      return basic.length + post.length > 0 ? [...basic, ...post] : [client.ClientSecretPost(secret)]
    }
    case 'key':
      return [await privateKeyJwt(credential.pemOrJwk.reveal(), credential.file, metadata)]
  }
}

/** RFC 7523. The algorithm follows from the key; for RSA, from what the issuer lists. */
async function privateKeyJwt(
  text: string,
  file: string,
  metadata: Readonly<client.ServerMetadata>,
): Promise<client.ClientAuth> {
  const { key, kid } = readKey(text, file)
  const { token_endpoint_auth_signing_alg_values_supported: values } = metadata
  const listed: readonly unknown[] = Array.isArray(values) ? values : []
  const algorithm = webCryptoAlgorithm(key, listed)
  if (!algorithm) {
    fail('CONFIG_INVALID', { detail: `client_key: ${file} holds a key of a kind that no issuer takes` })
  }
  const der = key.export({ format: 'der', type: 'pkcs8' })
  const imported = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  return client.PrivateKeyJwt(kid === undefined ? imported : { key: imported, kid }, {
    [client.modifyAssertion](header) {
      // RFC 9864 renamed EdDSA to Ed25519; most issuers know the old name alone.
      if (header.alg === 'Ed25519' && !listed.includes('Ed25519')) header.alg = 'EdDSA'
    },
  })
}

function readKey(text: string, file: string): { key: KeyObject; kid: string | undefined } {
  try {
    if (!text.trimStart().startsWith('{')) return { key: createPrivateKey(text), kid: undefined }
    const jwk = JSON.parse(text) as { kid?: unknown }
    const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
    return { key, kid: typeof jwk.kid === 'string' ? jwk.kid : undefined }
  } catch {
    // The parser's own message may quote the key.
    fail('CONFIG_INVALID', { detail: `client_key: ${file} is no private key in PEM or JWK form` })
  }
}

type ImportAlgorithm = webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams | { name: 'Ed25519' }

function webCryptoAlgorithm(key: KeyObject, listed: readonly unknown[]): ImportAlgorithm | undefined {
  switch (key.asymmetricKeyType) {
    case 'rsa': {
      const onlyPss = listed.includes('PS256') && !listed.includes('RS256')
      return { name: onlyPss ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    }
    case 'ec': {
      const curves: Record<string, string> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }
      const namedCurve = curves[key.asymmetricKeyDetails?.namedCurve ?? '']
      return namedCurve ? { name: 'ECDSA', namedCurve } : undefined
    }
    case 'ed25519':
      return { name: 'Ed25519' }
    default:
      return undefined
  }
}
