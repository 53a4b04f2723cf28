import { readFileSync } from 'node:fs'
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
  close(): void
}

/** Opens probes, admin and logout, each alone on its port. @throws LISTEN_FAILED, CONFIG_INVALID; then none is open. */
export async function openSideListeners(config: ProxyConfig, parts: SideListenerParts): Promise<SideListeners> {
  const { probes, admin, logout } = config
  const opened: HttpListener[] = []
  const close = () => {
    for (const listener of opened) listener.close()
  }
  const open = async (...options: Parameters<typeof openHttpListener>): Promise<Address> => {
    const listener = await openHttpListener(...options)
    opened.push(listener)
    return listener.address
  }
  try {
    return {
      probes: probes && (await open(probes.address, undefined, (request) => answerProbe(request, parts))),
      admin:
        admin &&
        (await open(admin.address, readTls('admin', admin.tls), (request) =>
          answerAdmin(request, { ...parts, tokenFile: admin.tokenFile }),
        )),
      logout:
        logout &&
        (await open(logout.address, readTls('logout', logout.tls), (request) => answerLogout(request, parts))),
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

type TlsFiles = { readonly cert: string; readonly key: string; readonly clientCa?: string | undefined }

/** @throws CONFIG_INVALID */
function readTls(entry: string, files: TlsFiles | undefined): HttpTls | undefined {
  if (files === undefined) return undefined
  const { cert, key, clientCa } = files
  try {
    return {
      cert: readFileSync(cert),
      key: readFileSync(key),
      clientCa: clientCa === undefined ? undefined : readFileSync(clientCa),
    }
  } catch (cause) {
    return fail('CONFIG_INVALID', { detail: `${entry}.tls: ${(cause as Error).message}`, cause })
  }
}
