import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { ProxyConfig } from '../config/proxy-config.ts'
import type { Address } from '../config/scalars.ts'
import { type AdminParts, answerAdmin } from './admin.ts'
import type { Generation } from './generation.ts'
import { type HttpListener, type HttpTls, openHttpListener } from './http-listener.ts'
import { answerLogout, type LogoutParts } from './logout.ts'
import { answerProbe, type ProbeParts } from './probes.ts'

export interface SideListenerParts {
  readonly metrics: ProbeParts['metrics']
  readonly readiness: ProbeParts['readiness']
  readonly sessions: AdminParts['sessions']
  readonly revocations: LogoutParts['revocations']
  readonly generation: () => Generation
  readonly isDraining: () => boolean
  readonly clock: Clock
  readonly log: Log
}

/** Where each of them listens; undefined where the configuration has none. */
export interface SideListeners {
  readonly probes: Address | undefined
  readonly admin: Address | undefined
  readonly logout: Address | undefined
  /** Reads the certificates anew; what it gives has new connections see them. @throws CONFIG_INVALID */
  renewal(config: ProxyConfig): () => void
  close(): void
}

/** Opens probes, admin and logout, each alone on its port. @throws LISTEN_FAILED, CONFIG_INVALID; then none is open. */
export async function openSideListeners(config: ProxyConfig, parts: SideListenerParts): Promise<SideListeners> {
  const opened: Partial<Record<'probes' | 'admin' | 'logout', HttpListener>> = {}
  const close = () => {
    for (const listener of Object.values(opened)) listener.close()
  }
  const { probes, admin, logout } = config
  const tls = readSideTls(config)
  try {
    if (probes) opened.probes = await openHttpListener(probes.address, undefined, (one) => answerProbe(one, parts))
    if (admin) {
      const { tokenFile } = admin
      opened.admin = await openHttpListener(admin.address, tls.admin, (one) =>
        answerAdmin(one, { ...parts, tokenFile }),
      )
    }
    if (logout) opened.logout = await openHttpListener(logout.address, tls.logout, (one) => answerLogout(one, parts))
    return {
      probes: opened.probes?.address,
      admin: opened.admin?.address,
      logout: opened.logout?.address,
      renewal: (next) => {
        const renewed = readSideTls(next)
        return () => {
          if (renewed.admin) opened.admin?.renewTls(renewed.admin)
          if (renewed.logout) opened.logout?.renewTls(renewed.logout)
        }
      },
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

type TlsFiles = { readonly cert: string; readonly key: string; readonly clientCa?: string | undefined }

/** @throws CONFIG_INVALID */
function readSideTls({ admin, logout }: ProxyConfig): Record<'admin' | 'logout', HttpTls | undefined> {
  return { admin: readTls('admin', admin?.tls), logout: readTls('logout', logout?.tls) }
}

function readTls(entry: string, files: TlsFiles | undefined): HttpTls | undefined {
  if (files === undefined) return undefined
  const { cert, key, clientCa } = files
  try {
    const tls = {
      cert: readFileSync(cert),
      key: readFileSync(key),
      clientCa: clientCa === undefined ? undefined : readFileSync(clientCa),
    }
    // What does not fit together is found here, before anything is changed.
    createSecureContext({ cert: tls.cert, key: tls.key, ...(tls.clientCa && { ca: tls.clientCa }) })
    return tls
  } catch (cause) {
    return fail('CONFIG_INVALID', { detail: `${entry}.tls: ${(cause as Error).message}`, cause })
  }
}
