import * as client from 'openid-client'
import type { Clock } from '../base/clock.ts'
import { nowSeconds } from '../base/clock.ts'
import { isLoopbackHost } from '../base/loopback.ts'
import type { Secret } from '../base/secret.ts'
import { type ClientCredential, chooseAuthentication } from './client-authentication.ts'
import { type Grant, toGrant } from './grant.ts'
import { isClientRefused, toIssuerError } from './issuer-error.ts'
import { type IssuerNetwork, openIssuerFetch } from './issuer-fetch.ts'

/** How long one call to the issuer may take. */
const CALL_TIMEOUT_SECONDS = 15
/** How far apart this machine's clock and the issuer's may be when an ID token is read. */
const CLOCK_TOLERANCE_SECONDS = 120

export interface IssuerSettings extends IssuerNetwork {
  readonly issuer: string
  readonly clientId: string
  readonly credential: ClientCredential
  readonly clock: Clock
}

/** One issuer as one client sees it. */
export interface Issuer {
  readonly settings: IssuerSettings
  readonly metadata: Readonly<client.ServerMetadata>
  /**
   * Runs one exchange. A secret goes the way the issuer's metadata names first; where that is refused and
   * another is offered, the exchange is tried once more that way.
   *
   * @throws what `toIssuerError` makes of it.
   */
  run<T>(exchange: (configuration: client.Configuration) => Promise<T>): Promise<T>
  /** As run, for an exchange that ends in a token response. */
  runForGrant(exchange: (configuration: client.Configuration) => Promise<client.TokenEndpointResponse>): Promise<Grant>
}

export type { ClientCredential, Secret }

/**
 * Reads the issuer's metadata: OpenID Connect discovery, or RFC 8414's where that is not there.
 *
 * @throws ISSUER_UNREACHABLE, ISSUER_INVALID.
 */
export async function discoverIssuer(settings: IssuerSettings): Promise<Issuer> {
  const fetch = await openIssuerFetch(settings)
  const metadata = await discoverMetadata(settings, fetch)
  const ways = await chooseAuthentication(settings.credential, metadata)
  const configurations = ways.map((way) => {
    const configuration = new client.Configuration(metadata, settings.clientId, clientMetadata, way)
    configuration[client.customFetch] = fetch
    configuration.timeout = CALL_TIMEOUT_SECONDS
    if (isLoopback(settings.issuer)) client.allowInsecureRequests(configuration)
    return configuration
  })

  const run = async <T>(exchange: (configuration: client.Configuration) => Promise<T>): Promise<T> => {
    for (;;) {
      const [configuration, ...others] = configurations
      if (!configuration) throw new Error('an issuer has at least one way of client authentication')
      try {
        return await exchange(configuration)
      } catch (error) {
        if (!isClientRefused(error) || others.length === 0) throw toIssuerError(error, settings)
        configurations.shift()
      }
    }
  }
  return {
    settings,
    metadata,
    run,
    async runForGrant(exchange) {
      const askedAtSeconds = nowSeconds(settings.clock)
      return toGrant(await run(exchange), askedAtSeconds)
    },
  }
}

const clientMetadata: Partial<client.ClientMetadata> = { [client.clockTolerance]: CLOCK_TOLERANCE_SECONDS }

async function discoverMetadata(settings: IssuerSettings, fetch: client.CustomFetch): Promise<client.ServerMetadata> {
  const discover = async (algorithm: 'oidc' | 'oauth2') => {
    const found = await client.discovery(new URL(settings.issuer), settings.clientId, clientMetadata, client.None(), {
      algorithm,
      timeout: CALL_TIMEOUT_SECONDS,
      [client.customFetch]: fetch,
      // The one loosening: an issuer on this machine (a demo, a test, a development stack) may speak plain http.
      execute: isLoopback(settings.issuer) ? [client.allowInsecureRequests] : [],
    })
    return found.serverMetadata()
  }
  try {
    return await discover('oidc')
  } catch (error) {
    const failure = toIssuerError(error, settings)
    if (failure.code !== 'ISSUER_INVALID') throw failure
    return await discover('oauth2').catch(() => {
      throw failure
    })
  }
}

function isLoopback(issuer: string): boolean {
  return isLoopbackHost(new URL(issuer).hostname)
}
