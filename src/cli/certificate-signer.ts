import { request } from 'node:http'
import type { Socket } from 'node:net'
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'

const LOOK_TIMEOUT_MS = 10_000

/**
 * Who signed the certificate that is shown there, unchecked: only to name it to a person. Nothing is sent.
 * Undefined where none is shown.
 */
export async function signerAt(where: {
  readonly host: string
  readonly port: number
  readonly proxy?: string | undefined
}): Promise<string | undefined> {
  const socket = where.proxy ? await throughProxy(where.proxy, where.host, where.port) : undefined
  return new Promise((resolve, reject) => {
    const servername = /^[\d.:[\]]+$/.test(where.host) ? undefined : where.host
    const secure = connect({
      host: where.host,
      port: where.port,
      rejectUnauthorized: false,
      ...(socket && { socket }),
      ...(servername && { servername }),
    })
    secure.setTimeout(LOOK_TIMEOUT_MS, () => secure.destroy(new Error('no answer')))
    secure.once('error', reject)
    secure.once('secureConnect', () => {
      resolve(signerOf(secure))
      secure.destroy()
    })
  })
}

/** The last authority of the chain that was shown, else who the certificate says signed it. */
export function signerOf(secure: TLSSocket): string | undefined {
  const certificate = secure.getPeerCertificate(true)
  if (Object.keys(certificate).length === 0) return undefined
  let last: DetailedPeerCertificate = certificate
  for (let depth = 0; depth < 10; depth++) {
    const { issuerCertificate } = last
    if (!issuerCertificate || issuerCertificate.fingerprint256 === last.fingerprint256) break
    last = issuerCertificate
  }
  const { CN, O } = last.issuer
  const names = [CN, O].flat().filter((name) => typeof name === 'string')
  return names.length > 0 ? `"${[...new Set(names)].join(', ')}"` : undefined
}

function throughProxy(proxy: string, host: string, port: number): Promise<Socket> {
  const { hostname, port: proxyPort, username, password } = new URL(proxy)
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  return new Promise((resolve, reject) => {
    const asked = request({
      host: hostname,
      port: proxyPort || 80,
      method: 'CONNECT',
      path: `${host}:${port}`,
      timeout: LOOK_TIMEOUT_MS,
      headers: username ? { 'proxy-authorization': `Basic ${credentials}` } : {},
    })
    asked.once('connect', (_response, socket) => resolve(socket))
    asked.once('error', reject)
    asked.once('timeout', () => asked.destroy(new Error('no answer')))
    asked.end()
  })
}
