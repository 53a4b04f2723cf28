import { readFile } from 'node:fs/promises'
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { tlsFailure } from './tls-failure.ts'

/** How the far side's certificate is checked; the modes are libpq's. */
export interface TlsSettings {
  readonly mode: 'verify-full' | 'verify-ca' | 'require'
  /** File names. */
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  /** The name to check and to send as SNI. */
  readonly name: string
}

/** PostgreSQL's ALPN name (manual section 54.2.9). */
export const POSTGRES_ALPN = 'postgresql'

/**
 * TLS over an open connection, the certificate checked before this returns; TLS 1.2 at least.
 *
 * @throws TLS_FAILED, naming what does not fit and the setting to look at; CONFIG_INVALID for files that
 *   cannot be read.
 */
export async function startTls(
  socket: Socket,
  settings: TlsSettings,
  { timeoutMs, clock }: { readonly timeoutMs: number; readonly clock: Clock },
): Promise<TLSSocket> {
  const options = await connectionOptions(settings).catch((error: unknown) => {
    socket.destroy()
    throw error
  })
  // TLS reports what goes wrong; what the socket says of it besides must not end the process.
  socket.on('error', () => {})
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown) => {
      socket.destroy()
      reject(error)
    }
    let secure: TLSSocket
    try {
      secure = connect({ ...options, socket })
    } catch (cause) {
      return refuse(tlsFailure(cause, settings))
    }
    const stopTimer = clock.after(timeoutMs, () => secure.destroy(new Error('the TLS handshake took too long')))
    const onError = (cause: unknown) => {
      stopTimer()
      refuse(tlsFailure(cause, settings))
    }
    const onClose = () => onError(new Error('the other side closed the connection during the TLS handshake'))
    secure.once('error', onError)
    secure.once('close', onClose)
    secure.once('secureConnect', () => {
      stopTimer()
      secure.off('error', onError)
      secure.off('close', onClose)
      resolve(secure)
    })
  })
}

async function connectionOptions(settings: TlsSettings): Promise<ConnectionOptions> {
  const { mode, name } = settings
  if (mode === 'verify-ca' && settings.ca === undefined) {
    fail('CONFIG_INVALID', {
      detail: 'tls.mode verify-ca without tls.ca would take the certificate of every site on the internet',
      fix: 'name the authority in tls.ca, or use verify-full',
    })
  }
  const [ca, cert, key] = await Promise.all([
    readSetting('tls.ca', settings.ca),
    readSetting('tls.cert', settings.cert),
    readSetting('tls.key', settings.key),
  ])
  return {
    host: name,
    ...(isIP(name) === 0 && { servername: name }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ALPNProtocols: [POSTGRES_ALPN],
    minVersion: 'TLSv1.2',
    rejectUnauthorized: mode !== 'require',
    ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  }
}

async function readSetting(setting: string, file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file)
  } catch (cause) {
    return fail('CONFIG_INVALID', { detail: `${setting}: ${(cause as Error).message}`, cause })
  }
}
