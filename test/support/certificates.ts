import { type CertificateAuthority, createCertificateAuthority } from '../../src/demo/certificates.ts'

export {
  type CertificateAuthority,
  type CertifiedKey,
  createCertificateAuthority,
} from '../../src/demo/certificates.ts'

/** One authority and what tests of TLS want of it. */
export function testCertificates(authority: CertificateAuthority = createCertificateAuthority('test CA')) {
  const aDayAgo = new Date(Date.now() - 86_400_000)
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000)
  const local = ['localhost', '127.0.0.1']
  return {
    ca: authority.cert,
    authority,
    server: authority.issue('localhost', { hosts: local }),
    expired: authority.issue('localhost', { hosts: local, from: twoDaysAgo, until: aDayAgo }),
    wrongHost: authority.issue('db.example.com', { hosts: ['db.example.com'] }),
    /** Good in itself, by an authority that nobody trusts. */
    stranger: createCertificateAuthority('strange CA').issue('localhost', { hosts: local }),
    client: authority.issue('ada', { use: 'client' }),
  }
}
