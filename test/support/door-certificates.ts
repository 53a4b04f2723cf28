import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CertificateAuthority, type CertifiedKey, createCertificateAuthority } from './certificates.ts'
import { type Door, startDoor } from './door.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export type { CertifiedKey }

/** A door that takes client certificates of one authority, and asks for none. */
export async function startDoorWithClientCertificates(): Promise<{ door: Door; authority: CertificateAuthority }> {
  const authority = createCertificateAuthority('clients of the test')
  const file = join(temporaryDirectory(), 'clients.pem')
  writeFileSync(file, authority.cert)
  const door = await startDoor({
    proxyYaml: (text) => text.replace('key: server.key }', `key: server.key, client_ca: ${file} }`),
  })
  return { door, authority }
}
