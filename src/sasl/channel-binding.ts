import { createHash } from 'node:crypto'

/**
 * `tls-server-end-point` channel binding data of a server's certificate (DER): its hash under the signature's own
 * hash function, SHA-256 where that is MD5 or SHA-1. Undefined where the signature has none that is known (Ed25519),
 * in which case there is no channel binding to be had.
 *
 * @see RFC 5929 section 4.1
 */
export function tlsServerEndPoint(certificate: Buffer): Buffer | undefined {
  const hash = signatureHash(certificate)
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest()
}

/** By the DER of the algorithm's object identifier, in hexadecimal. */
const HASHES: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256', // md5WithRSAEncryption
  '2a864886f70d010105': 'sha256', // sha1WithRSAEncryption
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a864886f70d01010e': 'sha224',
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
}

/** Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER … } … } */
function signatureHash(der: Buffer): string | undefined {
  const certificate = readElement(der, 0)
  const tbs = certificate && readElement(der, certificate.contentAt)
  const algorithm = tbs && readElement(der, tbs.end)
  const oid = algorithm && readElement(der, algorithm.contentAt)
  if (oid === undefined || der[algorithm?.contentAt ?? 0] !== 0x06) return undefined
  return HASHES[der.subarray(oid.contentAt, oid.end).toString('hex')]
}

function readElement(der: Buffer, at: number): { contentAt: number; end: number } | undefined {
  const first = der[at + 1]
  if (first === undefined) return undefined
  if (first < 0x80) return { contentAt: at + 2, end: at + 2 + first }
  const lengthBytes = first & 0x7f
  if (lengthBytes < 1 || lengthBytes > 4 || at + 2 + lengthBytes > der.length) return undefined
  const contentAt = at + 2 + lengthBytes
  return { contentAt, end: contentAt + der.readUIntBE(at + 2, lengthBytes) }
}
