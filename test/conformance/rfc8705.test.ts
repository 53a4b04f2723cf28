import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { type CertifiedKey, startDoorWithClientCertificates } from '../support/door-certificates.ts'

// RFC 8705 section 3: a token that names a certificate is good on connections made with that certificate alone.
const { door, authority } = await startDoorWithClientCertificates()
const mine = authority.issue('ada', { use: 'client' })
const other = authority.issue('ada', { use: 'client' })

function thumbprint({ cert }: CertifiedKey): string {
  return createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url')
}

const bound = () => door.issuer.mint({ cnf: { 'x5t#S256': thumbprint(mine) } })
const over = (certificate: CertifiedKey | undefined) => ({ raw: certificate ? { ...certificate } : {} })

test('section 3.1: the certificate that it names carries it', async () => {
  assert.equal(await door.outcome({ token: await bound(), ...over(mine) }), 'ok')
})

test('section 3: no other certificate carries it, though it is good and of the same name', async () => {
  assert.equal(await door.outcome({ token: await bound(), ...over(other) }), '28000')
  assert.match(String(door.reasons().at(-1)), /bound to another client certificate/)
})

test('a certificate of an authority that is not the configured one is refused before any token counts', async () => {
  const stranger = door.certificates.authority.issue('ada', { use: 'client' })
  assert.equal(await door.outcome({ token: await door.issuer.mint(), ...over(stranger) }), '28000')
  assert.match(String(door.reasons().at(-1)), /does not check out: UNABLE_TO_/)
})

test('section 3: a connection without a certificate does not carry it', async () => {
  assert.equal(await door.outcome({ token: await bound() }), '28000')
  assert.match(String(door.reasons().at(-1)), /there is none/)
})

test('a token that was good a moment ago is not good for whoever stole it', async () => {
  const token = await bound()
  assert.equal(await door.outcome({ token, ...over(mine) }), 'ok')
  assert.equal(await door.outcome({ token, ...over(other) }), '28000')
  assert.equal(await door.outcome({ token }), '28000')
})

test('a token that was refused to a thief a moment ago is good for its owner', async () => {
  const token = await bound()
  assert.equal(await door.outcome({ token }), '28000')
  assert.equal(await door.outcome({ token, ...over(mine) }), 'ok')
})

test('it holds for a token that comes as password too', async () => {
  const token = await bound()
  assert.equal(await door.outcome({ token, ...over(mine), port: door.passwordPort }), 'ok')
  assert.equal(await door.outcome({ token, port: door.passwordPort }), '28000')
})

test('a token that names no certificate is carried by any connection', async () => {
  const token = await door.issuer.mint()
  assert.equal(await door.outcome({ token, ...over(mine) }), 'ok')
  assert.equal(await door.outcome({ token }), 'ok')
})

test('RFC 9449 section 6: a token bound to a DPoP key is no bearer token', async () => {
  const token = await door.issuer.mint({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } })
  assert.equal(await door.outcome({ token, ...over(mine) }), '28000')
  assert.match(String(door.reasons().at(-1)), /proof that is not supported \("jkt"\)/)
})
