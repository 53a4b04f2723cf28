import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { ClientMetadata, JWK, Provider } from 'oidc-provider'
import { type Clock, systemClock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { type IssuerSettings, issuerConfiguration } from './issuer-configuration.ts'
import { answerInteraction, isInteraction } from './issuer-interaction.ts'
import { memoryStore } from './issuer-store.ts'

export interface IssuerOptions {
  readonly settings?: Partial<IssuerSettings>
  /** Beside `pgoauth`, a public native client that may do everything a laptop does. */
  readonly clients?: readonly ClientMetadata[]
  /** A free one where absent. */
  readonly port?: number
  /** PEM texts: https then, under `localhost`. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly clock?: Clock
  /** Sees each request first; true: it has answered, or will. For tests: outages, delays, counts. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>
}

export interface Issuer {
  readonly url: string
  /** Changes count from the next token. */
  readonly settings: IssuerSettings
  /** Private keys as JWK, the signing ones first. */
  readonly keys: readonly JWK[]
  /** New keys; the old ones stay published unless told otherwise. Logins and refresh tokens stay good. */
  rotateKeys(options?: { keepOld?: boolean }): void
  /** Closes the port, also under connections in use. */
  stop(): Promise<void>
}

const DEFAULTS: IssuerSettings = {
  accounts: [{ subject: 'ada' }],
  defaultResource: 'postgres://demo',
  scopes: [],
  format: 'jwt',
  algorithm: 'ES256',
  accessTokenSeconds: 300,
  refreshTokenSeconds: 86_400,
  deviceCodeSeconds: 600,
  devicePollSeconds: 1,
  clientClaims: {},
}

const NATIVE_CLIENT: ClientMetadata = {
  client_id: 'pgoauth',
  client_name: 'pgoauth',
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
  // A native client's loopback redirect fits on any port (RFC 8252 section 7.3).
  redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback', 'http://localhost/callback'],
}

/**
 * An OAuth issuer on loopback, `oidc-provider` within: authorization code with PKCE, device and client_credentials grants, refresh
 * with rotation, revocation, introspection. It keeps everything in memory and knows anyone who says who they are.
 *
 * @throws DEMO_FAILED when its package is not installed, or the port is taken.
 */
export async function startIssuer(options: IssuerOptions = {}): Promise<Issuer> {
  const Provider = await loadProvider()
  const settings = { ...DEFAULTS, ...options.settings }
  const parts = {
    settings,
    clients: [NATIVE_CLIENT, ...(options.clients ?? [])],
    store: memoryStore(options.clock ?? systemClock),
  }
  let keys = newKeys()
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.statusCode = 400
      response.end(error instanceof Error ? error.message : 'error')
    })
  }
  const server: Server = options.tls ? createTlsServer(options.tls, handle) : createServer(handle)
  const port = await listen(server, options.port ?? 0)
  const url = options.tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`
  let provider = build()

  function build(): Provider {
    const built = new Provider(url, issuerConfiguration({ ...parts, keys }))
    built.use(async (context, next) => {
      await next()
      const body: unknown = context.body
      if (context.oidc?.route === 'device_authorization' && typeof body === 'object' && body !== null) {
        Object.assign(body, { interval: settings.devicePollSeconds })
      }
    })
    return built
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (await options.intercept?.(request, response)) return
    if (isInteraction(request)) await answerInteraction(provider, settings, request, response)
    else await provider.callback()(request, response)
  }

  return {
    url,
    settings,
    get keys() {
      return keys
    },
    rotateKeys({ keepOld = true } = {}) {
      keys = [...newKeys(), ...(keepOld ? keys : [])]
      provider = build()
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function loadProvider(): Promise<typeof Provider> {
  // At import it warns that Node 20 is older than what its authors test on. Ours do test on it.
  const { warn } = console
  console.warn = () => {}
  try {
    return (await import('oidc-provider')).Provider
  } catch (cause) {
    return fail('DEMO_FAILED', {
      detail: 'the package oidc-provider is not installed',
      fix: 'in a clone of pgoauth, run "npm install" without --omit=dev',
      cause,
    })
  } finally {
    console.warn = warn
  }
}

function newKeys(): JWK[] {
  const name = randomBytes(6).toString('base64url')
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  return [
    { ...ec, kid: `${name}-ec`, alg: 'ES256', use: 'sig' } as JWK,
    { ...rsa, kid: `${name}-rsa`, alg: 'RS256', use: 'sig' } as JWK,
  ]
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EADDRINUSE') throw cause
    return fail('DEMO_FAILED', { detail: `port ${port} on 127.0.0.1 is in use`, fix: 'choose another port', cause })
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : fail('INTERNAL')
}
