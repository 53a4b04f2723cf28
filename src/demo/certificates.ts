import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'
import { systemClock } from '../base/clock.ts'
import { bits, boolean, explicit, identifier, implicit, integer, octets, sequence, set, time, utf8 } from './der.ts'

/** PEM texts. */
export interface CertifiedKey {
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  /** DNS names and IPv4 addresses it stands for. */
  readonly hosts?: readonly string[]
  readonly use?: 'server' | 'client'
  /** An hour ago where absent, so that clocks may differ. */
  readonly from?: Date
  /** Thirty days from now where absent. */
  readonly until?: Date
}

export interface CertificateAuthority extends CertifiedKey {
  /** A certificate for `commonName`, a server's unless told otherwise, with a key of its own. */
  issue(commonName: string, options?: CertificateOptions): CertifiedKey
}

const HOUR_MS = 3_600_000
const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
} as const

/**
 * A certificate authority of the moment, for the demonstration and for tests: ECDSA P-256, X.509 v3 (RFC 5280). Node can make
 * keys and sign, but has nothing that writes certificates.
 */
export function createCertificateAuthority(commonName = 'pgoauth demonstration CA'): CertificateAuthority {
  const keys = newKeys()
  const authority = { name: commonName, ...keys }
  const cert = certificate({
    subject: commonName,
    publicKey: keys.publicKey,
    issuer: authority,
    // Bits 5 and 6: signs certificates and revocation lists.
    extensions: [basicConstraints(true), keyUsage(Buffer.of(0x06), 1)],
  })
  return {
    cert,
    key: pem(keys.privateKey),
    issue(subject, { hosts = [], use = 'server', from, until } = {}) {
      const own = newKeys()
      const extensions = [
        basicConstraints(false),
        // Bit 0: signs in a TLS handshake.
        keyUsage(Buffer.of(0x80), 7),
        extension(OID.extendedKeyUsage, sequence(identifier(OID[use]))),
        ...(hosts.length > 0 ? [extension(OID.subjectAltName, sequence(...hosts.map(generalName)))] : []),
      ]
      return {
        cert: certificate({ subject, publicKey: own.publicKey, issuer: authority, extensions, from, until }),
        key: pem(own.privateKey),
      }
    },
  }
}

interface Contents {
  readonly subject: string
  readonly publicKey: KeyObject
  readonly issuer: { name: string; publicKey: KeyObject; privateKey: KeyObject }
  readonly extensions: Buffer[]
  readonly from?: Date | undefined
  readonly until?: Date | undefined
}

function certificate({ subject, publicKey, issuer, extensions, from, until }: Contents): string {
  const nowMs = systemClock.nowMs()
  const algorithm = sequence(identifier(OID.ecdsaWithSha256))
  const unsigned = sequence(
    explicit(0, integer(Buffer.of(2))), // version 3
    integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    name(issuer.name),
    sequence(time(from ?? new Date(nowMs - HOUR_MS)), time(until ?? new Date(nowMs + 30 * 24 * HOUR_MS))),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(
      3,
      sequence(
        ...extensions,
        extension(OID.subjectKeyIdentifier, octets(keyIdentifier(publicKey))),
        extension(OID.authorityKeyIdentifier, sequence(implicit(0, keyIdentifier(issuer.publicKey)))),
      ),
    ),
  )
  const signature = sign('sha256', unsigned, issuer.privateKey)
  const base64 = sequence(unsigned, algorithm, bits(signature)).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
}

function newKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function pem(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }))
}

function name(commonName: string): Buffer {
  return sequence(set(sequence(identifier(OID.commonName), utf8(commonName))))
}

function extension(oid: string, value: Buffer, critical = false): Buffer {
  return sequence(identifier(oid), ...(critical ? [boolean(true)] : []), octets(value))
}

function basicConstraints(isAuthority: boolean): Buffer {
  return extension(OID.basicConstraints, sequence(...(isAuthority ? [boolean(true)] : [])), true)
}

function keyUsage(flags: Buffer, unused: number): Buffer {
  return extension(OID.keyUsage, bits(flags, unused), true)
}

/** A name or an address a certificate stands for: RFC 5280 section 4.2.1.6. */
function generalName(host: string): Buffer {
  return isIPv4(host) ? implicit(7, Buffer.from(host.split('.').map(Number))) : implicit(2, Buffer.from(host, 'ascii'))
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
}
