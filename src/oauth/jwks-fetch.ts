import { readFile } from 'node:fs/promises'
import type { Clock } from '../base/clock.ts'
import { fail, PgoauthError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { IssuerHttp } from './issuer-http.ts'
import { JwksKeys } from './jwks-keys.ts'

/** A file costs nothing to read: a key taken out of it counts no more after this. */
const FILE_FRESH_MS = 5_000

/** Where an issuer's keys come from. */
export interface KeySetPlace {
  readonly issuer: string
  /** A JWK Set on this machine: then the network is not asked at all. */
  readonly jwksFile?: string | undefined
  readonly caFile?: string | undefined
  readonly env: NodeJS.ProcessEnv
}

/** The keys of an issuer, none of them fetched yet. */
export function openJwksKeys(place: KeySetPlace, { clock, log }: { clock: Clock; log: Log }): JwksKeys {
  const isFile = place.jwksFile !== undefined
  return new JwksKeys({
    issuer: place.issuer,
    fetchKeySet: keySetFetcher(place),
    ...(isFile && { freshMs: FILE_FRESH_MS }),
    clock,
    log,
  })
}

/** By way of its discovery document, or from a file. */
function keySetFetcher({ issuer, jwksFile, caFile, env }: KeySetPlace): () => Promise<unknown> {
  if (jwksFile !== undefined) return () => readKeySet(jwksFile)
  const http = new IssuerHttp({ env, caFile })
  return async () => {
    const { jwks_uri: uri } = await fetchDiscovery(issuer, http)
    return http.getJson(endpointUrl(uri, 'jwks_uri', issuer))
  }
}

/**
 * The issuer's discovery document, found where OpenID Connect Discovery or RFC 8414 puts it, and naming that issuer.
 *
 * @throws ISSUER_UNREACHABLE, ISSUER_INVALID
 */
export async function fetchDiscovery(issuer: string, http: IssuerHttp): Promise<Readonly<Record<string, unknown>>> {
  const base = issuer.replace(/\/$/, '')
  const { origin, pathname } = new URL(base)
  const places = [
    `${base}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`,
  ]
  let failure: unknown
  for (const place of places) {
    try {
      const document = await http.getJson(place)
      if (document.issuer === issuer) return document
      failure = new PgoauthError('ISSUER_INVALID', { detail: `${place} does not name the issuer ${issuer}` })
    } catch (error) {
      if (error instanceof PgoauthError && error.code === 'ISSUER_UNREACHABLE') throw error
      failure ??= error
    }
  }
  throw failure
}

/** An endpoint that a discovery document names. */
export function endpointUrl(value: unknown, name: string, issuer: string): string {
  if (typeof value === 'string' && URL.canParse(value)) return value
  fail('ISSUER_INVALID', { detail: `the discovery document of ${issuer} has no usable ${name}` })
}

async function readKeySet(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    fail('ISSUER_INVALID', { detail: `cannot read keys from ${file}`, fix: 'check jwks_file', cause })
  }
}
