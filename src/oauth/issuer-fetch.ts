import { readFile } from 'node:fs/promises'
import type { CustomFetch } from 'openid-client'
import { fail } from '../base/errors.ts'
import { isLoopbackHost } from '../base/loopback.ts'

export interface IssuerNetwork {
  readonly env: NodeJS.ProcessEnv
  /** PEM certificates that the issuer's chain must end in, in place of Node's own. */
  readonly caFile: string | undefined
}

/**
 * A fetch for calls to the issuer: through HTTPS_PROXY unless NO_PROXY names the host, and trusting
 * `caFile` where one is given (with NODE_EXTRA_CA_CERTS, which Node itself honours otherwise).
 *
 * Node 20's own fetch ignores proxies, so undici is loaded where there is one. Plain http is refused to
 * any host but this machine, whatever a discovery document names.
 */
export async function openIssuerFetch({ env, caFile }: IssuerNetwork): Promise<CustomFetch> {
  const dispatched = await openDispatchedFetch(env, caFile)
  return async (url, options) => {
    const { protocol, hostname } = new URL(url)
    if (protocol !== 'https:' && !(protocol === 'http:' && isLoopbackHost(hostname))) {
      fail('ISSUER_INVALID', { detail: `it names ${protocol}//${hostname}, which is not https` })
    }
    return protocol === 'http:' ? fetch(url, options as RequestInit) : dispatched(url, options)
  }
}

/** The proxy that calls to this URL go through, for messages; undefined where they go directly. */
export function proxyOf(url: URL, env: NodeJS.ProcessEnv): string | undefined {
  const proxy = env.https_proxy ?? env.HTTPS_PROXY
  // Plain http is this machine, and no proxy of the network's knows the way to that.
  if (!proxy || url.protocol === 'http:') return undefined
  const exempt = (env.no_proxy ?? env.NO_PROXY ?? '').split(/[\s,]+/).filter(Boolean)
  const host = url.hostname.toLowerCase()
  const matches = (entry: string) => {
    const bare = entry
      .replace(/^\*?\./, '')
      .replace(/:\d+$/, '')
      .toLowerCase()
    return entry === '*' || host === bare || host.endsWith(`.${bare}`)
  }
  return exempt.some(matches) ? undefined : proxy
}

async function openDispatchedFetch(env: NodeJS.ProcessEnv, caFile: string | undefined): Promise<CustomFetch> {
  const httpsProxy = env.https_proxy ?? env.HTTPS_PROXY
  if (!httpsProxy && !caFile) return (url, options) => fetch(url, options as RequestInit)

  const ca = caFile ? await readAuthorities(caFile, env) : undefined
  const { EnvHttpProxyAgent, fetch: undiciFetch } = await import('undici')
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: '',
    httpsProxy: httpsProxy ?? '',
    noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
    ...(ca && { connect: { ca }, requestTls: { ca } }),
  })
  return async (url, options) => {
    const response = await undiciFetch(url, { ...(options as Parameters<typeof undiciFetch>[1]), dispatcher })
    return response as unknown as Response
  }
}

async function readAuthorities(caFile: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const files = [caFile, ...(env.NODE_EXTRA_CA_CERTS ? [env.NODE_EXTRA_CA_CERTS] : [])]
  return Promise.all(
    files.map(async (file) => {
      try {
        const pem = await readFile(file, 'utf8')
        if (pem.includes('-----BEGIN CERTIFICATE-----') || file !== caFile) return pem
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        fail('CONFIG_INVALID', {
          detail: `issuer_tls.ca: ${file} cannot be read (${code})`,
          fix: 'name a PEM file with the certificates of your network in issuer_tls.ca',
          cause: error,
        })
      }
      fail('CONFIG_INVALID', {
        detail: `issuer_tls.ca: there is no certificate in ${file}`,
        fix: 'name a PEM file with the certificates of your network in issuer_tls.ca',
      })
    }),
  )
}
